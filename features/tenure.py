"""Tenure: how long we know the customer, over all sources."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import Feature, count, days

FEATURES: tuple[Feature, ...] = (
    days("tenure_days", "days from the first event of any source to the night", theme="tenure"),
    days(
        "days_since_last_activity",
        "days from the last thing that the customer did to the night: an order, a visit, points earned or spent, a "
        "message opened, clicked or unsubscribed from, feedback; no return",
        theme="recency",
    ),
    count(
        "sources_count", "sources", "kinds of event known: orders, visits, points, messages, feedback", theme="tenure"
    ),
)


def compute(sources: Sequence[str]) -> dict[str, Column]:
    """One expression per feature over what build.py keeps of a source: the ages of first event and last activity."""
    first, active = ([F.col(f"_{end}_{source}") for source in sources] for end in ("first", "active"))
    known = [F.when(age.isNotNull(), 1).otherwise(0) for age in first]
    return {
        "tenure_days": F.greatest(*first),
        "days_since_last_activity": F.least(*active),
        "sources_count": sum(known[1:], known[0]),
    }
