"""The one function that computes features, for training and for scoring alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from features import CUSTOMER_FEATURES, FEATURES, GROUPS, tenure
from features.feature_group import Feature, FeatureGroup
from features.point_in_time import Snapshot, visible
from lakehouse.errors import MissingColumns

EVERY_FACT = {"customer_id": "string", "event_at": "timestamp", "known_from": "date"}
KEY = ("night", "customer_id")


@dataclass(frozen=True)
class History:
    """What happened to the customers, one frame per kind of event; a kind that the retailer lacks has no rows."""

    orders: DataFrame
    order_lines: DataFrame
    visits: DataFrame
    loyalty_movements: DataFrame
    messages: DataFrame
    feedback: DataFrame


def history(spark: SparkSession, frames: Mapping[str, DataFrame]) -> History:
    """The history of the given frames by name; those absent have no rows.

    Raises: MissingColumns if a frame lacks a column that a feature reads.
    """
    return History(**{source: _checked(spark, source, frames.get(source)) for source in _sources()})


def customer_features(history: History, snapshot: Snapshot, *more: Snapshot) -> DataFrame:
    """Every feature of every customer with an event that the snapshot may see.

    Grain: one row per night and customer_id; a customer without a visible event is absent.
    Shape: the columns of features.customer_features. Further snapshots add their rows in the same pass.
    """
    snapshots = (snapshot, *more)
    parts = [_aggregated(source, groups, history, snapshots) for source, groups in _sources().items()]
    merged = reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), parts)
    names = [name for name in merged.columns if name not in KEY]
    wide = merged.groupBy(*KEY).agg(*(F.max(name).alias(name) for name in names))
    wide = wide.withColumns(tenure.compute(list(_sources())))
    return wide.select(*KEY, "as_of", *(_or_no_history(feature) for feature in FEATURES))


def _aggregated(
    source: str, groups: Sequence[FeatureGroup], history: History, snapshots: Sequence[Snapshot]
) -> DataFrame:
    reads = dict.fromkeys([*EVERY_FACT, *(name for group in groups for name in group.reads)])
    frame: DataFrame = getattr(history, source)
    rows = visible(frame.where("customer_id is not null").select(*reads), snapshots)
    computed = {name: column for group in groups for name, column in group.compute().items()}
    active = reduce(Column.__or__, (group.activity() for group in groups))
    ends = {
        f"_first_{source}": F.max("age_days"),
        f"_active_{source}": F.min(F.when(active, F.col("age_days"))),
        "as_of": F.first("as_of"),
    }
    return rows.groupBy(*KEY).agg(*(_typed(name, column) for name, column in (computed | ends).items()))


def _typed(name: str, column: Column) -> Column:
    declared = {feature.name: feature.type for feature in FEATURES}
    return (column.cast(declared[name]) if name in declared else column).alias(name)


def _or_no_history(feature: Feature) -> Column:
    if feature.no_history is None:
        return F.col(feature.name)
    return F.coalesce(F.col(feature.name), F.lit(feature.no_history).cast(feature.type)).alias(feature.name)


def _sources() -> dict[str, list[FeatureGroup]]:
    found: dict[str, list[FeatureGroup]] = {}
    for group in GROUPS:
        found.setdefault(group.source, []).append(group)
    return found


def _checked(spark: SparkSession, source: str, frame: DataFrame | None) -> DataFrame:
    reads = reduce(lambda found, group: found | dict(group.reads), _sources()[source], EVERY_FACT)
    if frame is None:
        nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in reads.items())
        return spark.sql(f"select {nothing} where false")
    missing = [name for name in reads if name not in frame.columns]
    if not missing:
        return frame
    raise MissingColumns(
        f"unified.{source} lacks {', '.join(missing)}",
        where=CUSTOMER_FEATURES.name,
        still_true="The table still holds the last night.",
        next_step=f"Map the column in the retailer file, or add it to unified.{source}.",
    )
