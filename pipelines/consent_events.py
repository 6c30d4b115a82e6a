"""Statements of consent from loads that repeat themselves: an event only when the status changes."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.canonical import PERSON

SUBJECT = ("source", *(declared.name for declared in PERSON), "brand", "channel", "purpose")
STATEMENT = ("status", "legal_basis", "expires_on")


def with_consent_id(rows: DataFrame, values: list[str]) -> DataFrame:
    """The rows with consent_id where none is mapped: a hash of the statement.

    Reads:  SUBJECT, values, _load, _night, _id_mapped. A load that repeats itself (snapshot, changes) states one thing
            per subject and night; of an appended statement every value counts, so that a second delivery is the same.
    """
    repeating = _hash([*SUBJECT], F.col("_night").cast("string"))
    appended = _hash([*SUBJECT, *values])
    made = F.when(F.col("_load") == "append", appended).otherwise(repeating)
    return rows.withColumn("consent_id", F.when(F.col("_id_mapped"), F.col("consent_id")).otherwise(made))


def only_changes(rows: DataFrame, held: DataFrame) -> DataFrame:
    """The rows, those marked unchanged that state what the subject's newest statement said already.

    Reads:  SUBJECT, STATEMENT, _load, _id_mapped, _fate, _broken, _position of rows; also delivery, arrived of held.
    """
    repeats = (F.col("_load") != "append") & ~F.col("_id_mapped") & F.col("_fate").isNull() & (F.size("_broken") == 0)
    rows = rows.withColumn("_subject", F.when(repeats, _hash([*SUBJECT, "delivery"]))).withColumn("_said", _said())
    newest = held.groupBy(_hash([*SUBJECT, "delivery"]).alias("_subject")).agg(
        F.max_by(_said(), F.struct("arrived", "consent_id")).alias("_held")
    )
    known = rows.join(newest, "_subject", "left")
    before = F.lag("_said").over(Window.partitionBy("_subject", "_load").orderBy("_position"))
    same = F.col("_subject").isNotNull() & F.coalesce(before, F.col("_held")).eqNullSafe(F.col("_said"))
    fate = F.when(same, F.lit("unchanged")).otherwise(F.col("_fate"))
    return known.withColumn("_fate", fate).drop("_subject", "_said", "_held")


def _said() -> Column:
    return F.concat_ws("\x1f", *(F.coalesce(F.col(name).cast("string"), F.lit("\0")) for name in STATEMENT))


def _hash(names: list[str], *more: Column) -> Column:
    values = [F.coalesce(F.col(name).cast("string"), F.lit("\0")) for name in names]
    return F.substring(F.sha2(F.concat_ws("\x1f", *values, *more), 256), 1, 32)
