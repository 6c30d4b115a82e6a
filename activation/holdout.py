"""Control groups: a share of every audience, and of all customers, that is never contacted, assigned once and kept."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from activation.frames import as_living
from activation.settings import Activation
from lakehouse.keys import keyed_hash

EVERYWHERE = "*"
"""Stands in activation.holdouts for every audience: the global holdout."""
GLOBAL_HOLDOUT = "global_holdout"


def sides(stored: DataFrame, heirs: DataFrame, *, night: date) -> DataFrame:
    """The stored sides of living customers: a merged person is held out if either was, and marked if they differed.

    Grain: columns of activation.holdouts, one row per audience and living customer_id.
    Reads: stored: activation.holdouts; heirs: old_customer_id, customer_id of customers merged into another.
    """
    differed = F.when(F.count_distinct("arm") > 1, F.lit(night))
    return (
        as_living(stored, heirs)
        .groupBy("audience", "customer_id")
        .agg(
            F.when(F.bool_or(F.col("arm") == "held_out"), "held_out").otherwise("contacted").alias("arm"),
            F.min("since").alias("since"),
            F.min_by("share", "since").alias("share"),
            F.coalesce(F.min("changed_on"), differed).alias("changed_on"),
        )
    )


def with_holdout(
    eligible: DataFrame, held: DataFrame, *, audience: str, share: float, everywhere: float = 0.0, key: str
) -> DataFrame:
    """The eligible customers with `is_held_out` and `is_held_out_everywhere`: as stored, else by keyed hash.

    Grain: as eligible, one row per customer_id.
    Reads: customer_id; held: what `sides` gives.
    """
    placed = _placed(eligible, held, "is_held_out", audience=audience, share=share, key=key)
    if not everywhere:
        return placed.withColumn("is_held_out_everywhere", F.lit(False))
    return _placed(placed, held, "is_held_out_everywhere", audience=EVERYWHERE, share=everywhere, key=key)


def new_assignments(members: DataFrame, held: DataFrame, *, activation: Activation, night: date) -> DataFrame:
    """The sides of those who have none yet, as rows of activation.holdouts.

    Reads: activation.audience_members; held: what `sides` gives.
    """
    placed = members.where(F.col("decision").isin("member", "held_out"))
    is_global = F.coalesce(F.col("reason") == GLOBAL_HOLDOUT, F.lit(False))
    own = placed.where(~is_global).select("audience", "customer_id", (F.col("decision") == "held_out").alias("_out"))
    if activation.global_holdout:
        everyone = placed.groupBy("customer_id").agg(F.max(is_global).alias("_out"))
        own = own.unionByName(everyone.withColumn("audience", F.lit(EVERYWHERE)))
    rows = own.select(
        "audience",
        "customer_id",
        F.when(F.col("_out"), "held_out").otherwise("contacted").alias("arm"),
        F.lit(night).alias("since"),
        _share(activation).alias("share"),
        F.lit(None).cast("date").alias("changed_on"),
    )
    return rows.join(held.select("audience", "customer_id"), ["audience", "customer_id"], "left_anti")


def moved(held: DataFrame, stored: DataFrame) -> DataFrame:
    """The sides that merged customers brought along or changed, as rows of activation.holdouts: merge them."""
    return held.exceptAll(stored.select(*held.columns))


def controls(holdouts: DataFrame, activation: Activation, name: str) -> DataFrame:
    """Who is never sent for an audience: its own held-out side and, where there is one, that of all audiences.

    Grain: one row per customer_id.
    """
    of = [name, EVERYWHERE] if activation.global_holdout else [name]
    return holdouts.where(F.col("audience").isin(of) & (F.col("arm") == "held_out")).select("customer_id").distinct()


def control_until(holdouts: DataFrame, activation: Activation, *, night: date) -> DataFrame:
    """Until when a customer is to be left alone, so that the effect of contact can be measured.

    Units: control_until: the last day of the longest window that runs (`lift_days` of the audience); for the global
           holdout the last day of the year.
    Grain: one row per customer_id who is a control on this night.
    """
    days = {name: audience.lift_days for name, audience in activation.audiences.items()}
    window = F.create_map(*(F.lit(part) for pair in days.items() for part in pair)) if days else None
    ends = F.lit(None).cast("date") if window is None else F.date_add("since", window[F.col("audience")] - 1)
    if activation.global_holdout:
        ends = F.when(F.col("audience") == EVERYWHERE, F.lit(date(night.year, 12, 31))).otherwise(ends)
    held_out = holdouts.where((F.col("arm") == "held_out") & F.col("changed_on").isNull())
    running = held_out.withColumn("control_until", ends).where(F.col("control_until") >= F.lit(night))
    return running.groupBy("customer_id").agg(F.max("control_until").alias("control_until"))


def position(audience: Column, customer_id: Column, key: str, *, draw: str = "holdout") -> Column:
    """A customer's place in an audience, evenly spread from 0 to below 1; unknowable without the lake's key.

    Units: draw names what is drawn: two draws know nothing of one another.
    """
    digits = F.substring(keyed_hash(F.concat(F.lit(f"{draw}:"), audience, F.lit(":"), customer_id), key), 1, 12)
    return F.conv(digits, 16, 10).cast("double") / F.lit(float(16**12))


def _placed(eligible: DataFrame, held: DataFrame, column: str, *, audience: str, share: float, key: str) -> DataFrame:
    known = held.where(F.col("audience") == audience).select("customer_id", "arm")
    drawn = position(F.lit(audience), F.col("customer_id"), key) < F.lit(share)
    decided = eligible.join(known, "customer_id", "left")
    return decided.withColumn(column, F.coalesce(F.col("arm") == "held_out", drawn)).drop("arm")


def _share(activation: Activation) -> Column:
    """The share that each audience of the retailer file draws with."""
    shares: Mapping[str, float] = {
        **{name: audience.holdout for name, audience in activation.audiences.items()},
        EVERYWHERE: activation.global_holdout,
    }
    return F.create_map(*(F.lit(part) for pair in shares.items() for part in pair))[F.col("audience")]
