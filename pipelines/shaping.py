"""One mapping of one delivery: delivered rows, or groups of them, in the shape of a canonical entity."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.table import Column as Declared
from pipelines.canonical import Entity
from pipelines.mapping import Delivery, EntityMapping
from pipelines.parsing import aggregate_arguments, as_type, has_input
from pipelines.repeats import column, delivered_columns

FATES = ("repeats", "left_out", "superseded", "grouped", "unchanged")
"""What may become of a delivered row, other than to be handed to publish; `grouped`: its group names another file."""

ORIGIN = ("_night", "_file_name", "_file_sha256", "_row_number", "_position", "_snapshot", "_place")


@dataclass(frozen=True)
class Shape:
    """A mapping and what it needs to become rows of its entity."""

    spark: SparkSession
    entity: Entity
    delivery: Delivery
    mapping: EntityMapping

    @property
    def mapped(self) -> list[Declared]:
        """The canonical columns that the mapping fills."""
        return [declared for declared in self.entity.mapped_columns if declared.name in self.mapping.columns]


def shaped(rows: DataFrame, shape: Shape, *, files: int) -> DataFrame:
    """The rows in the entity's columns, with what could not be parsed, what became of them and where they come from.

    Grain:  one row per delivered row; with group_by one per group, and one per delivered row that is in no group.
    Reads:  the delivered columns, ORIGIN, _corrupt, _fate, _fresh. Rows that are not _fresh only complete groups.
    Units:  files is the number of fresh files.
    """
    if not shape.mapping.group_by:
        return _as_rows(rows.where("_fresh"), shape)
    marked = _reporting_file(rows, shape) if files > 1 else rows.withColumn("_elsewhere", F.lit(False))
    alone = marked.where("_fresh and (_fate is not null or _corrupt is not null or _elsewhere)")
    alone = alone.withColumn("_fate", F.coalesce("_fate", F.when(F.col("_elsewhere"), F.lit("grouped"))))
    return _as_groups(marked, shape).unionByName(_in_no_group(alone, shape))


def _as_rows(rows: DataFrame, shape: Shape) -> DataFrame:
    sound = F.col("_fate").isNull() & F.col("_corrupt").isNull()
    texts = {declared.name: shape.mapping.columns[declared.name] for declared in shape.mapped}
    values = [F.when(sound, as_type(texts[d.name], d.type)).alias(_mapped(d.name)) for d in shape.mapped]
    unparsed = [
        F.when(sound & F.col(_mapped(name)).isNull() & has_input(shape.spark, text), F.lit(name))
        for name, text in texts.items()
        if name not in shape.mapping.null_ok
    ]
    deleted = F.coalesce(sound & F.expr(shape.delivery.deleted_when or "false"), F.lit(False))
    return rows.select("*", *values).select(*_values(shape), *_single(rows, _names(unparsed), deleted))


def _in_no_group(rows: DataFrame, shape: Shape) -> DataFrame:
    """Delivered rows that no published group stands for, without a value."""
    nothing = [F.lit(None).cast(d.type).alias(d.name) for d in shape.entity.mapped_columns]
    return rows.select(*nothing, *_single(rows, _names([]), F.lit(False)))


def _single(rows: DataFrame, unparsed: Column, deleted: Column) -> list[Column]:
    """What stands beside the values of a row that stands for itself."""
    whole = F.to_json(F.struct(*(column(name) for name in delivered_columns(rows)), "_corrupt"))
    return [
        unparsed.alias("_unparsed"),
        deleted.alias("_deleted"),
        F.col("_corrupt").isNotNull().alias("_corrupt"),
        F.lit(1).cast("bigint").alias("_rows"),
        F.col("_fate"),
        F.when(F.col("_fate").isNull(), whole).alias("_delivered_row"),
        *map(F.col, ORIGIN),
    ]


def _as_groups(rows: DataFrame, shape: Shape) -> DataFrame:
    live = rows.where("_fate is null and _corrupt is null")
    checked = [declared for declared in shape.mapped if declared.name not in shape.mapping.null_ok]
    flags = {d.name: _flags(shape, shape.mapping.columns[d.name]) for d in checked}
    live = live.select(
        "*",
        *(filled.alias(f"_filled_{name}") for name, (filled, _) in flags.items()),
        *(lost.alias(f"_lost_{name}") for name, (_, lost) in flags.items()),
        F.struct(*(column(name) for name in delivered_columns(rows)), "_corrupt").alias("_delivered"),
    )
    fresh = F.when(F.col("_fresh"), F.col("_position"))
    grouped = live.groupBy(*map(F.expr, shape.mapping.group_by), "_snapshot").agg(
        *(as_type(shape.mapping.columns[d.name], d.type).alias(_mapped(d.name)) for d in shape.mapped),
        *(F.bool_or(f"_{flag}_{name}").alias(f"_any_{flag}_{name}") for name in flags for flag in ("filled", "lost")),
        F.bool_and(F.coalesce(F.expr(shape.delivery.deleted_when or "false"), F.lit(False))).alias("_deleted"),
        F.count_if(F.col("_fresh") & ~F.col("_elsewhere")).alias("_rows"),
        F.max("_night").alias("_last_night"),
        F.min_by(F.struct("_delivered", *ORIGIN), fresh).alias("_first"),
    )
    unparsed = [
        F.when(F.col(f"_any_lost_{n}") | (F.col(f"_any_filled_{n}") & F.col(_mapped(n)).isNull()), F.lit(n))
        for n in flags
    ]
    return grouped.where("_rows > 0").select(
        *_values(shape),
        _names(unparsed).alias("_unparsed"),
        "_deleted",
        F.lit(False).alias("_corrupt"),
        "_rows",
        F.lit(None).cast("string").alias("_fate"),
        F.to_json("_first._delivered").alias("_delivered_row"),
        F.col("_last_night").alias("_night"),
        *(F.col(f"_first.{name}").alias(name) for name in ORIGIN[1:]),
    )


def _reporting_file(rows: DataFrame, shape: Shape) -> DataFrame:
    """The rows with _elsewhere: true where the row's group is reported by an earlier file of the same night."""
    group = Window.partitionBy(*map(F.expr, shape.mapping.group_by), "_snapshot")
    live = F.col("_fresh") & F.col("_fate").isNull() & F.col("_corrupt").isNull()
    first = F.min(F.when(live, F.col("_place"))).over(group)
    return rows.withColumn("_elsewhere", F.coalesce(live & (F.col("_place") > first), F.lit(False)))


def _flags(shape: Shape, text: str) -> tuple[Column, Column]:
    """Whether a row holds what the aggregate reads, and whether it is lost to it all the same."""
    filled = has_input(shape.spark, text)
    nulls = [argument.isNull() for argument in aggregate_arguments(shape.spark, text)]
    return filled, filled & F.array_max(F.array(F.lit(False), *nulls))


def _values(shape: Shape) -> list[Column]:
    mapped = {declared.name for declared in shape.mapped}
    return [
        (F.col(_mapped(d.name)) if d.name in mapped else F.lit(None).cast(d.type)).alias(d.name)
        for d in shape.entity.mapped_columns
    ]


def _names(columns: list[Column]) -> Column:
    return F.array_compact(F.array(*columns)).cast("array<string>")


def _mapped(name: str) -> str:
    return f"_mapped_{name}"
