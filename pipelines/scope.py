"""Which delivered rows a mapping looks at tonight, and which of them are repeats, left out or overtaken."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from pipelines.arrivals import Arrivals, placed
from pipelines.mapping import Delivery, EntityMapping
from pipelines.raw import raw_rows
from pipelines.repeats import column, content, repeated, repeats_of


def rows_in_scope(
    lake: Lakehouse, source: str, delivery: Delivery, mapping: EntityMapping, *, files: Arrivals
) -> DataFrame:
    """The fresh rows with their _fate if it is settled; with group_by also the earlier rows of their groups.

    Shape:  the delivered columns, those of raw tables and _place, _snapshot, _position, _fresh, _fate.
    """
    every = placed(raw_rows(lake, source, mapping.delivery), files.files)
    every = every.withColumn("_content", content(every))
    oldest = files.fresh[0].place
    fresh = every.where(F.col("_place") >= oldest).withColumn("_fresh", F.lit(True))
    past = every.where(F.col("_place") < oldest).withColumn("_fresh", F.lit(False))
    has_past = files.has_past and delivery.load != "snapshot"
    rows = fresh.unionByName(_same_groups(past, fresh, mapping)) if mapping.group_by and has_past else fresh
    told = _with_repeats(rows, past if has_past and not mapping.group_by else None, delivery)
    kept = F.coalesce(F.expr(mapping.where or "true"), F.lit(False)) | F.col("_corrupt").isNotNull()
    fate = F.when(F.col("_is_repeat"), F.lit("repeats")).when(~kept, F.lit("left_out"))
    return _without_overtaken(told.withColumn("_fate", fate), delivery, mapping)


def _with_repeats(rows: DataFrame, past: DataFrame | None, delivery: Delivery) -> DataFrame:
    """The rows with _is_repeat; a row that was cut off repeats none, for nobody knows of what it was a part."""
    if delivery.repeats_are_real:
        return rows.withColumn("_is_repeat", F.lit(False))
    told = repeated(rows, keep_last=delivery.load == "changes")
    told = repeats_of(told, past) if past is not None and delivery.load == "append" else told
    return told.withColumn("_is_repeat", F.col("_is_repeat") & F.col("_corrupt").isNull())


def _same_groups(past: DataFrame, fresh: DataFrame, mapping: EntityMapping) -> DataFrame:
    """The earlier rows of the groups that fresh rows belong to: a late line completes its order."""
    group = F.struct(*(F.expr(text).alias(f"g{place}") for place, text in enumerate(mapping.group_by)))
    touched = fresh.select(group.alias("_group")).distinct()
    return past.withColumn("_group", group).join(touched, "_group", "left_semi").drop("_group")


def _without_overtaken(rows: DataFrame, delivery: Delivery, mapping: EntityMapping) -> DataFrame:
    """Of rows with one delivery key a group counts those of the latest file; of changes the very last row."""
    if not (mapping.group_by and delivery.key) or delivery.load == "snapshot":
        return rows
    same = Window.partitionBy(F.col("_fate").isNull() & F.col("_corrupt").isNull(), *map(column, delivery.key))
    moment = "_position" if delivery.load == "changes" else "_place"
    overtaken = F.col(moment) < F.max(moment).over(same)
    live = F.col("_fate").isNull() & F.col("_corrupt").isNull()
    return rows.withColumn("_fate", F.when(live & overtaken, F.lit("superseded")).otherwise(F.col("_fate")))
