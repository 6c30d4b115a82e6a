"""Exact repeats: a row whose delivered columns were all delivered before, within one delivery."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.raw import WHERE_FROM

OURS = {declared.name for declared in WHERE_FROM} | {
    "_place",
    "_snapshot",
    "_position",
    "_content",
    "_is_repeat",
    "_fate",
    "_fresh",
    "_elsewhere",
    "_group",
}
"""Columns of ours beside the delivered ones; a delivered name may begin with an underscore too."""


def delivered_columns(rows: DataFrame) -> list[str]:
    """The columns as delivered, without those that say where a row stood."""
    return [name for name in rows.columns if name not in OURS]


def content(rows: DataFrame) -> Column:
    """A hash of all that was delivered in a row; a missing value differs from an empty one.

    Units:  96 bits: among 100 million rows two different ones share it with a chance of 1 in 10^13.
    """
    names = [*delivered_columns(rows), "_corrupt"]
    values = [F.coalesce(column(name).cast("string"), F.lit("\0")) for name in names]
    return F.struct(F.xxhash64(*values).alias("long"), F.hash(*values).alias("short"))


def column(name: str) -> Column:
    """A delivered column, whatever signs its name holds."""
    return F.col("`" + name.replace("`", "``") + "`")


def repeated(rows: DataFrame, *, keep_last: bool) -> DataFrame:
    """The rows with _is_repeat: true where an equal row of the same snapshot is kept instead.

    Reads:  _content, _snapshot, _night and _position. The first of equal rows is kept. With keep_last, for changes,
            the last of the night: a value that came, went and came back has come back.
    """
    same = ["_content", "_night"] if keep_last else ["_content", "_snapshot"]
    order = F.col("_position").desc() if keep_last else F.col("_position").asc()
    return rows.withColumn("_is_repeat", F.row_number().over(Window.partitionBy(*same).orderBy(order)) > 1)


def repeats_of(rows: DataFrame, past: DataFrame) -> DataFrame:
    """The rows with _is_repeat true also where an equal row was delivered on an earlier night.

    Reads:  _content of both, _is_repeat of rows.
    """
    seen = past.select("_content").join(rows.select("_content"), "_content", "left_semi").distinct()
    known = rows.join(seen.withColumn("_seen", F.lit(True)), "_content", "left")
    return known.withColumn("_is_repeat", F.col("_is_repeat") | F.col("_seen").isNotNull()).drop("_seen")
