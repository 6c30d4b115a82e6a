"""Loyalty: points that come and go on the card."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import FeatureGroup, count, counted, days, summed, within


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.loyalty_movements per feature."""
    earned, burned = F.col("kind") == "earn", F.col("kind") == "burn"
    return {
        "points_balance": F.sum("points"),
        "points_earned_90d": summed("points", earned & within(90)),
        "points_earned_365d": summed("points", earned & within(365)),
        "points_burned_365d": F.abs(summed("points", burned & within(365))),
        "burns_count_365d": counted(burned & within(365)),
        "days_since_last_movement": F.min("age_days"),
    }


LOYALTY = FeatureGroup(
    name="loyalty",
    source="loyalty_movements",
    reads={"kind": "string", "points": "int"},
    features=(
        count("points_balance", "points", "points on the card"),
        count("points_earned_90d", "points", "points earned in the last 90 days"),
        count("points_earned_365d", "points", "points earned in the last 365 days"),
        count("points_burned_365d", "points", "points spent in the last 365 days"),
        count("burns_count_365d", "movements", "times that points were spent in the last 365 days"),
        days("days_since_last_movement", "days from the last movement of points to the night"),
    ),
    compute=compute,
)
