"""Response: what the customer does with our messages."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import FeatureGroup, count, counted, days, rate, share, within


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.messages per feature."""
    sent, opened, clicked = (F.col("kind") == kind for kind in ("sent", "opened", "clicked"))
    return {
        "messages_sent_count_90d": counted(sent & within(90)),
        "messages_opened_count_90d": counted(opened & within(90)),
        "messages_clicked_count_90d": counted(clicked & within(90)),
        "messages_sent_count_365d": counted(sent & within(365)),
        "messages_opened_rate_365d": share(counted(opened & within(365)), counted(sent & within(365))),
        "messages_clicked_rate_365d": share(counted(clicked & within(365)), counted(sent & within(365))),
        "days_since_last_open": F.min(F.when(opened, F.col("age_days"))),
        "unsubscribes_count": counted(F.col("kind") == "unsubscribed"),
    }


RESPONSE = FeatureGroup(
    name="response",
    source="messages",
    reads={"kind": "string"},
    features=(
        count("messages_sent_count_90d", "messages", "messages sent in the last 90 days"),
        count("messages_opened_count_90d", "messages", "messages opened in the last 90 days"),
        count("messages_clicked_count_90d", "messages", "messages clicked in the last 90 days"),
        count("messages_sent_count_365d", "messages", "messages sent in the last 365 days"),
        rate("messages_opened_rate_365d", "share of the messages of the last 365 days that were opened"),
        rate("messages_clicked_rate_365d", "share of the messages of the last 365 days that were clicked"),
        days("days_since_last_open", "days from the last opened message to the night"),
        count("unsubscribes_count", "messages", "times unsubscribed"),
    ),
    compute=compute,
    activity=lambda: F.col("kind").isin("opened", "clicked", "unsubscribed"),
)
