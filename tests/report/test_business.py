"""What a model should move: months before anything was sent and since, counted from orders."""

from collections.abc import Sequence
from datetime import date

import pytest
from pyspark.sql import SparkSession

from report.business import Month, course, mean, parted
from tests.models.shop_builder import LAST, orders_frame

HELD = tuple(Month(date(2025, number, 1), 10 * number, 0.1 * number, None, 5.0) for number in range(1, 9))


def months(spark: SparkSession, orders: Sequence[tuple[str, int, float]], model: str) -> dict[date, Month]:
    return {month.begins: month for month in course(orders_frame(spark, list(orders)), model, LAST.night)}


def ago(day: date) -> int:
    return (LAST.night - day).days


def test_who_ordered_before_a_month_and_again_in_the_three_after_it_is_counted(spark: SparkSession) -> None:
    """Ann comes every month, bob stops in January, cat only returns something later; May is the last full month."""
    orders = [("ann", ago(date(2023, 9 + n, 5) if n < 4 else date(2024, n - 3, 5)), 10.0) for n in range(9)]
    orders += [("bob", ago(date(2024, 1, 9)), 30.0), ("cat", ago(date(2024, 1, 9)), 20.0)]
    orders += [("cat", ago(date(2024, 3, 9)), -20.0)]
    found = months(spark, orders, "churn")
    assert max(found) == date(2024, 3, 1)
    february = found[date(2024, 2, 1)]
    assert february.customers == 3
    assert february.share_again == pytest.approx(1 / 3)
    assert february.kept == pytest.approx((30 - 20) / (30 + 30 + 20))


def test_months_after_the_last_order_tell_nothing(spark: SparkSession) -> None:
    orders = [("ann", ago(date(2023, month, 5)), 10.0) for month in range(1, 11)]
    assert max(months(spark, orders, "churn")) == date(2023, 7, 1)


def test_the_top_fifth_is_told_by_the_spend_of_the_year_before(spark: SparkSession) -> None:
    orders = [(f"c{n}", ago(date(2023, 2, 5)), 10.0 + n) for n in range(10)]
    orders += [("c9", ago(date(2024, 3, 5)), 50.0), ("c1", ago(date(2024, 3, 5)), 50.0)]
    orders += [("c1", ago(date(2024, 5, 5)), 50.0)]
    february = months(spark, orders, "lifetime_value")[date(2024, 2, 1)]
    assert february.customers == 3
    assert february.kept == pytest.approx(0.5)


def test_a_month_counts_as_before_only_if_it_was_over_when_the_first_score_was_sent() -> None:
    before, since = parted(HELD, date(2025, 7, 1))
    assert [month.begins.month for month in before] == [1, 2, 3, 4]
    assert [month.begins.month for month in since] == [5, 6, 7, 8]
    assert parted(HELD, None) == (HELD, ())
    assert mean(before, of="share_again") == pytest.approx((1 + 4 + 9 + 16) / 100)
    assert mean(before, of="kept") is None
