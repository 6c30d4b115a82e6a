"""What probabilities promise, and what came of them, beside the recency rule."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from models.metrics import auc, value
from models.realised import came_true, estimated
from models.settings import ChurnSettings
from tests.models.shop_builder import LAST, orders_frame

HORIZON = 30
THEN = LAST.night - timedelta(days=HORIZON)
SCORES = (
    "night date, customer_id string, churn_probability double, value_amount decimal(18,2), "
    "churn_horizon_days int, value_horizon_days int, churn_version string, value_version string"
)


def shop(spark: SparkSession, *, upside_down: bool = False) -> tuple[Any, ...]:
    """400 customers scored a horizon ago: (scores, features, orders, said, left)."""
    from decimal import Decimal

    drawn = np.random.default_rng(3)
    said = np.round(drawn.uniform(0.05, 0.95, 400), 4)
    left = drawn.uniform(size=400) < (1 - said if upside_down else said)
    days = np.round(20 + 100 * (1 - said if upside_down else said) + drawn.normal(0, 30, 400)).astype(int)
    ordered = [(f"c{n}", 10, 50.0) for n in np.flatnonzero(~left)]
    amount = Decimal(50)
    scored = [(THEN, f"c{n}", float(p), amount, HORIZON, HORIZON, "3", "4") for n, p in enumerate(said)]
    scores = frame_of(spark, [*scored, (THEN, "young", *[None] * 6)], SCORES)
    features = frame_of(
        spark,
        [(THEN, f"c{n}", int(d)) for n, d in enumerate(days)],
        "night date, customer_id string, days_since_last_order int",
    )
    return scores, features, orders_frame(spark, ordered), said, left


def test_what_is_estimated_before_labels_is_what_comes_true(spark: SparkSession) -> None:
    scores, features, orders, said, left = shop(spark)
    promised = {one.name: one.value for one in estimated(scores, night=THEN)}
    horizons = {"churn": HORIZON, "lifetime_value": HORIZON}
    found = {one.name: one for one in came_true(scores, features, orders, LAST, closed=LAST.night, horizons=horizons)}
    truth = value(auc, left.astype(float), said)
    assert found["AUC"].value == pytest.approx(truth, abs=1e-6)
    assert found["AUC"].low is not None
    assert found["AUC"].high is not None
    assert found["AUC"].low < promised["AUC"] < found["AUC"].high
    assert found["AUC"].verdict == "steady"
    assert found["estimated AUC"].value == promised["AUC"]
    assert found["accuracy"].value == pytest.approx(float(((said >= 0.5) == left).mean()))
    assert promised["accuracy"] == pytest.approx(float(np.maximum(said, 1 - said).mean()), abs=1e-6)
    assert found["churn rate"].value == pytest.approx(float(left.mean()))
    assert (found["AUC"].version, found["total bias"].version, found["AUC"].about) == ("3", "4", THEN)
    spent = 50 * float((~left).sum())
    assert found["total bias"].value == pytest.approx((400 * 50 - spent) / spent, abs=1e-6)
    assert found["total bias"].verdict == "drifted"


def test_with_contracts_who_lapsed_and_came_back_had_left_all_the_same(spark: SparkSession) -> None:
    scores, features, _, _, left = shop(spark)
    bought = orders_frame(spark, [(f"c{n}", HORIZON + 20, 5.0) for n in range(400)])
    again = orders_frame(spark, [(f"c{n}", 5, 5.0) for n in np.flatnonzero(left)[::2]])
    gone = F.col("customer_id").isin([f"c{n}" for n in np.flatnonzero(left)])
    ends = F.when(gone, F.lit(THEN + timedelta(days=3))).otherwise(F.lit(LAST.night + timedelta(days=300)))
    term = {"contract_starts_on": F.to_date("event_at")}
    orders = bought.withColumns(term | {"contract_ends_on": ends}).unionByName(
        again.withColumns(term | {"contract_ends_on": F.lit(LAST.night + timedelta(days=25))})
    )
    horizons = {"churn": HORIZON, "lifetime_value": HORIZON}
    by_contract = ChurnSettings(label="contract")
    made = came_true(scores, features, orders, LAST, closed=LAST.night, horizons=horizons, churn=by_contract)
    assert {one.name: one.value for one in made}["churn rate"] == pytest.approx(float(left.mean()))


def test_a_version_that_the_recency_rule_surely_beats_has_drifted(spark: SparkSession) -> None:
    scores, features, orders, _, _ = shop(spark, upside_down=True)
    horizons = {"churn": HORIZON, "lifetime_value": HORIZON + 1}
    found = {one.name: one for one in came_true(scores, features, orders, LAST, closed=LAST.night, horizons=horizons)}
    assert found["AUC"].verdict == "drifted"
    assert "the recency rule ranked better" in found["AUC"].words
    assert "total bias" not in found
