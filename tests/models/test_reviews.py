"""A score that somebody marked wrong becomes a case with what it said then, and no feature ever sees the mark."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import SparkSession

from models.reviews import counted, opinions, reviewed_cases
from models.tables import CUSTOMER_SCORES, REVIEWED_CASES
from pipelines.tables import FEEDBACK
from tests.activation.builders import rows


def said(feedback_id: str, kind: str | None, customer: str | None = "ann", hour: int = 12) -> dict[str, Any]:
    at = datetime(2026, 3, 2, hour, tzinfo=UTC)
    return {"source": "crm", "feedback_id": feedback_id, "customer_id": customer, "kind": kind, "event_at": at}


def score(night: date, customer: str = "ann", **other: Any) -> dict[str, Any]:
    ordinary = {
        "churn_probability": 0.8, "churn_band": "high", "churn_grade": "B", "churn_version": "4", "grade": "C",
        "value_amount": Decimal("120.50"), "value_band": "low", "value_grade": "C", "value_version": "2",
        "segment": "Loyal", "segment_version": "1", "reasons": ["last order long ago"], "value_reasons": ["few orders"],
        "actual_amount": Decimal("99.00"),
    }  # fmt: skip
    return {"night": night, "customer_id": customer} | ordinary | other


def test_a_mark_becomes_a_case_with_the_score_that_stood_then(spark: SparkSession) -> None:
    scores = [
        score(date(2026, 3, 1), churn_band="medium"),
        score(date(2026, 3, 2)),
        score(date(2026, 3, 3), churn_band="low"),
        score(date(2025, 12, 1), "bob"),
        score(date(2026, 3, 1), "eve", grade=None),
    ]
    marks = [
        said("1", "churn_wrong"),
        said("2", "value_wrong"),
        said("3", "segment_wrong"),
        said("late", "churn_wrong", hour=23),
        said("stale", "churn_wrong", "bob"),
        said("unscored", "churn_wrong", "eve"),
        said("nobody", "churn_wrong", None),
        said("opinion", "complaint"),
    ]
    found = reviewed_cases(
        rows(spark, FEEDBACK.schema, marks), rows(spark, CUSTOMER_SCORES.schema, scores), timezone="Europe/Brussels"
    )
    assert tuple(found.columns) == REVIEWED_CASES.column_names
    cases = {row["feedback_id"]: row.asDict() for row in found.collect()}
    told = ("model", "scored_on", "said", "said_number", "reasons", "grade", "version")
    assert {name: tuple(case[key] for key in told) for name, case in cases.items()} == {
        "1": ("churn", date(2026, 3, 2), "high", 0.8, ["last order long ago"], "B", "4"),
        "2": ("lifetime_value", date(2026, 3, 2), "low", 120.5, ["few orders"], "C", "2"),
        "3": ("segments", date(2026, 3, 2), "Loyal", None, None, "C", "1"),
        "late": ("churn", date(2026, 3, 3), "low", 0.8, ["last order long ago"], "B", "4"),
    }
    assert cases["1"]["actual_amount"] == Decimal("99.00")
    assert counted(found) == {"churn": {"Loyal": 2}, "lifetime_value": {"Loyal": 1}, "segments": {"Loyal": 1}}


def test_no_feature_sees_a_mark(spark: SparkSession) -> None:
    given = [said("1", "churn_wrong"), said("2", "complaint"), said("3", None)]
    assert sorted(row["feedback_id"] for row in opinions(rows(spark, FEEDBACK.schema, given)).collect()) == ["2", "3"]
