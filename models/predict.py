"""The prediction of any fitted model, whatever its kind: one way in for tests, training and scoring."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from models import baselines, explain, lifetime_value, trees
from models.model import Array, Customers, Fitted


@dataclass(frozen=True)
class Prediction:
    """A loaded model: `values` predicts, `reasons` says in words what moved the prediction."""

    values: Callable[[Customers], Array]
    reasons: Callable[[Customers, Array, date], list[list[str]]]


def loaded(fitted: Fitted) -> Prediction:
    """The model ready to predict; its trees are read once."""
    if fitted.trees is None:
        return Prediction(
            lambda customers: baselines.predict(fitted, customers),
            lambda customers, values, night: explain.rule_reasons(fitted, values, customers, night),
        )
    booster = trees.load(fitted.trees)

    def values(customers: Customers) -> Array:
        mine = customers.only(fitted.features)
        if fitted.model == "lifetime_value":
            return lifetime_value.blend(fitted, booster, mine)
        return trees.predict(booster, mine)

    def reasons(customers: Customers, values: Array, night: date) -> list[list[str]]:  # noqa: ARG001
        mine = customers.only(fitted.features)
        return explain.reasons(trees.contributions(booster, mine), mine.names, customers, night)

    return Prediction(values, reasons)
