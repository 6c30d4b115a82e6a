"""Scores of a night: who gets one, with which words, and that training sees what scoring sees."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from features.build import customer_features, history
from lakehouse.contract import checked
from lakehouse.rows import frame_of
from models.calendar import feed
from models.churn import CHURN
from models.model import Customers, Fitted
from models.registry import ModelUnusable, Registry
from models.score import score_customers
from models.segment_rules import SEGMENTS
from models.segments import described, rules
from models.settings import ChurnSettings, ModelSettings
from models.tables import CUSTOMER_SCORES
from models.tables import SEGMENTS as SEGMENTS_TABLE
from models.train import register_baselines
from models.training_set import observed
from tests.models.shop_builder import LAST, SETTINGS, everyone, history_of, orders_frame, profile_of

ORDERS = [
    ("ann", 3, 50.0), ("ann", 33, 50.0), ("ann", 63, 50.0),
    ("bob", 400, 20.0),
    ("cat", 2, -20.0), ("cat", 90, 80.0),
    ("eve", 10, 10.0),
    ("kim", 10, 10.0),
    ("lou", 10, 10.0),
]  # fmt: skip
LAST_YEAR = Fitted(
    "lifetime_value",
    "last_year_spend",
    60,
    ("net_amount_365d",),
    {"scale": 1.0, "high_amount": 20.0, "medium_amount": 5.0},
    version="1",
)
RECENCY = Fitted(
    "churn",
    "recency_rule",
    60,
    ("days_since_last_order",),
    {"days": [1.0, 401.0], "rates": [0.0, 1.0], "average": 0.4},
    version="2",
)
NOBODY = Customers(("net_amount_365d", "inter_purchase_days_mean", "orders_count_365d"), np.zeros((0, 3)))


def models(churn: Fitted = RECENCY) -> dict[str, Fitted]:
    return {"churn": churn, "lifetime_value": LAST_YEAR, "segments": rules(NOBODY)}


def test_every_living_customer_has_scores_or_the_reason_why_not(spark: SparkSession) -> None:
    barred = {"is_staff": ["eve"], "under_18": ["kim"], "is_deceased": ["pat"], "objects_to_profiling": ["lou"]}
    barred |= {"is_test": ["tim"], "is_deleted": ["zoe"]}
    profile = profile_of(spark, ["ann", "bob", "cat", "dan", "eve", "kim", "lou", "pat", "tim", "zoe"], **barred)
    facts = history_of(spark, ORDERS)
    features = customer_features(facts, LAST)
    made = score_customers(features, profile, models(), LAST, orders=facts.orders, currency="EUR")
    scores = checked(CUSTOMER_SCORES, made)
    found = {row["customer_id"]: row.asDict() for row in scores.collect()}
    assert {name: row["no_score_reason"] for name, row in found.items()} == {
        "ann": None,
        "bob": None,
        "cat": None,
        "dan": "no score because no order is known yet",
        "eve": "no score because it is an employee",
        "kim": "no score because the customer is under 18",
        "lou": "no score because the customer objects to profiling",
        "pat": "no score because the customer has died",
        "tim": "no score because it is a test account",
        "zoe": "no score because the source deleted the customer",
    }
    assert all(
        found[name]["churn_band"] is found[name]["grade"] is found[name]["valid_until"] is None
        for name in ("dan", "eve", "kim", "lou")
    )
    assert [found[name]["churn_band"] for name in ("ann", "bob", "cat")] == ["low", "high", "low"]
    assert [found[name]["value_band"] for name in ("ann", "bob", "cat")] == ["high", "low", "medium"]
    segments = {name: found[name]["segment"] for name in ("ann", "bob", "cat")}
    assert segments == {"ann": "occasional", "bob": "one order, long ago", "cat": "new"}
    assert found["ann"]["reasons"] == ["likelier to stay: last order on 29 May 2024, usually every 30 days"]
    assert found["bob"]["reasons"] == ["likelier to leave: last order on 28 April 2023"]
    assert found["ann"]["value_reasons"] == [
        "expected to spend more: spent 150.00 EUR in the last 365 days, returns taken off"
    ]
    assert found["bob"]["value_reasons"] == ["expected to spend less: spent nothing in the last 365 days"]
    spent = {name: row["actual_amount"] for name, row in found.items()}
    assert spent == {name: {"ann": 100, "bob": 0, "cat": -20}.get(name) for name in found}
    assert float(found["ann"]["value_amount"]) == pytest.approx(150 * 60 / 365, abs=0.01)
    assert (found["ann"]["grade"], found["ann"]["valid_until"]) == ("E", date(2024, 6, 21))


def test_trees_score_in_spark_as_they_do_here_and_who_just_bought_is_not_shown_as_leaving(spark: SparkSession) -> None:
    drawn = np.random.default_rng(1)
    names = ("orders_count", "days_since_last_order")
    taught = Customers(names, drawn.uniform(1, 400, (300, 2)).astype(np.float32))
    fitted = CHURN.fit(taught, (taught.column("orders_count") < 300).astype(float), 60)
    features = customer_features(history_of(spark, ORDERS), LAST)
    scores = score_customers(features, profile_of(spark, ["ann", "bob"]), models(fitted), LAST)
    found = {row["customer_id"]: row.asDict() for row in scores.collect()}
    assert {name: row["churn_probability"] > 2 / 3 for name, row in found.items()} == {"ann": True, "bob": True}
    assert (found["ann"]["churn_band"], found["bob"]["churn_band"]) == ("medium", "high")
    assert "likelier to leave: 3 orders in all" in found["ann"]["reasons"]


def test_a_band_is_held_while_the_probability_stays_near_and_costs_move_where_it_begins(spark: SparkSession) -> None:
    orders = [(name, days, 10.0) for name, days in (("ann", 253), ("bob", 253), ("cat", 241), ("dan", 121), ("eve", 3))]
    features = customer_features(history_of(spark, orders), LAST).localCheckpoint()
    profile = profile_of(spark, everyone(orders))
    before = frame_of(
        spark,
        [("ann", "high", None), ("cat", "high", None), ("dan", "medium", None), ("eve", "high", None)],
        "customer_id string, churn_band string, segment_id string",
    )

    def bands(**given: Any) -> dict[str, str]:
        scores = score_customers(features, profile, models(), LAST, **given).select("customer_id", "churn_band")
        return {row["customer_id"]: row["churn_band"] for row in scores.collect()}

    held = {"ann": "high", "bob": "medium", "cat": "medium", "dan": "medium", "eve": "low"}
    assert bands(before=before) == held
    assert bands() == {**held, "ann": "medium", "dan": "low"}
    dear = ChurnSettings(overlooked_costs_high=1, overlooked_costs_medium=4)
    assert bands(settings=dear) == {**dict.fromkeys(("ann", "bob", "cat"), "high"), "dan": "medium", "eve": "low"}


def test_an_amount_stands_within_the_range_that_its_version_learned_and_a_baseline_has_none(
    spark: SparkSession,
) -> None:
    features = customer_features(history_of(spark, ORDERS), LAST).localCheckpoint()
    profile = profile_of(spark, ["ann", "bob"])
    learned = {"soft": 1.0, "edges": [5.0], "low": [-1.0, -0.5], "high": [0.0, 2.0]}
    ranged = replace(LAST_YEAR, facts={**LAST_YEAR.facts, "interval": learned})
    columns = ("value_amount", "value_low", "value_high")

    def amounts(value: Fitted) -> dict[str, tuple[float | None, ...]]:
        scores = score_customers(features, profile, {**models(), "lifetime_value": value}, LAST)
        return {
            row["customer_id"]: tuple(None if row[name] is None else float(row[name]) for name in columns)
            for row in scores.collect()
        }

    spent = round(150 * 60 / 365, 2)
    found = amounts(ranged)
    assert found["ann"] == pytest.approx((spent, spent - 0.5 * (spent + 1), spent + 2 * (spent + 1)), abs=0.02)
    assert found["bob"] == (0.0, 0.0, 0.0)
    assert amounts(LAST_YEAR)["ann"] == (spent, None, None)


def test_a_model_that_reads_a_feature_that_is_no_more_is_refused(spark: SparkSession) -> None:
    features = customer_features(history_of(spark, ORDERS), LAST).drop("days_since_last_order")
    with pytest.raises(ModelUnusable, match=r"features that are no more: days_since_last_order"):
        score_customers(features, profile_of(spark, ["ann"]), models(), LAST)


def test_the_first_night_registers_baselines_of_grade_e_once(
    spark: SparkSession, empty_registry: Path, tmp_path: Path
) -> None:
    registry = Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))
    facts, profile = history_of(spark, ORDERS), profile_of(spark, ["ann"])
    said = register_baselines(facts, profile, LAST, registry=registry, settings=ModelSettings())
    assert said == (
        "orders end on 2024-05-29: label windows after that day are dropped",
        "the horizon of 90 days is shortened to 60: the history holds 398 days",
        "the horizon of 365 days is shortened to 60: the history holds 398 days",
    )
    assert registry.model_versions() == {"churn": "1", "lifetime_value": "1", "segments": "1"}
    assert {registry.load(name, "1").grade for name in ("churn", "lifetime_value")} == {"E"}
    assert register_baselines(facts, profile, LAST, registry=registry, settings=SETTINGS) == ()


def test_training_sees_the_same_features_as_scoring_and_labels_of_the_window_alone(spark: SparkSession) -> None:
    orders = [("ann", 200, 5.0), ("ann", 100, 30.0), ("ann", 60, -10.0), ("ann", 41, 7.0), ("eve", 150, 1.0)]
    facts = history_of(spark, orders)
    night = date(2024, 2, 22)
    profile = profile_of(spark, ["ann", "eve"], is_staff=["eve"])
    seen = observed(
        facts,
        profile,
        now=LAST,
        nights=[night, LAST.night],
        horizons=[30, 60],
        closed=LAST.night,
        fairness=("age_band",),
    )
    assert "age_band" not in seen.customers.names
    assert [seen.groups["age_band"].names[code] for code in seen.groups["age_band"].codes] == ["unknown"] * 2
    past = seen.on([night])
    assert (past.sum(), len(past)) == (1, 2)
    assert seen.customers.column("days_since_last_order")[past].tolist() == [100.0]
    assert (float(seen.orders[30][past][0]), float(seen.spend[30][past][0])) == (1, 30)
    assert (float(seen.orders[60][past][0]), float(seen.spend[60][past][0])) == (2, 27)
    assert np.isnan(seen.orders[30][~past]).all()
    assert feed([(night, 3)], night) is None


def test_with_contracts_a_customer_stays_while_one_runs_and_nobody_else_is_asked(spark: SparkSession) -> None:
    """Ann renews after the night, bob does not, cat's contract had ended before it and eve never had one."""
    night = date(2024, 2, 22)
    terms = {"ann": [(110, 90), (90, 40)], "bob": [(110, 80)], "cat": [(190, 120)], "eve": []}
    orders = [(c, ago, 5.0) for c, running in terms.items() for ago, _ in running] + [("eve", 120, 5.0)]
    told = [(c, *(LAST.night - timedelta(days=d) for d in term)) for c, running in terms.items() for term in running]
    runs = frame_of(spark, told, "_c string, contract_starts_on date, contract_ends_on date")
    plain = orders_frame(spark, orders).drop("contract_starts_on", "contract_ends_on")
    same = (plain.customer_id == runs["_c"]) & (F.to_date(plain.event_at) == runs.contract_starts_on)
    facts = history(spark, {"orders": plain.join(runs, same, "left").drop("_c")})
    profile = profile_of(spark, list(terms))
    seen = observed(facts, profile, now=LAST, nights=[night], horizons=[30, 60], closed=LAST.night, by_contract=True)
    assert sorted(np.nan_to_num(seen.orders[30], nan=-1).tolist()) == [-1, -1, 0, 1]
    churned = CHURN.outcome(seen.orders[60], seen.spend[60])
    assert sorted(churned[~np.isnan(churned)].tolist()) == [0.0, 1.0]
    left_days = seen.customers.column("days_to_contract_end")
    assert sorted(left_days[~np.isnan(left_days)].tolist()) == [10.0, 20.0]


def test_the_segments_are_described_with_their_thresholds() -> None:
    found = described(rules(NOBODY))
    assert [row["segment"] for row in found] == [segment.name for segment in SEGMENTS]
    assert all("{" not in row["description"] for row in found)
    assert set(SEGMENTS_TABLE.key) == {"segment"}
