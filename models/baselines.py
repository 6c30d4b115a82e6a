"""Named baselines: what a good analyst would do by hand. They score until a model beats them, with grade E."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from models import repeat_spend
from models.model import Array, Customers, Fit, Fitted

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "recency_rule": "the recency rule",
        "logistic_rfm": "logistic RFM",
        "last_year_spend": "last year's spend",
        "average_spend": "average spend",
        "bgnbd": "BG/NBD",
    }
)
"""The names of baselines, as `called` gives them."""
YEAR_DAYS = 365
YOUNG_DAYS = 30
"""A customer counts as at least this old, lest one order on day one becomes twelve a year."""

Predict = Callable[[Customers, Mapping[str, Any], int], Array]


def called(rival: str) -> str:
    """What a baseline, or the champion, is called in a sentence."""
    return WORDS.get(rival, f"the {rival}")


def fit_recency_rule(customers: Customers, outcome: Array, horizon_days: int) -> Fitted:
    """Churn: the longer silent, the likelier gone; the curve is what happened at each recency."""
    facts: dict[str, Any] = {"days": [], "rates": []}
    if len(outcome):
        from sklearn.isotonic import IsotonicRegression

        curve = IsotonicRegression(out_of_bounds="clip").fit(customers.column("days_since_last_order"), outcome)
        facts = {"days": curve.X_thresholds_.tolist(), "rates": curve.y_thresholds_.tolist()}
    return _baseline("churn", "recency_rule", horizon_days, ("days_since_last_order",), facts)


def fit_logistic_rfm(customers: Customers, outcome: Array, horizon_days: int) -> Fitted:
    """Churn: a logistic regression on recency, frequency, money and age."""
    from sklearn.linear_model import LogisticRegression

    inputs = _logs(customers)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    learned = LogisticRegression(max_iter=200).fit((inputs - mean) / spread, outcome)
    facts = {"mean": mean.tolist(), "spread": spread.tolist(), "weights": learned.coef_[0].tolist()}
    return _baseline("churn", "logistic_rfm", horizon_days, RFM, facts | {"constant": float(learned.intercept_[0])})


def fit_last_year_spend(customers: Customers, outcome: Array, horizon_days: int) -> Fitted:
    """Value: what was spent in the last 365 days, brought to the horizon and to the total that was seen since."""
    fitted = _baseline("lifetime_value", "last_year_spend", horizon_days, ("net_amount_365d",), {"scale": 1.0})
    return _scaled(fitted, customers, outcome)


def fit_average_spend(customers: Customers, outcome: Array, horizon_days: int) -> Fitted:
    """Value: what was ever spent, per day since the first order."""
    features = ("net_amount", "days_since_first_order")
    fitted = _baseline("lifetime_value", "average_spend", horizon_days, features, {"scale": 1.0})
    return _scaled(fitted, customers, outcome)


def fit_bgnbd(customers: Customers, outcome: Array, horizon_days: int) -> Fitted:
    """Value: BG/NBD times Gamma-Gamma of the newest night; last year's spend where they cannot be fitted."""
    newest = customers.by_night()[-1]
    learned = repeat_spend.learned(customers.rows(newest))
    if "purchases" not in learned:
        plain = fit_last_year_spend(customers, outcome, horizon_days)
        return replace(plain, facts={**plain.facts, "refused": learned["refused"]})
    facts = {"scale": 1.0, "repeating": learned}
    return _scaled(_baseline("lifetime_value", "bgnbd", horizon_days, repeat_spend.READS, facts), customers, outcome)


def predict(fitted: Fitted, customers: Customers) -> Array:
    """The baseline's prediction for each customer."""
    return PREDICTIONS[fitted.kind](customers, fitted.facts, fitted.horizon_days)


def logistic_odds(customers: Customers, facts: Mapping[str, Any]) -> Array:
    """The log odds of the logistic regression."""
    found: Array = logistic_terms(customers, facts).sum(axis=1) + facts["constant"]
    return found


def logistic_terms(customers: Customers, facts: Mapping[str, Any]) -> Array:
    """What each feature of RFM adds to them, against the average customer that it learned of."""
    inputs = (_logs(customers) - np.array(facts["mean"])) / np.array(facts["spread"])
    found: Array = inputs * np.array(facts["weights"])
    return found


RFM = ("days_since_last_order", "orders_count", "net_amount", "days_since_first_order", "orders_count_365d")


def _recency_rule(customers: Customers, facts: Mapping[str, Any], horizon_days: int) -> Array:
    days = customers.known("days_since_last_order")
    rising: Array = days / (days + horizon_days)
    if not facts["days"]:
        return rising
    # A sliver of the plain rule breaks the ties of the curve, so that the rule ranks as recency itself does.
    seen = np.interp(days, facts["days"], facts["rates"])
    curve: Array = 0.999 * seen + 0.001 * rising
    return curve


def _logistic_rfm(customers: Customers, facts: Mapping[str, Any], horizon_days: int) -> Array:  # noqa: ARG001
    found: Array = 1 / (1 + np.exp(-logistic_odds(customers, facts)))
    return found


def _last_year_spend(customers: Customers, facts: Mapping[str, Any], horizon_days: int) -> Array:
    spend: Array = np.maximum(customers.known("net_amount_365d"), 0) * horizon_days / YEAR_DAYS * facts["scale"]
    return spend


def _average_spend(customers: Customers, facts: Mapping[str, Any], horizon_days: int) -> Array:
    age = np.maximum(customers.known("days_since_first_order"), YOUNG_DAYS)
    spend: Array = np.maximum(customers.known("net_amount"), 0) / age * horizon_days * facts["scale"]
    return spend


def _bgnbd(customers: Customers, facts: Mapping[str, Any], horizon_days: int) -> Array:
    expected = repeat_spend.value(facts["repeating"], customers, horizon_days)
    return np.zeros(len(customers.matrix)) if expected is None else expected * facts["scale"]


PREDICTIONS: Mapping[str, Predict] = MappingProxyType(
    {
        "recency_rule": _recency_rule,
        "logistic_rfm": _logistic_rfm,
        "last_year_spend": _last_year_spend,
        "average_spend": _average_spend,
        "bgnbd": _bgnbd,
    }
)
FITS: Mapping[str, Fit] = MappingProxyType(
    {
        "recency_rule": fit_recency_rule,
        "logistic_rfm": fit_logistic_rfm,
        "last_year_spend": fit_last_year_spend,
        "average_spend": fit_average_spend,
        "bgnbd": fit_bgnbd,
    }
)


def _logs(customers: Customers) -> Array:
    return np.column_stack([np.log1p(np.maximum(customers.known(name), 0)) for name in RFM])


def _scaled(fitted: Fitted, customers: Customers, outcome: Array) -> Fitted:
    expected = predict(fitted, customers).sum() if len(outcome) else 0.0
    scale = float(np.clip(outcome.sum() / expected, 0.1, 10)) if expected > 0 else 1.0
    return replace(fitted, facts={**fitted.facts, "scale": scale})


def _baseline(model: str, kind: str, horizon_days: int, features: tuple[str, ...], facts: Mapping[str, Any]) -> Fitted:
    return Fitted(model, kind, horizon_days, features, dict(facts))
