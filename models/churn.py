"""Churn: no order in the next `horizon_days` days, or with subscriptions no cover (`models/cover.py`)."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from models import baselines, season, trees
from models.eligibility import RUNNING
from models.metrics import auc
from models.model import Array, Customers, Fitted, Model, Sooner

OBJECTIVE = MappingProxyType({"objective": "binary:logistic", "eval_metric": "auc", "max_depth": 3})
LEAST_AUC = 0.6
"""In every test: between .5 and .7 a ranking is not much better than tossing a coin.

Source: Hosmer, Lemeshow and Sturdivant (2013), "Applied Logistic Regression", 3rd edition, section 5.2.4.
"""
LOGISTIC_SHARE = 0.3
"""Of the regression beside the trees; .2 to .5 were alike at the origins that `fit` names."""
CONTRACT_ROUNDS = 150
"""Of 80, 150 and 250 where subscriptions are told: chosen on two made-up shops that no figure is told of."""
FEWEST_KNOWN = 100
"""Customers who must have been known a year ago before what they did then tells tonight's rate."""


def outcome(orders: Array, net_spend: Array) -> Array:  # noqa: ARG001
    """1 for a customer without an order in the window, else 0 (a return is no order); NaN where it is still open."""
    churned: Array = np.where(np.isnan(orders), np.nan, orders == 0)
    return churned


def fit(customers: Customers, churned: Array, horizon_days: int, *, sooner: Sooner | None = None) -> Fitted:
    """What tells who leaves: of cover where all who are learned of have one, and nobody looked at half windows."""
    if sooner is None and RUNNING in customers.names and not np.isnan(customers.column(RUNNING)).any():
        return fit_cover(customers, churned, horizon_days)
    return fit_orders(customers, churned, horizon_days, sooner=sooner)


def fit_cover(customers: Customers, churned: Array, horizon_days: int) -> Fitted:
    """Trees of whole windows alone, at the mean rate of the nights: no season of orders foretells who renews.

    Source: docs/decisions/0016: a regression on recency, frequency and money, and half windows, in which half of the
            renewals do not fall, took from AUC and calibration.
    """
    start = float(_rates(customers, churned).mean())
    grown = trees.grow(customers, churned, OBJECTIVE, offset=np.full(len(churned), start), rounds=CONTRACT_ROUNDS)
    facts = {"average": float(churned.mean()), "start": start, "rounds": CONTRACT_ROUNDS}
    return Fitted("churn", "trees", horizon_days, customers.names, facts, grown)


def fit_orders(customers: Customers, churned: Array, horizon_days: int, *, sooner: Sooner | None = None) -> Fitted:
    """Trees and a logistic regression, and how the newest night's rate lay beside that of a year before it.

    Both are learned once of whole windows and, where they are given, once more of half ones; what is predicted is their
    mean. Each night's own rate is where its customers start from, so that a season teaches nothing about customers.
    Source: Online Retail II, four origins of February to April 2011: mean AUC .788 of plain trees, .795 with
            nights told apart, .798 with the logistic regression beside them, which alone has .790. Six origins of
            September 2010 to February 2011, whose windows all closed by 13 May 2011: half windows beside whole ones,
            trees of depth 3 and a weight of .3 gained .0013 (standard error .0003), none of the six lost; at the same
            spread of odds the error of the calibration's shape stayed at .029, without it .030.
    """
    newest = customers.by_night()[-1]
    start = float(_rates(customers, churned).mean())
    facts: dict[str, Any] = {"average": float(churned.mean()), "start": start, "logistic_share": LOGISTIC_SHARE}
    taught = [(customers, churned), *([(sooner.customers, sooner.outcome)] if sooner else [])]
    grown = [trees.grow(known, left, OBJECTIVE, offset=_rates(known, left)) for known, left in taught]
    facts["sizes"] = [len(part) for part in grown]
    facts["lines"] = _lines([_tree_odds(trees.load(part), customers, start) for part in grown])
    if set(baselines.RFM) <= set(customers.names):
        facts["logistic"] = _logistic(taught, horizon_days)
    then = _rate_a_year_ago(customers.rows(newest), horizon_days)
    if then is not None:
        facts["since_last_year"] = _logit(float(churned[newest].mean())) - _logit(then)
    return Fitted("churn", "trees", horizon_days, customers.names, facts, b"".join(grown))


def load(fitted: Fitted) -> list[Any]:
    """The boosters of a version, which lie one behind the other in its file; an earlier recipe had one."""
    kept = fitted.trees or b""
    return trees.parted(kept, fitted.facts.get("sizes", [len(kept)]))


