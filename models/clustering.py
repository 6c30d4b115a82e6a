"""Groups of customers that are there again in other samples of them, and lie apart: the choice among many tries."""

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from models.model import Array

COUNTS = range(3, 9)
KINDS: tuple["Kind", ...] = ("k-means", "Gaussian mixture")
RESAMPLES = 10
STABLE = 0.8
"""The least mean adjusted Rand index between the groups of all customers and those found in resamples of them.

Source: Hennig (2007), "Cluster-wise assessment of cluster stability": from .75 on a pattern, from .85 on a sure one."""
JUDGED = 4_000
"""Customers among whom stability is judged; the groups themselves are then those of all that were given."""
MEASURED = 2_000
"""Customers among whom the separation is measured: it takes the distance of every pair."""
SMALLEST = 0.02
"""A group of fewer customers than this share is no segment to work with."""
ROUNDS = 40
WIDEST = 1e-2
"""Added to the variances of a mixture, lest it shrinks to the customers with exactly one order."""

Kind = Literal["k-means", "Gaussian mixture"]


@dataclass(frozen=True)
class Groups:
    """Groups as centres and how customers scatter around them; a customer is of the likeliest.

    Shape: centres (groups, dimensions); roots (groups, dimensions, dimensions), of the precision; constants (groups).
    """

    centres: Array
    roots: Array
    constants: Array

    def likelihoods(self, places: Array) -> Array:
        """The log likelihood of each customer and group, less what all groups share."""
        away = places[:, None, :] - self.centres
        turned = np.einsum("ngd,gde->nge", away, self.roots)
        found: Array = self.constants - 0.5 * (turned**2).sum(axis=2)
        return found

    def of(self, places: Array) -> Array:
        """The number of each customer's group."""
        found: Array = np.argmax(self.likelihoods(places), axis=1)
        return found


@dataclass(frozen=True)
class Tried:
    """One way to group the customers, and how it did.

    Units: stability is the mean adjusted Rand index over resamples (of those looked at before it was hopeless);
           separation the mean silhouette, None where it was not stable; smallest the share of the smallest group.
    """

    kind: Kind
    count: int
    stability: float
    separation: float | None
    smallest: float

    @property
    def is_usable(self) -> bool:
        """Whether its groups are stable and none is tiny."""
        return self.separation is not None

    def facts(self) -> dict[str, Any]:
        """What is kept of it with the version."""
        return asdict(self)


def chosen(tried: list[Tried]) -> Tried | None:
    """The stable one whose groups lie furthest apart; None where none is stable."""
    usable = [one for one in tried if one.separation is not None]
    return max(usable, key=lambda one: (one.separation, one.stability, -one.count), default=None)


def tries(places: Array) -> list[Tried]:
    """Every kind and count, judged on a fair part of the customers."""
    judged = places[:JUDGED]
    return [_tried(kind, count, judged) for kind in KINDS for count in COUNTS if len(np.unique(judged, axis=0)) > count]


def grouped(kind: Kind, count: int, places: Array, *, seed: int = 0) -> Groups:
    """The groups of these customers."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    # Tiny steps: on a busy machine threads that wait for one another made them seven times slower.
    with warnings.catch_warnings(), threadpool_limits(1):
        # Few distinct customers, or a mixture that wants more rounds: its stability then speaks against it.
        warnings.simplefilter("ignore")
        if kind == "k-means":
            means = KMeans(count, n_init=3, random_state=seed).fit(places)
            return _round(np.asarray(means.cluster_centers_), float(means.inertia_) / max(1, places.size))
        mixed = GaussianMixture(count, reg_covar=WIDEST, max_iter=ROUNDS, tol=1e-2, random_state=seed).fit(places)
    roots = np.asarray(mixed.precisions_cholesky_)
    widths = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return Groups(np.asarray(mixed.means_), roots, np.log(mixed.weights_) + widths)


def agreement(one: Array, other: Array) -> float:
    """The adjusted Rand index: 1 where both group alike, about 0 where one says nothing about the other."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one, other))


def _round(centres: Array, variance: float) -> Groups:
    """The groups of k-means, as if customers scattered alike around every centre in every direction."""
    count, dimensions = centres.shape
    root = np.eye(dimensions) / np.sqrt(max(variance, 1e-6))
    return Groups(centres, np.repeat(root[None], count, axis=0), np.zeros(count))


def _tried(kind: Kind, count: int, places: Array) -> Tried:
    groups = grouped(kind, count, places).of(places)
    smallest = float(np.bincount(groups, minlength=count).min() / len(places))
    stability = _stability(kind, count, places, groups)
    is_usable = stability >= STABLE and smallest >= SMALLEST
    return Tried(kind, count, stability, _separation(places, groups) if is_usable else None, smallest)


def _stability(kind: Kind, count: int, places: Array, groups: Array) -> float:
    seen: list[float] = []
    for resampled in _resamples(len(places)):
        seen.append(agreement(groups, grouped(kind, count, places[resampled], seed=len(seen) + 1).of(places)))
        if sum(seen) + RESAMPLES - len(seen) < STABLE * RESAMPLES:
            break
    return float(np.mean(seen))


def _resamples(customers: int) -> Iterator[Array]:
    drawn = np.random.default_rng(customers)
    for _ in range(RESAMPLES):
        yield drawn.integers(0, customers, customers)


def _separation(places: Array, groups: Array) -> float:
    from sklearn.metrics import silhouette_score

    part = slice(None, MEASURED)
    return float(silhouette_score(places[part], groups[part])) if len(np.unique(groups[part])) > 1 else -1.0
