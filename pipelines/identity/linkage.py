"""Groups of people from pairs with probabilities: average linkage, and the cut that needs no labels.

Connected components chain strangers; average linkage joins two groups only where the mean probability over all their
pairs is high. Pairs that were never looked at count as 0.
Source: Sumengen et al. (2021), "Scaling Hierarchical Agglomerative Clustering to Billion-sized Datasets": groups that
are each other's nearest merge in rounds, which gives the same tree as one merge after the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ids = NDArray[np.int64]
Real = NDArray[np.float64]
Members = NDArray[np.bool_]

LOWEST = 0.02
"""Merges below this mean probability are not followed: no cut lies there."""
LOWEST_CUT = 0.4
"""A wrong merge shows one person another's purchases: no cut lies lower, whatever recall it would bring."""
CUT_DIGITS = 1e6
FORBIDDEN = -np.inf
"""The probability of a pair that must never be together; no mean over a group that holds it is high."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of ids (left < right) and the probability that each is one person."""

    left: Ids
    right: Ids
    probability: Real


def chosen(pairs: Pairs, those: Members) -> Pairs:
    """Those of the pairs."""
    return Pairs(pairs.left[those], pairs.right[those], pairs.probability[those])


def together(one: Pairs, other: Pairs) -> Pairs:
    """The pairs of both."""
    return Pairs(
        np.concatenate([one.left, other.left]),
        np.concatenate([one.right, other.right]),
        np.concatenate([one.probability, other.probability]),
    )


@dataclass(frozen=True)
class Tree:
    """All merges: of which groups (by their smallest id), at which mean probability.

    Units: inside is the sum of probabilities that a merge takes in, pairs the number of pairs; kept are the pairs
           inside the groups that it began with, which are certain; expected are all pairs that are one person, as far
           as the probabilities know.
    """

    groups: Ids
    left: Ids
    right: Ids
    height: Real
    inside: Real
    pairs: Real
    kept: float
    expected: float


@dataclass(frozen=True)
class Cut:
    """Where the tree is cut, and what is expected of the groups below.

    Units: height is a mean probability; precision, recall and f1 count pairs, as the probabilities expect them.
    """

    height: float
    precision: float
    recall: float
    f1: float


def average_linkage(groups: Ids, pairs: Pairs, *, once: Members | None = None, lowest: float = LOWEST) -> Tree:
    """The merges of groups (the smallest id of each id's group), highest mean probability first within a branch.

    Shape: once has a row per id and a column per source that is free of duplicates, true where the id is of the source,
           or per pair that is never one person: no merge brings two of one column together.
    Units: merges below the mean probability `lowest` are not followed.
    """
    whole_size = np.bincount(groups, minlength=len(groups)).astype(np.float64)
    kept = float((whole_size * (whole_size - 1) / 2).sum())
    ends = [groups[pairs.left], groups[pairs.right]]
    is_between = ends[0] != ends[1]
    expected = kept + float(pairs.probability[is_between & (pairs.probability > 0)].sum())
    ids, left, right, shared = _within_reach(ends[0], ends[1], pairs.probability, count=len(groups), lowest=lowest)
    size, taken = whole_size[ids], _taken(groups, once)[ids]
    left, right, shared = _between(np.arange(len(ids)), left, right, shared)
    merges = []
    while len(left):
        free = ~(taken[left] & taken[right]).any(axis=1)
        left, right, shared = left[free], right[free], shared[free]
        best, height = _nearest(len(ids), left, right, shared / (size[left] * size[right]))
        first = np.flatnonzero(best >= 0)
        first = first[(best[best[first]] == first) & (first < best[first]) & (height[first] >= lowest)]
        if not len(first):
            break
        second = best[first]
        number = size[first] * size[second]
        merges.append((ids[first], ids[second], height[first], height[first] * number, number))
        size[first] += size[second]
        taken[first] |= taken[second]
        into = np.arange(len(ids))
        into[second] = first
        left, right, shared = _between(into, left, right, shared)
    found = [np.concatenate(column) for column in zip(*merges, strict=True)] if merges else [np.empty(0)] * 5
    left, right = found[0].astype(np.int64), found[1].astype(np.int64)
    return Tree(groups, left, right, height=found[2], inside=found[3], pairs=found[4], kept=kept, expected=expected)


