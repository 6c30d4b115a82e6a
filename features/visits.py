"""Visits of the web shop: how often, how deep, and what was left in the basket."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import Feature, FeatureGroup, count, counted, days, rate, share, within


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.visits per feature."""
    filled = F.coalesce(F.col("has_basket"), F.expr("false"))
    bought = F.col("order_id").isNotNull()
    return {
        "visits_count_30d": counted(within(30)),
        "visits_count_90d": counted(within(90)),
        "visits_count_365d": counted(within(365)),
        "days_since_last_visit": F.min("age_days"),
        "pages_mean_90d": F.avg(F.when(within(90), F.col("pages_count"))),
        "baskets_abandoned_count_30d": counted(filled & ~bought & within(30)),
        "visits_with_order_rate": share(counted(bought), F.count(F.lit(1))),
    }


VISITS = FeatureGroup(
    name="visits",
    source="visits",
    reads={"pages_count": "int", "has_basket": "boolean", "order_id": "string"},
    features=(
        count("visits_count_30d", "visits", "visits in the last 30 days"),
        count("visits_count_90d", "visits", "visits in the last 90 days"),
        count("visits_count_365d", "visits", "visits in the last 365 days"),
        days("days_since_last_visit", "days from the last visit to the night"),
        Feature("pages_mean_90d", "double", "pages", "mean pages of a visit in the last 90 days"),
        count("baskets_abandoned_count_30d", "visits", "visits with a basket and no order in the last 30 days"),
        rate("visits_with_order_rate", "share of the visits that ended in an order"),
    ),
    compute=compute,
    activity=lambda: F.lit(True),
)
