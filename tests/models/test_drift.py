"""Drift: bins that see a change and no more, verdicts that name its cause, and what they do to a grade."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pyspark.sql import SparkSession

from lakehouse.rows import frame_of
from models.drift import (
    Finding,
    doubts,
    drifted,
    in_doubt,
    judged,
    moved,
    warnings,
    with_doubts,
)
from models.model import Fitted
from models.reference import FACT, bins_of, counted, counts_tonight, reference
from models.silence import SILENT_DAYS, SOURCES, silent_sources
from tests.models.shop_builder import LAST, history_of

NIGHT = date(2024, 6, 1)
GAINS = {"orders_count": 0.6, "visits_count_90d": 0.1, "tenure_days": 0.3}


def champion(values: dict[str, np.ndarray], gains: dict[str, float] | None = None, model: str = "churn") -> Fitted:
    bins = {name: bins_of(of) for name, of in values.items()}
    kept = {name: {"edges": list(one.edges), "counts": list(one.counts)} for name, one in bins.items()}
    facts = {FACT: {"bins": kept, "gains": gains or GAINS}}
    return Fitted(model, "trees", 60, tuple(gains or GAINS), facts, b"trees", "B", "3")


def finding(what: str, name: str, *, verdict: str = "drifted", model: str = "churn", words: str = "") -> Finding:
    version = "3" if model else ""
    return Finding(model, version, what, name, 0.9, 0.25, verdict, 1000, NIGHT, words=words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "before",
    [np.arange(1000.0), np.zeros(1000), np.array([np.nan] * 1000), np.r_[np.zeros(990), np.arange(1, 11.0)]],
    ids=["numbers", "constant", "unknown", "mostly zero"],
)
def test_bins_hold_everybody_once_and_are_few(before: np.ndarray) -> None:
    found = bins_of(before)
    assert sum(found.counts) == len(before)
    assert len(found.counts) <= 11
    assert counted(before, np.array(found.edges)).tolist() == list(found.counts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (np.r_[np.zeros(990), np.ones(10)], np.r_[np.zeros(700), np.ones(300)]),
        (np.full(1000, 5.0), np.full(1000, 4.0)),
        (np.full(1000, 5.0), np.full(1000, 6.0)),
        (np.arange(1000.0), np.arange(1000.0) * 2),
        (np.arange(1000.0), np.r_[np.full(500, np.nan), np.arange(500) * 2.0]),
    ],
    ids=["seldom becomes often", "constant falls", "constant rises", "doubled", "half unknown"],
)
def test_a_change_is_seen_whatever_shape_the_feature_has(before: np.ndarray, after: np.ndarray) -> None:
    known = bins_of(before)
    fitted = champion({"orders_count": before})
    tonight = counted(after, np.array(known.edges)).tolist()
    assert moved(fitted, "orders_count", known, tonight, NIGHT).verdict == "drifted"
    assert moved(fitted, "orders_count", known, list(known.counts), NIGHT).value == 0


def test_spark_counts_what_training_counted(spark: SparkSession) -> None:
    drawn = np.random.default_rng(1)
    # 32 bits round a share of 0.1 up: compared as it stands, it would fall below its own edge.
    shares = drawn.choice([0.0, 0.1, 0.3, np.nan], 150)
    days, said = drawn.integers(1, 50, 150).astype(float), np.round(drawn.uniform(size=150), 4)
    seen = {"discount_rate": shares.astype(np.float32).astype(float), "orders_count": days, "churn_probability": said}
    fitted = champion(seen)
    rows = [
        (f"c{n}", None if np.isnan(s) else float(s), int(d)) for n, (s, d) in enumerate(zip(shares, days, strict=True))
    ]
    features = frame_of(spark, rows, "customer_id string, discount_rate double, orders_count bigint")
    scored = [(f"c{n}", float(one), 1.0) for n, one in enumerate(said)]
    scores = frame_of(
        spark, [*scored, ("x", None, None)], "customer_id string, churn_probability double, value_amount double"
    )
    held = reference(fitted)
    assert held is not None
    found = counts_tonight(features, [held]) | counts_tonight(scores.where("value_amount is not null"), [held])
    assert {name: tuple(counts) for (name, _), counts in found.items()} == {n: b.counts for n, b in held.bins.items()}
    same = drifted(features, scores, {"churn": fitted, "segments": Fitted("segments", "rules", 0, ())}, night=NIGHT)
    assert {(one.what, one.name, one.value, one.verdict) for one in same} == {
        ("feature", "discount_rate", 0.0, "steady"),
        ("feature", "orders_count", 0.0, "steady"),
        ("score", "churn_probability", 0.0, "steady"),
    }


def test_a_champion_is_in_doubt_when_much_of_what_it_learned_has_moved_or_fallen_silent() -> None:
    models = {"churn": champion({"orders_count": np.arange(200.0)})}

    def words(*found: Finding) -> str:
        return doubts(judged(found, models, {**SOURCES, "tenure_days": "visits"}, night=NIGHT)).get("churn", "")

    assert words() == ""
    assert words(finding("feature", "visits_count_90d")) == ""
    assert "60% of what it learned" in words(finding("feature", "orders_count"))
    silent = words(finding("source", "visits", model=""), finding("feature", "visits_count_90d"))
    assert "the silent source visits" in silent
    assert "visits_count_90d" not in silent
    assert "drifted from its training" in words(finding("score", "churn_probability"))
    assert words(finding("label", "AUC", words="the recency rule ranked better")) == "the recency rule ranked better"
    assert words(replace(finding("label", "AUC", words="an older version"), version="2")) == ""
    baseline = {"churn": Fitted("churn", "recency_rule", 60, ("days_since_last_order",))}
    assert judged([finding("feature", "orders_count")], baseline, SOURCES, night=NIGHT) == ()


def test_doubt_lowers_the_grade_of_a_champion_and_of_nothing_else(spark: SparkSession) -> None:
    schema = "customer_id string, grade string, churn_grade string, value_grade string"
    rows = [("ann", "C", "A", "C"), ("bob", "E", "E", "B"), ("dan", None, None, None)]
    found = with_doubts(frame_of(spark, rows, schema), ["churn"]).collect()
    assert [tuple(row) for row in found] == [("ann", "D", "D", "C"), ("bob", "E", "E", "B"), ("dan", None, None, None)]
    assert in_doubt(Fitted("churn", "trees", 60, (), grade="A")).grade == "D"
    assert in_doubt(Fitted("churn", "recency_rule", 60, ())).grade == "E"


def test_a_doubt_is_told_with_the_command_that_may_lift_it() -> None:
    doubted = finding("model", "share of the gain", words="it has drifted")
    steady = replace(doubted, verdict="steady")
    [(told, _)] = warnings([doubted, steady])
    assert told == "churn version 3 has grade D: it has drifted; `habitue train` may lift it"


@pytest.mark.parametrize(
    ("ages", "verdict"),
    [
        (range(SILENT_DAYS + 2, 60), "drifted"),
        (range(SILENT_DAYS + 1, 60), "steady"),
        (range(10, 100, 7), "steady"),
        (range(16, 100, 7), "drifted"),
        (range(12, 15), "steady"),
    ],
    ids=["silent", "a week", "weekly", "weekly and silent", "hardly ever told"],
)
def test_a_source_is_silent_beyond_a_week_and_twice_its_own_rhythm(
    spark: SparkSession, ages: range, verdict: str
) -> None:
    [found] = silent_sources(history_of(spark, [("ann", age, 10.0) for age in ages]), LAST)
    assert (found.name, found.verdict, found.value) == ("orders", verdict, ages[0] - 1)
    assert bool(found.words) == (verdict == "drifted")
