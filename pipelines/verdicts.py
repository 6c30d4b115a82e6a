"""The rules that conform judges itself, because they need the delivered row: every one that a row broke is listed."""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.canonical import Entity

WRONG_WIDTH = "wrong number of columns"
IN_FUTURE = "dated in the future"
NO_RATE = "currency without a rate"
SAME_KEY = "another row of the file has the same key"
SAME_KEY_MAPPED = "another mapping has the same key"
SIGNED = {"orders": ("order_amount",), "order_lines": ("quantity", "line_amount")}
"""Columns that are negative for a return and never for a sale."""


def judged(rows: DataFrame, entity: Entity, *, as_of: datetime) -> DataFrame:
    """The rows with _broken: the rules that they break; empty for rows with a _fate.

    Reads:  _corrupt, _unparsed, _has_rate, _fate, event_at, the entity's columns.
    Units:  dated in the future: more than a day after as_of, so that a clock that runs ahead is no broken row.
    """
    rules = [*_missing(entity), *_dated(as_of), *_signs(entity), (NO_RATE, ~F.col("_has_rate"))]
    found = F.array_compact(F.array(*(F.when(broken, F.lit(name)) for name, broken in rules)))
    unparsed = F.transform("_unparsed", lambda name: F.concat(name, F.lit(" could not be parsed")))
    nothing = F.array().cast("array<string>")
    verdict = F.when(F.col("_fate").isNotNull(), nothing).when(F.col("_corrupt"), F.array(F.lit(WRONG_WIDTH)))
    return rows.withColumn("_broken", verdict.otherwise(F.concat(unparsed, found)))


def _missing(entity: Entity) -> list[tuple[str, Column]]:
    """A value that was delivered and could not be parsed is not missing as well."""
    needed = dict.fromkeys([*entity.key, *(c.name for c in entity.columns if c.required)])
    return [(f"{name} is missing", F.col(name).isNull() & ~F.array_contains("_unparsed", name)) for name in needed]


def _dated(as_of: datetime) -> list[tuple[str, Column]]:
    limit = F.timestamp_seconds(F.lit(int(as_of.timestamp()))) + F.expr("interval 1 day")
    return [(IN_FUTURE, F.coalesce(F.col("event_at") > limit, F.lit(False)))]


def _signs(entity: Entity) -> list[tuple[str, Column]]:
    return [
        (f"{sign} {name} on a {kind}", F.coalesce((F.col("kind") == kind) & wrong, F.lit(False)))
        for name in SIGNED.get(entity.name, ())
        for sign, kind, wrong in (
            ("negative", "sale", _delivered(entity, name) < 0),
            ("positive", "return", _delivered(entity, name) > 0),
        )
    ]


def _delivered(entity: Entity, name: str) -> Column:
    """An amount without a rate has a sign all the same."""
    return F.col(f"delivered_{name}" if name in entity.money else name)
