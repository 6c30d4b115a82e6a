"""How often somebody was contacted: by messages that tools report, and by being put into an audience."""

from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import SparkSession

from activation.frequency import contacted
from activation.tables import DELIVERIES
from pipelines.tables import MESSAGES
from tests.activation.builders import activation, rows

DAY = date(2026, 2, 20)


def message(customer: str | None, day: int, kind: str = "sent", channel: str = "email") -> dict[str, Any]:
    return {
        "customer_id": customer,
        "kind": kind,
        "channel": channel,
        "event_at": datetime(2026, 2, day, 9, tzinfo=UTC),
    }


def delivery(customer: str, **other: Any) -> dict[str, Any]:
    ordinary = {"night": DAY, "name": "win_back", "operation": "add", "outcome": "acknowledged"}
    return ordinary | {"customer_id": customer} | other


def test_a_person_put_into_an_audience_counts_until_a_message_tells_the_same(spark: SparkSession) -> None:
    messages = [
        message("told", 21),
        message("before", 19),
        message("other_channel", 21, channel="phone"),
        message("opened", 21, kind="opened"),
        message(None, 21),
    ]
    deliveries = [
        *map(delivery, ("told", "before", "other_channel", "opened", "old")),
        delivery("updated", operation="update"),
        delivery("failed", outcome="failed"),
        delivery("synced", name="crm_scores"),
    ]
    heirs = rows(
        spark, "old_customer_id string, customer_id string", [{"old_customer_id": "old", "customer_id": "heir"}]
    )
    found = contacted(
        rows(spark, MESSAGES.schema, messages), rows(spark, DELIVERIES.schema, deliveries), heirs, activation()
    )
    assert sorted(
        (row["customer_id"], row["channel"], row["day"].day, row["audience"] or "") for row in found.collect()
    ) == [
        ("before", "email", 19, ""),
        ("before", "email", 20, "win_back"),
        ("heir", "email", 20, "win_back"),
        ("opened", "email", 20, "win_back"),
        ("other_channel", "email", 20, "win_back"),
        ("other_channel", "phone", 21, ""),
        ("told", "email", 21, ""),
    ]
