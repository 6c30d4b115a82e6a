"""The space in which customers are told apart: recency, orders and basket, as logarithms without their extremes.

None of them moves by what others do, and only recency moves by waiting: all else takes an order or a return.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from models.model import Array, Customers

TAIL = 0.01
"""The share of customers at either end who are taken as if they stood at its edge: one wholesaler is no segment."""


@dataclass(frozen=True)
class Dimension:
    """One axis: ln(1 + of / per), of what a feature holds; without `per`, of the feature itself."""

    name: str
    of: str
    per: str = ""


DIMENSIONS = (
    Dimension("recency", "days_since_last_order"),
    Dimension("orders", "orders_count"),
    Dimension("basket", "net_amount", "orders_count"),
)
READS = tuple(dict.fromkeys(name for one in DIMENSIONS for name in (one.of, one.per) if name))


def logarithms(customers: Customers) -> Array:
    """One row per customer, one column per dimension."""
    return np.column_stack([np.log1p(np.maximum(_amount(customers, one), 0)) for one in DIMENSIONS])


def scales(found: Array) -> dict[str, list[float]]:
    """What brings each dimension to mean 0 and spread 1, its extremes cut.

    Units: of the logarithms.
    """
    low, high = np.quantile(found, [TAIL, 1 - TAIL], axis=0)
    within = np.clip(found, low, high)
    spread = np.maximum(within.std(axis=0), 1e-6)
    named = {"low": low, "high": high, "mean": within.mean(axis=0), "spread": spread}
    return {name: numbers.tolist() for name, numbers in named.items()}


def places(found: Array, scale: Mapping[str, Any]) -> Array:
    """Where customers stand in the space, from their logarithms."""
    low, high, mean, spread = (np.array(scale[name]) for name in ("low", "high", "mean", "spread"))
    placed: Array = (np.clip(found, low, high) - mean) / spread
    return placed


def place_columns(scale: Mapping[str, Sequence[float]]) -> list[Column]:
    """The same of a row of features in Spark."""
    numbers = zip(*(scale[name] for name in ("low", "high", "mean", "spread")), strict=True)
    return [_place_column(one, *of) for one, of in zip(DIMENSIONS, numbers, strict=True)]


def _place_column(one: Dimension, low: float, high: float, mean: float, spread: float) -> Column:
    amount = F.coalesce(F.col(one.of).cast("double"), F.lit(0.0))
    if one.per:
        amount = amount / F.greatest(F.coalesce(F.col(one.per).cast("double"), F.lit(0.0)), F.lit(1.0))
    found = F.log1p(F.greatest(amount, F.lit(0.0)))
    return (F.least(F.greatest(found, F.lit(low)), F.lit(high)) - mean) / spread


def _amount(customers: Customers, one: Dimension) -> Array:
    amount = customers.known(one.of)
    divided: Array = amount / np.maximum(customers.known(one.per), 1) if one.per else amount
    return divided
