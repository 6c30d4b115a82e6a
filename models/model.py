"""What a model is: a label at a horizon, a way to fit it, a baseline that it must beat, and a metric to judge by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Metric = Callable[[Array, Array, Array], Array]
"""(outcome, prediction, weights: one row per resample) to one figure per resample; higher is better."""


@dataclass(frozen=True)
class Customers:
    """Customers as numbers: one row each, one column per feature; NaN where a value is unknown.

    Units: nights are days since 1970 per row; None where all are of one night.
    """

    names: tuple[str, ...]
    matrix: Array
    nights: Array | None = None

    def column(self, name: str) -> Array:
        """One feature as 64-bit numbers."""
        return self.matrix[:, self.names.index(name)].astype(np.float64)

    def known(self, name: str, otherwise: float = 0.0) -> Array:
        """One feature with a number where it is unknown."""
        return np.nan_to_num(self.column(name), nan=otherwise)

    def by_night(self) -> list[Array]:
        """Which rows belong to each night, the newest last."""
        if self.nights is None:
            return [np.ones(len(self.matrix), dtype=bool)]
        return [self.nights == night for night in np.unique(self.nights)]

    def only(self, names: tuple[str, ...]) -> "Customers":
        """The same customers with these features in this order."""
        if names == self.names:
            return self
        return Customers(names, self.matrix[:, [self.names.index(name) for name in names]], self.nights)

    def rows(self, mask: Array) -> "Customers":
        """The customers where mask is true."""
        return Customers(self.names, self.matrix[mask], None if self.nights is None else self.nights[mask])


@dataclass(frozen=True)
class Predicted:
    """What a model says of each customer.

    Units: orders are the days with an order in the horizon; None where the model tells none.
    """

    values: Array
    orders: Array | None = None


@dataclass(frozen=True)
class Fitted:
    """A fitted model or baseline: numbers that fit into JSON, and the trees where there are any.

    Units: grade as in DESIGN: A to C champion, E baseline; version is empty until it is registered.
    """

    model: str
    kind: str
    horizon_days: int
    features: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    trees: bytes | None = None
    grade: str = "E"
    version: str = ""


Fit = Callable[[Customers, Array, int], Fitted]
"""(customers, outcome, horizon in days) to what was learned."""


@dataclass(frozen=True)
class Sooner:
    """Customers on newer nights, and what they did in windows half as long, which close with the whole ones."""

    customers: Customers
    outcome: Array


class Learn(Protocol):
    """What a model learns of whole windows and, where it is given them, of half ones."""

    def __call__(
        self, customers: Customers, outcome: Array, horizon_days: int, /, *, sooner: Sooner | None = None
    ) -> Fitted:
        """What was learned."""


@dataclass(frozen=True)
class Model:
    """One thing that is predicted about a customer.

    Units: outcome takes (orders, net spend) in the horizon; baseline is the named one that decides a promotion;
           rivals are the further baselines that grades A and B must beat; margin is the gain that grade A needs;
           least is the score below which a ranking is not worth acting upon;
           learns_sooner tells whether windows of half the horizon teach it too; grown is how its first trees are
           grown where that differs from `trees.PARAMETERS`.
    """

    name: str
    outcome: Callable[[Array, Array], Array]
    fit: Learn
    baseline: str
    rivals: tuple[str, ...]
    metric: Metric
    metric_name: str
    margin: float
    least: float = 0.0
    learns_sooner: bool = False
    grown: Mapping[str, Any] = field(default_factory=dict)
