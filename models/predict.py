"""The prediction of any fitted model, whatever its kind: one way in for tests, training and scoring."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from models import baselines, churn, explain, lifetime_value, trees
from models.model import Array, Customers, Fitted
from models.registry import unusable

RECIPES = {"churn": "start", "lifetime_value": "sizes"}
"""A fact that every version of today's recipe holds, by model."""


@dataclass(frozen=True)
class Prediction:
    """A loaded model: `values` predicts, `reasons` says in words what moved the prediction."""

    values: Callable[[Customers], Array]
    reasons: Callable[[Customers, Array, date], list[list[str]]]


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
    return churn.settled(fitted, trees.load(fitted.trees), mine)


def loaded(fitted: Fitted) -> Prediction:
    """The model ready to predict; its trees are read once.

    Raises: ModelUnusable if an earlier recipe made the version.
    """
    _check(fitted)
    if fitted.trees is None:
        return Prediction(
            lambda customers: baselines.predict(fitted, customers),
            lambda customers, values, night: explain.rule_reasons(fitted, values, customers, night),
        )
    if fitted.model == "lifetime_value":
        boosters = lifetime_value.load(fitted)
        return Prediction(
            lambda customers: lifetime_value.blend(fitted, boosters, customers.only(fitted.features)),
            lambda customers, values, night: [],  # noqa: ARG005
        )
    booster = trees.load(fitted.trees)

    def reasons(customers: Customers, values: Array, night: date) -> list[list[str]]:  # noqa: ARG001
        mine = customers.only(fitted.features)
        return explain.reasons(churn.contributions(fitted, booster, mine), mine.names, customers, night)

    return Prediction(lambda customers: churn.probability(fitted, booster, customers.only(fitted.features)), reasons)


def _check(fitted: Fitted) -> None:
    if not is_readable(fitted):
        raise unusable("an earlier recipe made it", fitted.model, fitted.version)
