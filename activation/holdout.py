"""Control groups: a share of every audience that is never contacted, assigned once and kept."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import keyed_hash


def with_holdout(eligible: DataFrame, stored: DataFrame, *, audience: str, share: float, key: str) -> DataFrame:
    """The eligible customers with `is_held_out`: the stored side where there is one, else by keyed hash.

    Grain: as eligible, one row per customer_id.
    Reads: customer_id; stored: the columns of activation.holdouts.
    """
    known = stored.where(F.col("audience") == audience).select("customer_id", "arm")
    drawn = position(F.lit(audience), F.col("customer_id"), key) < F.lit(share)
    decided = eligible.join(known, "customer_id", "left")
    return decided.withColumn("is_held_out", F.coalesce(F.col("arm") == "held_out", drawn)).drop("arm")


def new_assignments(members: DataFrame, stored: DataFrame, *, night: date) -> DataFrame:
    """The sides of those who have none yet, as rows of activation.holdouts: merge them.

    Reads: activation.audience_members; stored: activation.holdouts as the night began.
    """
    placed = members.where(F.col("decision").isin("member", "held_out"))
    arm = F.when(F.col("decision") == "held_out", "held_out").otherwise("contacted")
    rows = placed.select("audience", "customer_id", arm.alias("arm"), F.lit(night).alias("since"))
    return rows.join(stored.select("audience", "customer_id"), ["audience", "customer_id"], "left_anti")


def position(audience: Column, customer_id: Column, key: str) -> Column:
    """A customer's place in an audience, evenly spread from 0 to below 1; unknowable without the lake's key."""
    digits = F.substring(keyed_hash(F.concat(F.lit("holdout:"), audience, F.lit(":"), customer_id), key), 1, 12)
    return F.conv(digits, 16, 10).cast("double") / F.lit(float(16**12))
