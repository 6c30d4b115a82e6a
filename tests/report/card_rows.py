"""A model card as rows of its tables would tell it, without a lake."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Row

from models.tables import CALIBRATION, DRIFT, EVALUATIONS, FAIRNESS, PROFIT, SUITABILITY
from report.business import Coverage, Month
from report.card_figures import Card
from report.contacts import Cost

NIGHT = date(2026, 3, 1)
TESTS = (date(2025, 12, 1), date(2025, 9, 1), date(2025, 6, 3))
GROUPS = (
    ("age_band", "18_29", 310),
    ("age_band", "under_30_in_a_group_with_a_long_name", 790),
    ("gender", "female", 40),
)
MONTHS = tuple(
    Month(date(2025, number, 1), 400, 0.3 + number / 40, 0.8, 120.0, Cost(900, 18.0, 120 + 10 * number))
    for number in range(1, 13)
)


def row(names: tuple[str, ...], **known: Any) -> Row:
    """A row with these columns; None where nothing is said."""
    return Row(**{name: known.get(name) for name in names})


def full_card(model: str = "churn") -> Card:
    """A version that was tested three times, with groups, a profit curve and five nights of drift."""
    rivals = ("recency_rule", "logistic_rfm", "champion") if model == "churn" else ("last_year_spend", "average_spend")
    who = {"model": model, "version": "12", "trained_on": NIGHT}
    tests = [_test(who, night, rival) for night in TESTS for rival in rivals]
    bins = [_bin(who, night, name, n) for night in TESTS for name in ("model", rivals[0]) for n in range(1, 11)]
    profit = [_profit(who, name, n) for name in ("model", rivals[0]) for n in range(1, 21)] if model == "churn" else []
    groups = [_group(who, *group, measure) for group in GROUPS for measure in MEASURES]
    drift = [_drift(who, back, name) for back in range(5) for name in ("churn_probability", "orders_count_90d")]
    suits = [row(SUITABILITY.column_names, check="history in days", value=800.0, bar=450.0, verdict="fit", words="ok")]
    known = replace(empty_card(model), tests=tests, bins=bins, profit=profit, groups=groups, drift=drift, suits=suits)
    reached = Coverage(900, 700, 120, 90)
    return replace(known, months=MONTHS, started=date(2025, 11, 1), coverage=reached, unpriced=("sms",))


def empty_card(model: str = "churn") -> Card:
    """A version of which nothing but the registry is known: no groups, no night, no test."""
    about = {"version": "12", "kind": "trees", "grade": "B", "night": NIGHT.isoformat(), "horizon_days": "90"}
    notes = {
        "verdict": "surely better than the recency rule in every test",
        "promoted": True,
        "training": ["2025-11-30", "2025-10-16"],
        "features": ["orders_count_90d", "days_since_last_order"],
        "data_versions": {"unified.orders": "3", "because": "drift"},
    }
    gains = {"days_since_last_order": 0.6, "orders_count_90d": 0.4}
    without = {"no score because the customer is under 18": 12}
    return Card(model, "12", NIGHT, {**about, "alias": "champion"}, notes, {"eta": "0.05"}, gains, without=without)


MEASURES = ("seen", "predicted", "ranking", "calibration_error", "share_high")


def _test(who: dict[str, Any], night: date, rival: str) -> Row:
    figures = {"score": 0.81, "score_low": 0.79, "score_high": 0.83, "rival_score": 0.76, "gain": 0.05}
    more = {"gain_low": 0.02, "gain_high": 0.08, "calibration_error": 0.021, "total_bias": -0.031, "metric": "AUC"}
    where = {"test_night": night, "rival": rival, "customers_count": 1130, "rival_has_seen": rival == "champion"}
    return row(EVALUATIONS.column_names, **who, **where, **figures, **more)


def _bin(who: dict[str, Any], night: date, name: str, number: int) -> Row:
    scale = 1.0 if who["model"] == "churn" else 900.0
    rates = {"predicted_rate": scale * number / 11, "seen_rate": scale * number / 12}
    return row(
        CALIBRATION.column_names, **who, test_night=night, predictor=name, bin=number, customers_count=113, **rates
    )


def _profit(who: dict[str, Any], name: str, number: int) -> Row:
    profit = (number * (18 - number) - 30.0) * (20 if name == "model" else 14)
    where = {"test_night": TESTS[0], "predictor": name, "share_contacted": number / 20}
    return row(PROFIT.column_names, **who, **where, profit=profit)


def _group(who: dict[str, Any], attribute: str, group: str, customers: int, measure: str) -> Row:
    small = customers < 100
    figures = {} if small else {"value": 0.42, "others": 0.4, "gap": 0.02, "gap_low": 0.005, "gap_high": 0.04}
    where = {"test_night": TESTS[0], "attribute": attribute, "customer_group": group, "customers_count": customers}
    return row(FAIRNESS.column_names, **who, **where, measure=measure, is_too_small=small, **figures)


def _drift(who: dict[str, Any], back: int, name: str) -> Row:
    what = "score" if name.startswith("churn") else "feature"
    value, verdict = (0.31, "drifted") if what == "feature" else (0.02 * back, "steady")
    told = {
        "what": what,
        "name": name,
        "value": value,
        "limit": 0.25,
        "verdict": verdict,
        "words": "",
        "customers": 900,
    }
    night = NIGHT + timedelta(days=back)
    return row(DRIFT.column_names, **{**who, **told}, night=night, about=night)
