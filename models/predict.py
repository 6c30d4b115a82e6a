"""The prediction of any fitted model, whatever its kind: one way in for tests, training and scoring."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from models import baselines, churn, lifetime_value, trees
from models.model import Array, Customers, Fitted, Predicted
from models.registry import unusable

RECIPES = {"churn": "start", "lifetime_value": "sizes"}
"""A fact that every version of today's recipe holds, by model."""
RULES = {"churn": ("days_since_last_order", "average"), "lifetime_value": ("net_amount_365d", "medium_amount")}
"""By model what its named baseline reads, and the fact that tells where a usual customer stands."""


@dataclass(frozen=True)
class Prediction:
    """A loaded model: `predicted` predicts; `contributions` is what each of `reads` adds to those predictions.

    Shape: contributions has one column per feature of reads, on the scale that the model adds up on.
    """

    predicted: Callable[[Customers], Predicted]
    reads: tuple[str, ...]
    contributions: Callable[[Customers, Array], Array]

    def values(self, customers: Customers) -> Array:
        """The prediction alone."""
        return self.predicted(customers).values


def is_readable(fitted: Fitted) -> bool:
    """Whether the version was made by today's recipe, or is a baseline."""
    return fitted.trees is None or RECIPES[fitted.model] in fitted.facts


def check_usable(fitted: Fitted, features: Collection[str]) -> None:
    """Refuse a version of an earlier recipe, or one that reads features that are no more.

    Raises: ModelUnusable.
    """
    _check(fitted)
    missing = [name for name in fitted.features if name not in features]
    if missing:
        raise unusable(f"it reads features that are no more: {', '.join(missing)}", fitted.model, fitted.version)


def settled(fitted: Fitted, customers: Customers) -> Fitted:
    """The version brought to the level that is expected of these customers' night: all of them, or a fair part.

    Baselines have a level of their own.

    Raises: ModelUnusable if an earlier recipe made the version.
    """
    _check(fitted)
    if fitted.trees is None or not len(customers.matrix):
        return fitted
    mine = customers.only(fitted.features)
    if fitted.model == "lifetime_value":
        return lifetime_value.settled(fitted, lifetime_value.load(fitted), mine)
    return churn.settled(fitted, churn.load(fitted), mine)


def loaded(fitted: Fitted) -> Prediction:
    """The model ready to predict; its trees are read once.

    Raises: ModelUnusable if an earlier recipe made the version.
    """
    _check(fitted)
    if fitted.trees is None:
        return _baseline(fitted)
    names = fitted.features
    if fitted.model == "lifetime_value":
        boosters = lifetime_value.load(fitted)
        return Prediction(
            lambda customers: lifetime_value.predicted(fitted, boosters, customers.only(names)),
            names,
            lambda customers, values: lifetime_value.contributions(fitted, boosters, customers.only(names)),  # noqa: ARG005
        )
    grown = churn.load(fitted)
    return Prediction(
        lambda customers: Predicted(churn.probability(fitted, grown, customers.only(names))),
        names,
        lambda customers, values: churn.contributions(fitted, grown, customers.only(names)),  # noqa: ARG005
    )


def _baseline(fitted: Fitted) -> Prediction:
    """A rule of thumb; its one reason is the feature that it rests on, against the average customer."""
    feature, average = RULES[fitted.model]
    usual = fitted.facts.get(average, 0.5)

    def against_average(customers: Customers, values: Array) -> Array:  # noqa: ARG001
        away = values - usual
        return np.asarray(np.where(away == 0, -1e-9, away)[:, None])

    return Prediction(lambda customers: Predicted(baselines.predict(fitted, customers)), (feature,), against_average)


def gains(fitted: Fitted) -> dict[str, float]:
    """The share of each feature in what the trees gained (the mean of several); nothing of a baseline."""
    if fitted.trees is None:
        return {}
    boosters = vars(lifetime_value.load(fitted)).values() if fitted.model == "lifetime_value" else churn.load(fitted)
    known = [one for one in boosters if one is not None]
    parts = [trees.gains(booster, fitted.features) for booster in known]
    return {name: sum(part[name] for part in parts) / len(parts) for name in fitted.features}


def _check(fitted: Fitted) -> None:
    if not is_readable(fitted):
        raise unusable("an earlier recipe made it", fitted.model, fitted.version)
