"""Churn: no order in the next `horizon_days` days."""

from dataclasses import replace
from typing import Any

import numpy as np

from models import baselines, season, trees
from models.metrics import auc
from models.model import Array, Customers, Fitted, Model

FEWEST_KNOWN = 100
"""Customers who must have been known a year ago before what they did then tells tonight's rate."""


def outcome(orders: Array, net_spend: Array) -> Array:  # noqa: ARG001
    """1 for a customer without an order in the window, else 0 (a return is no order); NaN where it is still open."""
    churned: Array = np.where(np.isnan(orders), np.nan, orders == 0)
    return churned


def fit(customers: Customers, churned: Array, horizon_days: int) -> Fitted:
    """Trees and a logistic regression, and how the newest night's rate lay beside that of a year before it.

    Each night's own rate is where its customers start from, so that a season teaches nothing about customers.
    Source: Online Retail II, four origins of February to April 2011: mean AUC .788 of plain trees, .795 with
            nights told apart, .798 with the logistic regression beside them, which alone has .790.
    """
    newest, start = customers.by_night()[-1], _rates(customers, churned)
    grown = trees.grow(customers, churned, {"objective": "binary:logistic", "eval_metric": "auc"}, offset=start)
    facts: dict[str, Any] = {"average": float(churned.mean()), "start": float(start.mean())}
    if set(baselines.RFM) <= set(customers.names):
        facts["logistic"] = dict(baselines.fit_logistic_rfm(customers, churned, horizon_days).facts)
    then = _rate_a_year_ago(customers.rows(newest), horizon_days)
    if then is not None:
        facts["since_last_year"] = _logit(float(churned[newest].mean())) - _logit(then)
    return Fitted("churn", "trees", horizon_days, customers.names, facts, grown)


def settled(fitted: Fitted, booster: Any, customers: Customers) -> Fitted:
    """The version with the shift that brings its mean halfway to what the season foretells for these customers.

    Source: Online Retail II, 10 September 2011: of a model without it 67 % churned, in truth 56.6 %.
    """
    then, since = _rate_a_year_ago(customers, fitted.horizon_days), fitted.facts.get("since_last_year")
    if then is None or since is None:
        return fitted
    raw = probability(replace(fitted, facts={**fitted.facts, "shift": 0.0}), booster, customers)
    rate = (float(raw.mean()) + _inverse(_logit(then) + since)) / 2
    return replace(fitted, facts={**fitted.facts, "shift": _shift_to(raw, rate)})


def probability(fitted: Fitted, booster: Any, customers: Customers) -> Array:
    """The probability of churn, at the rate that `settled` has said."""
    start = np.full(len(customers.matrix), fitted.facts["start"])
    odds = _logit(trees.predict(booster, customers, offset=start))
    if "logistic" in fitted.facts:
        odds = (odds + baselines.logistic_odds(customers, fitted.facts["logistic"])) / 2
    found: Array = _inverse(odds + fitted.facts.get("shift", 0.0))
    return found


def contributions(fitted: Fitted, booster: Any, customers: Customers) -> Array:
    """What each feature adds to the log odds, exactly: half of the trees' and half of the regression's."""
    found = trees.contributions(booster, customers)
    if "logistic" not in fitted.facts:
        return found
    terms = baselines.logistic_terms(customers, fitted.facts["logistic"])
    found = found / 2
    for place, name in enumerate(baselines.RFM):
        found[:, customers.names.index(name)] += terms[:, place] / 2
    return found


def shifted(probability: Array, by: float) -> Array:
    """The probabilities moved alike on the scale of log odds: their order and shape stay."""
    found: Array = _inverse(_logit(probability) + by)
    return found


def _rates(customers: Customers, churned: Array) -> Array:
    """Per row the log odds of churn on its night."""
    found = np.zeros(len(churned))
    for rows in customers.by_night():
        found[rows] = _logit(np.clip(churned[rows].mean(), 0.01, 0.99))
    return found


def _rate_a_year_ago(customers: Customers, horizon_days: int) -> float | None:
    """The share of those known a year ago who then ordered nothing for a quarter; None where that tells nothing.

    It says how the seasons differ: for a horizon of every season, or where too few were known, it does not help.
    """
    seen = season.population(customers)
    if seen.known_then < FEWEST_KNOWN or horizon_days > season.HALF_DAYS:
        return None
    return seen.silent_then / seen.known_then


def _shift_to(probability: Array, rate: float) -> float:
    """The shift that brings the mean to the rate, by halving."""
    low, high = -10.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if shifted(probability, middle).mean() < rate else (low, middle)
    return (low + high) / 2


def _logit(rate: Any) -> Any:
    held = np.clip(rate, 1e-6, 1 - 1e-6)
    return np.log(held / (1 - held))


def _inverse(odds: Any) -> Any:
    return 1 / (1 + np.exp(-odds))


CHURN = Model(
    name="churn",
    outcome=outcome,
    fit=fit,
    baseline="recency_rule",
    rivals=("logistic_rfm",),
    metric=auc,
    metric_name="AUC",
    margin=0.02,
)
