"""A challenger scores beside the version in use, and how far both agree is told."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pyspark.sql import SparkSession

from features.build import customer_features
from lakehouse.contract import checked
from models.churn import CHURN
from models.model import Customers, Fitted
from models.shadow import NAMES, Agreement, agreement, challenger_scores, challengers_of, noted
from models.tables import CHALLENGER_SCORES
from tests.models.shop_builder import LAST, history_of, profile_of

NIGHT = date(2024, 6, 1)


def test_a_night_finds_its_challengers_among_what_it_recorded() -> None:
    recorded = {"churn": "3", **noted({"churn": "7"})}
    assert challengers_of(recorded) == {"churn": "7"}
    assert challengers_of({"churn": "3"}) == {}


def test_every_customer_with_a_score_has_one_of_the_challenger(spark: SparkSession) -> None:
    drawn = np.random.default_rng(1)
    taught = Customers(NAMES, drawn.uniform(1, 400, (200, len(NAMES))).astype(np.float32))
    fitted = CHURN.fit(taught, (taught.column("orders_count") < 200).astype(float), 60)
    features = customer_features(history_of(spark, [("ann", 3, 5.0), ("bob", 40, 5.0), ("eve", 9, 5.0)]), LAST)
    profile = profile_of(spark, ["ann", "bob", "dan", "eve"], is_staff=["eve"])
    found = checked(CHALLENGER_SCORES, challenger_scores(features, profile, {"churn": fitted}, LAST)).collect()
    assert {row["customer_id"] for row in found} == {"ann", "bob"}
    assert all(0 <= row["score"] <= 1 and row["night"] == LAST.night and row["model"] == "churn" for row in found)


def test_agreement_is_the_rank_correlation_and_the_share_in_another_band(spark: SparkSession) -> None:
    scores = [("a", 0.1, 1.0), ("b", 0.2, 5.0), ("c", 0.5, 30.0), ("d", 0.9, 40.0), ("e", None, None)]
    in_use = spark.createDataFrame(scores, "customer_id string, churn_probability double, value_amount double")
    ours = {"churn": [0.1, 0.2, 0.9, 0.5], "lifetime_value": [7.0, 7.0, 7.0, 7.0]}
    rows = [(NIGHT, c, m, "9", s) for m, told in ours.items() for c, s in zip("abcd", told, strict=True)]
    challenger = spark.createDataFrame(
        rows, "night date, customer_id string, model string, version string, score double"
    )
    churn = Fitted("churn", "trees", 60, ())
    value = Fitted("lifetime_value", "trees", 60, (), {"high_amount": 20.0, "medium_amount": 4.0})
    found = agreement(in_use, challenger, {"churn": (churn, churn), "lifetime_value": (value, value)})
    assert found[0].spearman == pytest.approx(0.8)
    assert [replace(one, spearman=None) for one in found] == [
        Agreement(NIGHT, "churn", "9", 4, None, 0.5),
        Agreement(NIGHT, "lifetime_value", "9", 4, None, 0.75),
    ]
    assert found[1].spearman is None