def settled(fitted: Fitted, boosters: Sequence[Any], customers: Customers) -> Fitted:
    """The version with the shift that brings its mean halfway to what the season foretells for these customers.

    Source: Online Retail II, 10 September 2011: of a model without it 67 % churned, in truth 56.6 %.
    """
    then, since = _rate_a_year_ago(customers, fitted.horizon_days), fitted.facts.get("since_last_year")
    if then is None or since is None:
        return fitted
    raw = probability(replace(fitted, facts={**fitted.facts, "shift": 0.0}), boosters, customers)
    rate = (float(raw.mean()) + _inverse(_logit(then) + since)) / 2
    return replace(fitted, facts={**fitted.facts, "shift": _shift_to(raw, rate)})


def probability(fitted: Fitted, boosters: Sequence[Any], customers: Customers) -> Array:
    """The probability of churn, at the rate that `settled` has said."""
    each = [_tree_odds(booster, customers, fitted.facts["start"]) for booster in boosters]
    odds = sum(by * of + moved for of, (by, moved) in zip(each, _lines_of(fitted), strict=True)) / len(each)
    if "logistic" in fitted.facts:
        share = _logistic_share(fitted)
        odds = (1 - share) * odds + share * baselines.logistic_odds(customers, fitted.facts["logistic"])
    found: Array = _inverse(odds + fitted.facts.get("shift", 0.0))
    return found


def contributions(fitted: Fitted, boosters: Sequence[Any], customers: Customers) -> Array:
    """What each feature adds to the log odds, exactly: the mean of the trees', and the regression's share."""
    each = [trees.contributions(booster, customers) for booster in boosters]
    found: Array = np.asarray(sum(by * of for of, (by, _) in zip(each, _lines_of(fitted), strict=True))) / len(each)
    if "logistic" not in fitted.facts:
        return found
    share, terms = _logistic_share(fitted), baselines.logistic_terms(customers, fitted.facts["logistic"])
    found = found * (1 - share)
    for place, name in enumerate(baselines.RFM):
        found[:, customers.names.index(name)] += terms[:, place] * share
    return found


def shifted(probability: Array, by: float) -> Array:
    """The probabilities moved alike on the scale of log odds: their order and shape stay."""
    found: Array = _inverse(_logit(probability) + by)
    return found


def _tree_odds(booster: Any, customers: Customers, start: float) -> Array:
    """The log odds of customers who all start from the same rate."""
    found: Array = _logit(trees.predict(booster, customers, offset=np.full(len(customers.matrix), start)))
    return found


def _lines(odds: Sequence[Array]) -> list[list[float]]:
    """Per predictor the factor and the shift that give its log odds the mean and the spread of the first one's.

    Half a window tells customers less apart than a whole one does.
    """
    first = odds[0]
    factors = [float(first.std() / each.std()) if each.std() > 0 else 1.0 for each in odds]
    return [[by, float(first.mean() - by * each.mean())] for by, each in zip(factors, odds, strict=True)]


def _lines_of(fitted: Fitted) -> list[list[float]]:
    """Those of a version; an earlier recipe had one predictor."""
    found: list[list[float]] = fitted.facts.get("lines", [[1.0, 0.0]])
    return found


def _logistic(taught: Sequence[tuple[Customers, Array]], horizon_days: int) -> dict[str, Any]:
    """The mean of a regression per window length, on the inputs of the first and with the mean and spread of its odds.

    A sum of regressions is a regression again: it is kept as one.
    """
    each = [baselines.fit_logistic_rfm(known, left, horizon_days).facts for known, left in taught]
    mean, spread = np.array(each[0]["mean"]), np.array(each[0]["spread"])
    lines = _lines([baselines.logistic_odds(taught[0][0], facts) for facts in each])
    weights, constant = np.zeros(len(mean)), 0.0
    for facts, (by, moved) in zip(each, lines, strict=True):
        slopes = by * np.array(facts["weights"]) / np.array(facts["spread"])
        weights += slopes * spread / len(each)
        centred = float((slopes * (mean - np.array(facts["mean"]))).sum())
        constant += (by * facts["constant"] + moved + centred) / len(each)
    found = {"mean": mean.tolist(), "spread": spread.tolist(), "weights": weights.tolist()}
    return {**found, "constant": constant}


def _logistic_share(fitted: Fitted) -> float:
    """The regression's weight beside the trees; in an earlier recipe one half."""
    return float(fitted.facts.get("logistic_share", 0.5))


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
    least=LEAST_AUC,
    learns_sooner=True,
    grown=OBJECTIVE,
)
