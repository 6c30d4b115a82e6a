"""What has to be sent so that a destination holds what it should: adds, updates and removals."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

RENEWAL_DAYS = 3
"""A record is renewed when the end of validity that was sent is at most this many days away."""


def changes(
    desired: DataFrame,
    deliveries: DataFrame,
    *,
    destination: str,
    name: str,
    night: date,
    dead_bands: Mapping[str, float],
    dead_after_nights: int,
) -> DataFrame:
    """One row per record that is wanted or held, with the operation that is due; null where nothing is.

    A record whose last attempt ended unknown is sent again: as what it should be, or as a removal. One that was
    refused is sent again until it was refused on `dead_after_nights` nights: it is dead until it says something else.
    A removal is never given up.

    Grain: record_key, customer_id, address, operation, is_dead, may_be_held, payload, payload_hash, banded_values,
           valid_until, attempt.
    Reads: desired as payload.desired gives it; deliveries: the columns of activation.deliveries, complete.
    Units: dead_bands by field, in the field's unit: a move below it alone causes no send.
    """
    mine = deliveries.where((F.col("destination") == destination) & (F.col("name") == name))
    both = desired.withColumn("wanted", F.lit(True)).join(held(mine, night=night), "record_key", "full")
    wanted_operation = both.withColumn("wanted_operation", _operation(night, dead_bands))
    judged = wanted_operation.withColumn("is_dead", _is_dead(dead_after_nights))
    due = judged.select(
        "record_key",
        F.coalesce("customer_id", "held_customer_id").alias("customer_id"),
        "address",
        F.when(~F.col("is_dead"), F.col("wanted_operation")).alias("operation"),
        "is_dead",
        F.coalesce(F.col("is_held") | F.col("is_uncertain"), F.lit(False)).alias("may_be_held"),
        "payload",
        "payload_hash",
        "banded_values",
        "valid_until",
        (F.coalesce("attempts_tonight", F.lit(0)) + 1).cast("int").alias("attempt"),
    )
    return due.where("payload_hash is not null or operation = 'remove'")


def held(deliveries: DataFrame, *, night: date) -> DataFrame:
    """What one destination holds of one sync or audience, as far as its answers tell.

    Grain: record_key, is_held, is_uncertain, held_hash, held_bands, held_until, held_customer_id, attempts_tonight,
           refused_hash, nights_refused (since it was last taken).
    """
    state = F.struct("sequence", "operation", "payload_hash", "valid_until", "banded_values")
    rejected = F.when(F.col("outcome") == "rejected", F.struct("sequence", "payload_hash", "night"))
    known = deliveries.groupBy("record_key").agg(
        F.max(F.when(F.col("outcome") == "acknowledged", state)).alias("last"),
        F.max(F.when(F.col("outcome") == "failed", F.col("sequence"))).alias("last_failed"),
        F.count(F.when(F.col("night") == F.lit(night), True)).alias("attempts_tonight"),
        F.max_by("customer_id", "sequence").alias("held_customer_id"),
        F.collect_list(rejected).alias("refusals"),
    )
    since = F.filter("refusals", lambda one: one["sequence"] > F.coalesce("last.sequence", F.lit(-1)))
    return known.select(
        "record_key",
        F.coalesce(F.col("last.operation") != "remove", F.lit(False)).alias("is_held"),
        F.coalesce(F.col("last_failed") > F.coalesce("last.sequence", F.lit(-1)), F.lit(False)).alias("is_uncertain"),
        F.col("last.payload_hash").alias("held_hash"),
        F.col("last.banded_values").alias("held_bands"),
        F.col("last.valid_until").alias("held_until"),
        "held_customer_id",
        "attempts_tonight",
        F.array_max(since)["payload_hash"].alias("refused_hash"),
        F.size(F.array_distinct(F.transform(since, lambda one: one["night"]))).alias("nights_refused"),
    )


def _operation(night: date, dead_bands: Mapping[str, float]) -> Column:
    wanted, is_held = F.coalesce("wanted", F.lit(False)), F.coalesce("is_held", F.lit(False))
    uncertain = F.coalesce("is_uncertain", F.lit(False))
    ends_soon = F.col("held_until") <= F.lit(night + timedelta(days=RENEWAL_DAYS))
    renewal = F.coalesce(ends_soon & (F.col("valid_until") > F.col("held_until")), F.lit(False))
    differs = ~F.col("payload_hash").eqNullSafe(F.col("held_hash")) | _moved(dead_bands)
    return (
        F.when(wanted & ~is_held, "add")
        .when(wanted & (differs | uncertain | renewal), "update")
        .when(~wanted & (is_held | uncertain), "remove")
    )


def _moved(dead_bands: Mapping[str, float]) -> Column:
    """Whether a field left its dead band around what was sent last, so that many small moves add up to one send."""
    return reduce(or_, (_left(name, band) for name, band in dead_bands.items()), F.lit(False))


def _left(name: str, band: float) -> Column:
    now, sent = (F.get_json_object(side, f"$.{name}").cast("double") for side in ("banded_values", "held_bands"))
    stays = F.coalesce(F.abs(now - sent) < band, now.isNull() & sent.isNull())
    return ~stays


def _is_dead(dead_after_nights: int) -> Column:
    refused = F.coalesce(F.col("nights_refused") >= dead_after_nights, F.lit(False))
    same = F.col("payload_hash").eqNullSafe(F.col("refused_hash"))
    return refused & same & F.coalesce(F.col("wanted_operation").isin("add", "update"), F.lit(False))
