"""How long subscriptions went on after a night: terms that follow each other, but for a short gap, are one.

A customer has left once `GRACE_DAYS` went by without a term. Who comes back after that had left all the same: what was
to be foretold was whether there was somebody to be kept. A term counts for the days that the feed tells alone: what is
agreed beyond them may still be cancelled.
"""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.contract import GRACE_DAYS, is_cancellation, terms
from features.feature_group import is_sale


def covered_until(orders: DataFrame, nights: Sequence[date]) -> DataFrame:
    """The last day of the cover in which each customer with a subscription stands on each night.

    Grain: one row per night and customer_id; without cover on the night the day lies before the days of grace.
    Reads: the orders that may be known, with event_at.
    """
    names = {"contract_starts_on": "starts", "contract_ends_on": "ends"}
    told = orders.where(is_sale() | is_cancellation()).where(" and ".join(f"{name} is not null" for name in names))
    told = told.withColumnsRenamed(names).withColumn("is_cut", is_cancellation())
    each = told.groupBy("customer_id").agg(
        F.collect_list(F.struct("starts", "ends", "event_at", "is_cut")).alias("told")
    )
    rows = each.select("customer_id", F.array_sort(terms(F.col("told"))).alias("spans"))
    rows = rows.withColumn("night", F.explode(F.array(*(F.lit(night) for night in nights))))
    before = F.date_sub("night", GRACE_DAYS + 1)
    return rows.select("night", "customer_id", F.aggregate("spans", before, _longer).alias("until"))


def is_covered(until: Column, night: Column, horizon_days: int) -> Column:
    """Whether that cover lasts, or is in its days of grace, on the last day of the horizon."""
    return F.date_add(until, GRACE_DAYS) >= F.date_add(night, horizon_days - 1)


def _longer(until: Column, span: Column) -> Column:
    follows = span["starts"] <= F.date_add(until, GRACE_DAYS + 1)
    return F.when(follows, F.greatest(until, span["ends"])).otherwise(until)
