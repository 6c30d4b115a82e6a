"""What has to be sent so that a destination holds what it should: adds, updates and removals."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

RENEWAL_DAYS = 3
"""A record is renewed when the end of validity that was sent is at most this many days away."""


def changes(desired: DataFrame, deliveries: DataFrame, *, destination: str, name: str, night: date) -> DataFrame:
    """One row per record that is wanted or held, with the operation that is due; null where nothing is.

    A record whose last attempt ended unknown is sent again: as what it should be, or as a removal.

    Grain: record_key, customer_id, address, operation, may_be_held, payload, payload_hash, valid_until, attempt.
    Reads: desired as payload.desired gives it; deliveries: the columns of activation.deliveries, complete.
    """
    mine = deliveries.where((F.col("destination") == destination) & (F.col("name") == name))
    both = desired.withColumn("wanted", F.lit(True)).join(held(mine, night=night), "record_key", "full")
    due = both.select(
        "record_key",
        F.coalesce("customer_id", "held_customer_id").alias("customer_id"),
        "address",
        _operation(night).alias("operation"),
        F.coalesce(F.col("is_held") | F.col("is_uncertain"), F.lit(False)).alias("may_be_held"),
        "payload",
        "payload_hash",
        "valid_until",
        (F.coalesce("attempts_tonight", F.lit(0)) + 1).cast("int").alias("attempt"),
    )
    return due.where("payload_hash is not null or operation = 'remove'")


def held(deliveries: DataFrame, *, night: date) -> DataFrame:
    """What one destination holds of one sync or audience, as far as its answers tell.

    Grain: record_key, is_held, is_uncertain, held_hash, held_until, held_customer_id, attempts_tonight.
    """
    state = F.struct("sequence", "operation", "payload_hash", "valid_until")
    acknowledged = F.max(F.when(F.col("outcome") == "acknowledged", state)).alias("last")
    failed = F.max(F.when(F.col("outcome") == "failed", F.col("sequence"))).alias("last_failed")
    tonight = F.count(F.when(F.col("night") == F.lit(night), True)).alias("attempts_tonight")
    customer = F.max_by("customer_id", "sequence").alias("held_customer_id")
    known = deliveries.groupBy("record_key").agg(acknowledged, failed, tonight, customer)
    return known.select(
        "record_key",
        F.coalesce(F.col("last.operation") != "remove", F.lit(False)).alias("is_held"),
        F.coalesce(F.col("last_failed") > F.coalesce("last.sequence", F.lit(-1)), F.lit(False)).alias("is_uncertain"),
        F.col("last.payload_hash").alias("held_hash"),
        F.col("last.valid_until").alias("held_until"),
        "held_customer_id",
        "attempts_tonight",
    )


def _operation(night: date) -> Column:
    wanted, is_held = F.coalesce("wanted", F.lit(False)), F.coalesce("is_held", F.lit(False))
    uncertain = F.coalesce("is_uncertain", F.lit(False))
    ends_soon = F.col("held_until") <= F.lit(night + timedelta(days=RENEWAL_DAYS))
    renewal = F.coalesce(ends_soon & (F.col("valid_until") > F.col("held_until")), F.lit(False))
    differs = ~F.col("payload_hash").eqNullSafe(F.col("held_hash"))
    return (
        F.when(wanted & ~is_held, "add")
        .when(wanted & (differs | uncertain | renewal), "update")
        .when(~wanted & (is_held | uncertain), "remove")
    )