def _within_reach(left: Ids, right: Ids, shared: Real, *, count: int, lowest: float) -> tuple[Ids, Ids, Ids, Real]:
    """The groups that a merge may reach, and the pairs among them by their places.

    A mean as high as `lowest` needs one pair as high, so no merge crosses what such pairs leave apart.
    """
    strong = shared >= lowest
    reach = smallest_of_components(count, left[strong], right[strong])
    inside = (reach[left] == reach[right]) & (left != right)
    ids, places = np.unique(np.concatenate([left[inside], right[inside]]), return_inverse=True)
    half = len(places) // 2
    return ids, places[:half].astype(np.int64), places[half:].astype(np.int64), shared[inside]


def best_cut(tree: Tree) -> Cut:
    """The cut with the largest expected pairwise F1, not below LOWEST_CUT; 1 where nothing is to be merged.

    Units: F1 is 2 * (sum of p inside groups) / (pairs inside groups + sum of all p).
    """
    order = np.argsort(-tree.height, kind="stable")
    inside = tree.kept + np.concatenate([[0.0], np.cumsum(tree.inside[order])])
    pairs = tree.kept + np.concatenate([[0.0], np.cumsum(tree.pairs[order])])
    whole = max(tree.expected, np.finfo(float).tiny)
    f1 = 2 * inside / (pairs + whole)
    at = int(np.argmax(f1[: 1 + np.count_nonzero(tree.height >= LOWEST_CUT)]))
    # Kept with six digits: rounded up, the merge at the cut would be undone on the night after.
    height = float(np.floor(tree.height[order][at - 1] * CUT_DIGITS) / CUT_DIGITS) if at else 1.0
    precision = float(inside[at] / pairs[at]) if pairs[at] else 1.0
    return Cut(height, precision, float(inside[at] / whole), float(f1[at]))


def groups_at(tree: Tree, height: float) -> Ids:
    """The smallest id of each id's group when the tree is cut at a height."""
    kept = tree.height >= height
    ids = np.arange(len(tree.groups))
    return smallest_of_components(
        len(ids), np.concatenate([ids, tree.left[kept]]), np.concatenate([tree.groups, tree.right[kept]])
    )


def smallest_of_components(count: int, left: Ids, right: Ids) -> Ids:
    """The smallest id of the connected component of each of `count` ids."""
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    smallest = np.full(int(labels.max(initial=-1)) + 1, count)
    np.minimum.at(smallest, labels, np.arange(count))
    found: Ids = smallest[labels]
    return found


def exact_groups(groups: Ids, left: Ids, right: Ids, *, once: Members | None = None) -> Ids:
    """The smallest id of each id's group by pairs that are certain, but for those that would break `once`.

    Units: groups are those to begin with (the smallest id of each id's group), which nothing breaks.
    """
    count = len(groups)
    if once is None or not once.any():
        ids = np.arange(count)
        return smallest_of_components(count, np.concatenate([ids, left]), np.concatenate([groups, right]))
    home, taken = groups.tolist(), _taken(groups, once)

    def found(place: int) -> int:
        while home[place] != place:
            home[place] = home[home[place]]
            place = home[place]
        return place

    for one, other in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        a, b = sorted((found(one), found(other)))
        if a != b and not (taken[a] & taken[b]).any():
            home[b] = a
            taken[a] |= taken[b]
    return np.array([found(place) for place in range(count)], dtype=np.int64)


def _taken(groups: Ids, once: Members | None) -> Members:
    """By group: which sources that are free of duplicates it has a record of."""
    taken = np.zeros((len(groups), 0 if once is None else once.shape[1]), dtype=bool)
    if once is not None:
        np.logical_or.at(taken, groups, once)
    return taken


def _between(into: Ids, left: Ids, right: Ids, shared: Real) -> tuple[Ids, Ids, Real]:
    """The pairs of groups, lower id first, with the sum of their shared probability."""
    a, b = into[left], into[right]
    apart = a != b
    a, b, shared = a[apart], b[apart], shared[apart]
    codes = np.minimum(a, b).astype(np.int64) * len(into) + np.maximum(a, b)
    found, place = np.unique(codes, return_inverse=True)
    summed: Real = np.bincount(place, shared, minlength=len(found)).astype(np.float64)
    return found // len(into), found % len(into), summed


def _nearest(count: int, left: Ids, right: Ids, mean: Real) -> tuple[Ids, Real]:
    """Each group's nearest other and its mean probability (-1 and 0 without any); the lower id settles ties."""
    ends, others, means = np.concatenate([left, right]), np.concatenate([right, left]), np.concatenate([mean, mean])
    order = np.lexsort((others, -means, ends))
    ends, first = ends[order], np.ones(len(ends), dtype=bool)
    first[1:] = ends[1:] != ends[:-1]
    best, height = np.full(count, -1, dtype=np.int64), np.zeros(count)
    best[ends[first]], height[ends[first]] = others[order][first], means[order][first]
    return best, height
