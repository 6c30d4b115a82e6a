"""How long subscriptions went on after a night: terms that follow each other, but for a short gap, are one.

A customer has left once `GRACE_DAYS` went by without a term. Who comes back after that had left all the same: what was
to be foretold was whether there was somebody to be kept. A term counts for the days that the feed tells alone: what is
agreed beyond them may still be cancelled.
"""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.contract import GRACE_DAYS, is_cancellation


def covered_until(orders: DataFrame, nights: Sequence[date]) -> DataFrame:
    """The last day of the cover in which each customer with a subscription stands on each night.

    Grain: one row per night and customer_id; without cover on the night the day lies before the days of grace.
    Reads: the orders that may be known, with event_at.
    """
    spans = F.array_sort(F.collect_list(F.struct("starts", "ends")))
    each = _terms(orders).groupBy("customer_id").agg(spans.alias("spans"))
    rows = each.withColumn("night", F.explode(F.array(*(F.lit(night) for night in nights))))
    before = F.date_sub("night", GRACE_DAYS + 1)
    return rows.select("night", "customer_id", F.aggregate("spans", before, _longer).alias("until"))


def is_covered(until: Column, night: Column, horizon_days: int) -> Column:
    """Whether that cover lasts, or is in its days of grace, on the last day of the horizon."""
    return F.date_add(until, GRACE_DAYS) >= F.date_add(night, horizon_days - 1)


def _terms(orders: DataFrame) -> DataFrame:
    """Each term with its first and its last day, the newest word on it taken."""
    told = orders.where("contract_starts_on is not null and contract_ends_on is not null")
    told = told.withColumn("is_cut", is_cancellation())
    each = told.groupBy("customer_id", F.col("contract_starts_on").alias("starts")).agg(
        F.max(F.when(~F.col("is_cut"), F.col("event_at"))).alias("sold_at"),
        F.max(F.when(~F.col("is_cut"), F.col("contract_ends_on"))).alias("sold_until"),
        F.max(F.when(F.col("is_cut"), F.struct("event_at", "contract_ends_on"))).alias("cut"),
    )
    is_cut = F.coalesce(F.col("cut.event_at") >= F.col("sold_at"), F.lit(False))
    ends = F.when(is_cut, F.col("cut.contract_ends_on")).otherwise(F.col("sold_until"))
    return each.where("sold_at is not null").select("customer_id", "starts", ends.alias("ends")).where("ends >= starts")


def _longer(until: Column, span: Column) -> Column:
    follows = span["starts"] <= F.date_add(until, GRACE_DAYS + 1)
    return F.when(follows, F.greatest(until, span["ends"])).otherwise(until)
