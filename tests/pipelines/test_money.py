"""Amounts in the retailer's currency, at the newest rate that held on the day."""

from datetime import date, datetime
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from pipelines.canonical import EXCHANGE_RATES, ORDER_LINES
from pipelines.money import in_own_currency

RATES = [("USD", date(2026, 1, 1), "0.8"), ("USD", date(2026, 2, 1), "0.9"), ("CHF", date(2026, 2, 1), "1.05")]


def test_amount_is_converted_at_the_rate_of_its_day(spark: SparkSession) -> None:
    lines = [
        ("own", "EUR", datetime(2026, 1, 5)),  # noqa: DTZ001 - Spark's UTC
        ("unnamed", None, None),
        ("before", "usd ", datetime(2026, 1, 31, 22)),  # noqa: DTZ001
        ("local day after", "USD", datetime(2026, 1, 31, 23, 30)),  # noqa: DTZ001
        ("too early", "CHF", datetime(2026, 1, 5)),  # noqa: DTZ001
    ]
    rows = frame_of(spark, lines, "line_id string, currency string, event_at timestamp")
    found = in_own_currency(
        rows.withColumn("line_amount", F.lit("10.05").cast("decimal(18,2)")),
        ORDER_LINES,
        rates=rates(spark),
        currency="EUR",
        timezone="Europe/Paris",
        night=F.lit(date(2026, 3, 1)),
    )
    amounts = {row.line_id: (row.line_amount, row._has_rate) for row in found.collect()}
    assert amounts == {
        "own": (Decimal("10.05"), True),
        "unnamed": (Decimal("10.05"), True),
        "before": (Decimal("8.04"), True),
        "local day after": (Decimal("9.05"), True),
        "too early": (None, False),
    }
    assert {row.delivered_line_amount for row in found.collect()} == {Decimal("10.05")}


def rates(spark: SparkSession):  # type: ignore[no-untyped-def]
    held = frame_of(spark, RATES, "currency string, valid_on date, rate string")
    held = held.select(
        F.lit("erp").alias("source"), "currency", "valid_on", F.col("rate").cast("decimal(18,8)").alias("rate")
    )
    return held.withColumn("is_deleted", F.lit(False)).select("source", "is_deleted", *EXCHANGE_RATES.key, "rate")
