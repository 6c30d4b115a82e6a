"""Loyalty: points that come and go on the card, and its level with its history."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import Feature, FeatureGroup, count, counted, days, days_ahead, summed, within


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.loyalty_movements per feature."""
    earned, burned = F.col("kind") == "earn", F.col("kind") == "burn"
    soon = days_ahead("expires_on").between(0, 89)
    lapsing = F.coalesce(summed("points", earned & soon), F.lit(0))
    moved = F.coalesce(F.col("kind"), F.lit("adjust")) != "tier"
    ranked = F.col("tier_rank").isNotNull()
    newest = F.struct(-F.col("age_days"), F.col("event_at"), F.col("tier_rank"))
    return {
        "points_balance": F.sum("points"),
        "points_earned_90d": summed("points", earned & within(90)),
        "points_earned_365d": summed("points", earned & within(365)),
        "points_burned_365d": F.abs(summed("points", burned & within(365))),
        "burns_count_365d": counted(burned & within(365)),
        "points_expiring_90d": F.least(lapsing, F.greatest(F.sum("points"), F.lit(0))),
        "days_since_last_movement": F.min(F.when(moved, F.col("age_days"))),
        "tier_rank": F.max_by("tier_rank", F.when(ranked, newest)),
        "days_since_tier_change": F.min(F.when(ranked, F.col("age_days"))),
    }


LOYALTY = FeatureGroup(
    name="loyalty",
    source="loyalty_movements",
    reads={"kind": "string", "points": "int", "expires_on": "date", "tier_rank": "int"},
    features=(
        count("points_balance", "points", "points on the card"),
        count("points_earned_90d", "points", "points earned in the last 90 days"),
        count("points_earned_365d", "points", "points earned in the last 365 days"),
        count("points_burned_365d", "points", "points spent in the last 365 days"),
        count("burns_count_365d", "movements", "times that points were spent in the last 365 days"),
        count("points_expiring_90d", "points", "points on the card that lapse within the next 90 days if not spent"),
        days("days_since_last_movement", "days from the last movement of points to the night"),
        Feature("tier_rank", "int", "1 is the lowest", "level of the card on the night"),
        days("days_since_tier_change", "days from the last change of the card's level to the night"),
    ),
    compute=compute,
    activity=lambda: (F.col("kind") == "burn") | ((F.col("kind") == "earn") & (F.col("points") > 0)),
)
