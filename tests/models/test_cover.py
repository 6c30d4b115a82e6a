"""How long subscriptions went on: gaps, returns, notices and what lies beyond the feed."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from features.build import history
from lakehouse.rows import frame_of
from models.churn import CHURN
from models.cover import covered_until, is_covered
from models.training_set import observed
from tests.models.shop_builder import LAST, orders_frame, profile_of

NIGHT = date(2024, 3, 1)
Term = tuple[int, int, int] | tuple[int, int, int, str]
"""Days from the night: when it was told, its first and its last day; and `cancellation` where it is one."""


def told(spark: SparkSession, terms: dict[str, list[Term]]) -> DataFrame:
    rows = [
        (name, datetime.combine(day(said), time(12), UTC), *(kind or ["sale"]), day(starts), day(ends))
        for name, many in terms.items()
        for said, starts, ends, *kind in many
    ]
    names = "customer_id string, event_at timestamp, kind string, contract_starts_on date, contract_ends_on date"
    return frame_of(spark, rows, names)


def day(days: int) -> date:
    return NIGHT + timedelta(days=days)


def stays(spark: SparkSession, terms: dict[str, list[Term]], *horizons: int) -> dict[str, tuple[bool, ...]]:
    found = covered_until(told(spark, terms), [NIGHT])
    asked = [is_covered(F.col("until"), F.col("night"), h).alias(str(h)) for h in horizons]
    return {row[0]: tuple(row[1:]) for row in found.select("customer_id", *asked).collect()}


def test_a_short_gap_is_no_end_and_a_return_after_a_long_one_undoes_none(spark: SparkSession) -> None:
    first: Term = (-20, -20, 9)
    terms: dict[str, list[Term]] = {
        "next day": [first, (10, 10, 99)],
        "three days late": [first, (13, 13, 99)],
        "entered late, dated back": [first, (14, 10, 99)],
        "agreed before the night, with a gap": [first, (-5, 15, 99)],
        "a week without": [first, (17, 17, 99)],
        "eight days without": [first, (18, 18, 99)],
        "back after a month": [first, (40, 40, 99)],
        "never renewed": [first],
        "ended two days ago, renewed tomorrow": [(-32, -32, -2), (1, 1, 99)],
        "ended two days ago": [(-32, -32, -2)],
        "one of two ends": [first, (-100, -100, 264)],
        "until it is cancelled": [(-100, -100, (date.max - NIGHT).days)],
    }
    found = stays(spark, terms, 15, 30, 60)
    assert {name for name, kept in found.items() if all(kept)} == {
        "next day",
        "three days late",
        "entered late, dated back",
        "agreed before the night, with a gap",
        "a week without",
        "ended two days ago, renewed tomorrow",
        "one of two ends",
        "until it is cancelled",
    }
    assert found["back after a month"] == found["never renewed"] == (True, False, False)
    assert found["ended two days ago"] == (False, False, False)


def test_who_left_in_half_a_horizon_has_left_in_the_whole(spark: SparkSession) -> None:
    drawn = np.random.default_rng(3)
    ends = drawn.integers(0, 60, 60)
    gaps = drawn.integers(1, 40, 60)
    terms: dict[str, list[Term]] = {
        str(n): [(-30, -30, int(end)), (int(end + gap), int(end + gap), int(end + gap) + 30)]
        for n, (end, gap) in enumerate(zip(ends, gaps, strict=True))
    }
    found = stays(spark, terms, 30, 60)
    assert set(found.values()) == {(True, True), (True, False), (False, False)}


def test_a_notice_ends_a_term_sooner_until_it_is_withdrawn(spark: SparkSession) -> None:
    yearly: Term = (-100, -100, 264)
    terms: dict[str, list[Term]] = {
        "cancelled": [yearly, (5, -100, 20, "cancellation")],
        "withdrawn": [yearly, (5, -100, 20, "cancellation"), (9, -100, 264, "cancellation")],
        "another was cancelled": [yearly, (-400, -400, -35), (-60, -400, -50, "cancellation")],
        "sold anew": [yearly, (5, -100, 20, "cancellation"), (30, -100, 264)],
        "revoked at once": [(-1, -1, 29), (0, -1, -2, "cancellation")],
        "cancelled, then a shorter one of the same day": [yearly, (5, -100, 20, "cancellation"), (9, -100, 40)],
        "cancelled and paid back": [yearly, (5, -100, 20, "cancellation"), (9, -100, 264, "return")],
    }
    found = stays(spark, terms, 60)
    assert found["cancelled"] == found["cancelled and paid back"] == (False,)
    assert found["cancelled, then a shorter one of the same day"] == (False,)
    assert found["withdrawn"] == found["another was cancelled"] == found["sold anew"] == (True,)
    assert found["revoked at once"] == (False,)


def test_the_last_day_of_the_horizon_and_its_grace_decide(spark: SparkSession) -> None:
    terms: dict[str, list[Term]] = {str(end): [(-5, -5, end)] for end in (21, 22, 29)}
    assert stays(spark, terms, 30) == {"21": (False,), "22": (True,), "29": (True,)}


@pytest.mark.parametrize("agreed_days", [400, 3])
def test_what_is_agreed_beyond_the_feed_is_no_survival(spark: SparkSession, agreed_days: int) -> None:
    """A term that runs on the night and ends after the feed: of an open window nothing is known, however long it is."""
    night = LAST.night - timedelta(days=40)
    plain = orders_frame(spark, [("ann", 60, 5.0), ("bob", 60, 5.0)])
    ends = {"ann": LAST.night + timedelta(days=agreed_days), "bob": night + timedelta(days=2)}
    until = F.create_map(*(F.lit(each) for pair in ends.items() for each in pair))[F.col("customer_id")]
    sold = {"contract_starts_on": F.to_date("event_at"), "contract_ends_on": until}
    facts = history(spark, {"orders": plain.withColumns(sold)})
    profile = profile_of(spark, list(ends))
    seen = observed(facts, profile, now=LAST, nights=[night], horizons=[30, 60], closed=LAST.night, by_contract=True)
    closed, still_open = (CHURN.outcome(seen.orders[days], seen.spend[days]) for days in (30, 60))
    assert sorted(closed.tolist()) == [0, 1]
    assert np.isnan(still_open).all()
