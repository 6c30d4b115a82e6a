"""Feedback: what the customer says of us, as ratings and complaints; the text is never read here."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import Feature, FeatureGroup, count, counted, days, within

LOW_RATING = 2.0


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.feedback per feature."""
    rated = F.col("rating").isNotNull()
    newest = F.struct(-F.col("age_days"), F.col("event_at"), F.col("feedback_id"))
    return {
        "ratings_count": counted(rated),
        "rating_mean": F.avg(F.col("rating").cast("decimal(9,4)")).cast("double"),
        "rating_last": F.max_by("rating", F.when(rated, newest)),
        "low_ratings_count_365d": counted((F.col("rating") <= LOW_RATING) & within(365)),
        "complaints_count": counted(F.col("kind") == "complaint"),
        "complaints_count_365d": counted((F.col("kind") == "complaint") & within(365)),
        "days_since_last_rating": F.min(F.when(rated, F.col("age_days"))),
    }


FEEDBACK = FeatureGroup(
    name="feedback",
    source="feedback",
    reads={"feedback_id": "string", "kind": "string", "rating": "double"},
    features=(
        count("ratings_count", "ratings", "ratings given"),
        Feature("rating_mean", "double", "1 to 5", "mean rating"),
        Feature("rating_last", "double", "1 to 5", "last rating"),
        count("low_ratings_count_365d", "ratings", "ratings of 2 or less in the last 365 days"),
        count("complaints_count", "complaints", "complaints ever"),
        count("complaints_count_365d", "complaints", "complaints in the last 365 days"),
        days("days_since_last_rating", "days from the last rating to the night"),
    ),
    compute=compute,
    activity=lambda: F.lit(True),
)
