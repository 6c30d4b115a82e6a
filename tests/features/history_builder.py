"""Histories of a few rows: every fact names its customer and its day, all else has a default."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from features.build import History, history
from features.point_in_time import Snapshot, snapshot_at
from lakehouse.rows import frame_of

NIGHT = date(2024, 6, 1)
SNAPSHOT: Snapshot = snapshot_at(NIGHT, "UTC")
FACT = "source string, customer_id string, event_at timestamp, known_from date"
SCHEMAS = {
    "orders": f"{FACT}, order_id string, channel string, store_id string, kind string, "
    "order_amount decimal(18,2), discount_amount decimal(18,2), contract_starts_on date, contract_ends_on date",
    "order_lines": f"{FACT}, order_id string, product_id string, category string, kind string",
    "visits": f"{FACT}, visit_id string, pages_count int, has_basket boolean, order_id string",
    "loyalty_movements": f"{FACT}, kind string, points int, expires_on date, tier_rank int",
    "messages": f"{FACT}, message_id string, kind string",
    "feedback": f"{FACT}, feedback_id string, kind string, rating double",
}


def fact(customer: str, days_ago: int, *, known_days_ago: int | None = None, **values: Any) -> dict[str, Any]:
    """A fact at noon so many days before the night, known on the next day unless told."""
    day = NIGHT - timedelta(days=days_ago)
    known = NIGHT - timedelta(days=days_ago - 1 if known_days_ago is None else known_days_ago)
    at = datetime.combine(day, time(12), tzinfo=UTC)
    return {"source": "shop", "customer_id": customer, "event_at": at, "known_from": known, **values}


def order(customer: str, days_ago: int, amount: float = 50, **values: Any) -> dict[str, Any]:
    """A sale in the web shop."""
    defaults: dict[str, Any] = {
        "order_id": f"{customer}-{days_ago}",
        "channel": "web",
        "kind": "sale",
        "discount_amount": Decimal(0),
    }
    return fact(customer, days_ago, **(defaults | {"order_amount": Decimal(str(amount))} | values))


def frame(spark: SparkSession, source: str, rows: Sequence[dict[str, Any]]) -> DataFrame:
    """Rows as the frame of that source; columns not given are null."""
    names = [part.split()[0] for part in SCHEMAS[source].replace("decimal(18,2)", "decimal").split(", ")]
    return frame_of(spark, [tuple(row.get(name) for name in names) for row in rows], SCHEMAS[source])


def history_of(spark: SparkSession, **facts: Sequence[dict[str, Any]]) -> History:
    """A history of these facts by source; sources not named have no rows."""
    return history(spark, {source: frame(spark, source, rows) for source, rows in facts.items()})
