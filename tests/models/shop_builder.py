"""Small shops with known truth: customers who buy at their own pace and drop out, or who behave at random."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from features.build import History, history
from features.point_in_time import snapshot_at
from lakehouse.rows import frame_of
from models.settings import ModelSettings

LAST = snapshot_at(date(2024, 6, 1), "UTC")
ORDER_TYPES = pa.schema(
    [
        ("source", pa.string()), ("order_id", pa.string()), ("customer_id", pa.string()),
        ("event_at", pa.timestamp("us", tz="UTC")), ("known_from", pa.date32()), ("channel", pa.string()),
        ("store_id", pa.string()), ("kind", pa.string()), ("order_amount", pa.decimal128(18, 2)),
        ("discount_amount", pa.decimal128(18, 2)), ("contract_starts_on", pa.date32()),
        ("contract_ends_on", pa.date32()),
    ]
)  # fmt: skip
SETTINGS = ModelSettings.model_validate({"churn": {"horizon_days": 60}, "lifetime_value": {"horizon_days": 60}})


def paced_orders(*, customers: int = 400, days: int = 500, seed: int = 1) -> list[tuple[str, int, float]]:
    """(customer, days before LAST, amount): everybody has an own pace and basket, and may drop out after any order."""
    drawn = np.random.default_rng(seed)
    pace, basket = drawn.gamma(1.2, 25, customers) + 4, drawn.gamma(3, 20, customers) + 5
    rows = []
    for customer in range(customers):
        day = days - drawn.uniform(0, days * 0.7)
        while day >= 1:
            rows.append((f"c{customer}", int(day), round(float(basket[customer] * drawn.gamma(8, 1 / 8)), 2)))
            if drawn.uniform() < 0.06:
                break
            day -= drawn.exponential(pace[customer]) + 1
    return rows


def random_orders(*, customers: int = 400, days: int = 500, seed: int = 2) -> list[tuple[str, int, float]]:
    """The same number of orders for customers who are all alike: nothing can be learned."""
    drawn = np.random.default_rng(seed)
    return [
        (f"c{drawn.integers(customers)}", int(drawn.integers(1, days + 1)), float(drawn.integers(10, 90)))
        for _ in range(customers * 7)
    ]


def history_of(spark: SparkSession, orders: list[tuple[str, int, float]]) -> History:
    """The history of these orders, all known on the next day."""
    return history(spark, {"orders": orders_frame(spark, orders)})


def orders_frame(spark: SparkSession, orders: list[tuple[str, int, float]]) -> DataFrame:
    """unified.orders of (customer, days before LAST, amount)."""
    from decimal import Decimal

    noon = datetime(LAST.night.year, LAST.night.month, LAST.night.day, 12, tzinfo=UTC)
    rows: list[dict[str, Any]] = [
        {
            "source": "shop", "order_id": str(number), "customer_id": customer, "event_at": noon - timedelta(days=ago),
            "known_from": LAST.night - timedelta(days=ago - 1), "channel": "web", "store_id": None,
            "kind": "sale" if amount >= 0 else "return", "order_amount": Decimal(f"{amount:.2f}"),
            "discount_amount": Decimal("0.00"),
        }
        for number, (customer, ago, amount) in enumerate(orders)
    ]  # fmt: skip
    return spark.createDataFrame(pa.Table.from_pylist(rows, schema=ORDER_TYPES))


def profile_of(spark: SparkSession, customers: list[str], **flags: list[str]) -> DataFrame:
    """unified.customer_profile of these customers; a flag names those for whom it is true."""
    names = ("is_staff", "is_test", "is_deceased", "is_deleted", "objects_to_profiling")
    rows = [
        (c, "under_18" if c in flags.get("under_18", []) else "unknown", *(c in flags.get(n, []) for n in names))
        for c in customers
    ]
    schema = "customer_id string, age_band string, " + ", ".join(f"{name} boolean" for name in names)
    return frame_of(spark, rows, schema)


def everyone(orders: list[tuple[str, int, float]]) -> list[str]:
    """The customers behind the orders."""
    return sorted({customer for customer, _, _ in orders})
