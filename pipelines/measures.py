"""What tonight's deliveries look like, in figures: how many rows, how much money, how complete, how values spread.

Only counts, sums and shares leave Spark, never a row and never a value that tells who a person is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from pipelines.canonical import PERSON, Entity

GROUPS = ("store_id", "channel", "kind", "status", "currency")
"""Columns of few values by which rows are counted."""
MOST_GROUPS = 5000
"""No more groups are counted per entity: a free text mapped to a column of GROUPS must not fill the memory."""
AGES = ((-1, "future"), (1, "0 to 1 days"), (7, "2 to 7 days"), (31, "8 to 31 days"))
"""Up to how many days ago it happened when it arrived, in words."""
OLDER = "older"
ANYBODY = "person"
"""The part of `complete` that says how many rows name anybody, by whatever identifier."""


@dataclass(frozen=True)
class Measure:
    """One figure of what a delivery brought for an entity on a night.

    Units: value is a number of rows, an amount, a share (0 to 1) or a day (days since 1970), as `measure` says; part
           is the column or group that it is about, empty where it is about all; rows is how many rows it is taken from.
    """

    source: str
    delivery: str
    entity: str
    measure: str
    part: str
    value: float
    rows: int


REACHED_BY = ("email", "phone", "loyalty_id")
"""What a contact is reached or known by, of which the different values are counted."""

Mapped = Mapping[tuple[str, str], frozenset[str]]
"""The columns that a source and delivery map, by (source, delivery)."""


def measured(kept: DataFrame, entity: Entity, *, mapped: Mapped, night: date, timezone: str) -> tuple[Measure, ...]:
    """The figures of the night's own files: of rows that broke no rule of conform and are not superseded.

    Reads: the entity's columns, event_at, _fate, _broken, _corrects, _load, _night, source, delivery.
    Units: hours and days are those of the retailer's time zone; amounts are in the retailer's currency.
    """
    stands = (F.size("_broken") == 0) & (F.col("_fate").isNull() | (F.col("_fate") == "unchanged"))
    rows = kept.where(stands & (F.col("_night") == F.lit(night)))
    figures = [found for row in _figures(rows, entity) for found in _of_all(row, entity, mapped)]
    return (*figures, *_spread(rows, entity, night, timezone))


def critical_columns(entity: Entity) -> list[str]:
    """What may be named as a critical column of the entity: what is mapped, and whom a row names."""
    return [*(column.name for column in entity.mapped_columns), *([ANYBODY] if entity.has_person else [])]


def _figures(rows: DataFrame, entity: Entity) -> list[Row]:
    """One row per source and delivery."""
    amount = F.sum(entity.money[0]) if entity.money else F.lit(None)
    return (
        rows.groupBy("source", "delivery")
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.count_if(F.col("_fate").isNull()).alias("changed"),
            F.count_if(F.col("_corrects") & (F.col("_load") == "append")).alias("corrected"),
            F.bool_or(F.col("_load") == "append").alias("appends"),
            amount.cast("double").alias("amount"),
            F.datediff(F.max("event_at"), F.lit("1970-01-01").cast("date")).alias("newest"),
            F.count_if(_names_somebody(entity)).alias(ANYBODY),
            *(F.count(column.name).alias(f"of {column.name}") for column in entity.mapped_columns),
            *(F.approx_count_distinct(F.lower(name), 0.01).alias(f"different {name}") for name in _reached_by(entity)),
        )
        .collect()
    )


def _of_all(row: Row, entity: Entity, mapped: Mapped) -> Iterable[Measure]:
    place, rows = (row["source"], row["delivery"], entity.name), row["rows"]
    yield Measure(*place, "changed rows", "", row["changed"], rows)
    if row["appends"]:
        yield Measure(*place, "corrected", "", row["corrected"] / rows, rows)
    if row["amount"] is not None:
        yield Measure(*place, "amount", "", row["amount"], rows)
    if row["newest"] is not None:
        yield Measure(*place, "newest", "", row["newest"], rows)
    if entity.has_person:
        yield Measure(*place, "complete", ANYBODY, row[ANYBODY] / rows, rows)
    columns = [column.name for column in entity.mapped_columns if column.name in mapped[row["source"], row["delivery"]]]
    for name in columns:
        yield Measure(*place, "complete", name, row[f"of {name}"] / rows, rows)
    for name in _reached_by(entity):
        if given := row[f"of {name}"]:
            yield Measure(*place, "distinct", name, min(row[f"different {name}"] / given, 1.0), given)


def _spread(rows: DataFrame, entity: Entity, night: date, timezone: str) -> list[Measure]:
    """How rows spread over hours, ages, sizes of amounts and groups, and the amount of each group."""
    labels = _labels(entity, night, timezone)
    if not labels:
        return []
    each = F.explode(F.array(*(F.struct(F.lit(name).alias("measure"), part.alias("part")) for name, part in labels)))
    amount = F.col(entity.money[0]) if entity.money else F.lit(None)
    counted = (
        rows.select("source", "delivery", amount.cast("double").alias("_amount"), each.alias("_in"))
        .where("_in.part is not null")
        .groupBy("source", "delivery", "_in.measure", "_in.part")
        .agg(F.count(F.lit(1)).alias("rows"), F.sum("_amount").alias("amount"))
        .orderBy(F.desc("rows"))
        .limit(MOST_GROUPS)
        .collect()
    )
    return [found for row in counted for found in _of_group(row, entity)]


def _of_group(row: Row, entity: Entity) -> Iterable[Measure]:
    place = (row["source"], row["delivery"], entity.name)
    yield Measure(*place, row["measure"], row["part"], row["rows"], row["rows"])
    if row["amount"] is not None and row["measure"] in ("store_id", "channel"):
        yield Measure(*place, f"amount by {row['measure']}", row["part"], row["amount"], row["rows"])


def _reached_by(entity: Entity) -> tuple[str, ...]:
    return REACHED_BY if entity.name == "contacts" else ()


def _labels(entity: Entity, night: date, timezone: str) -> list[tuple[str, Column]]:
    """What a row counts under, by measure."""
    names = [column.name for column in entity.columns]
    found = [(name, F.col(name)) for name in GROUPS if name in names]
    if entity.event is not None:
        happened = F.from_utc_timestamp("event_at", timezone)
        found += [("hour", F.date_format(happened, "HH")), ("age", _age(F.datediff(F.lit(night), happened)))]
    if entity.money:
        size = F.floor(F.log2(F.abs(F.col(entity.money[0]).cast("double"))))
        found.append(("size", F.when(F.col(entity.money[0]) != 0, size.cast("string"))))
    return found


def _age(days: Column) -> Column:
    known = reduce(lambda bands, age: bands.when(days <= age[0], age[1]), AGES, F.when(days.isNull(), None))
    return known.otherwise(OLDER)


def _names_somebody(entity: Entity) -> Column:
    if not entity.has_person:
        return F.lit(False)
    return F.coalesce(*(column.name for column in PERSON if column.name != "contact_source")).isNotNull()
