"""What each feature adds to the prediction of trees, exactly, as `xgboost` tells it and some times faster.

Trees are shallow: on the way to a leaf lie at most a handful of features, and what a leaf gives to each of them depends
on no more than which of their conditions a customer meets. So each leaf's shares are worked out once, in a table.

Source: Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import factorial
from typing import Any

import numpy as np

from models.model import Array

Condition = tuple[int, float, bool, bool]
"""Feature, threshold, whether an unknown value goes below it, and whether the way goes below it."""
Way = tuple[dict[int, list[Condition]], list[float], float]


@dataclass(frozen=True)
class Leaf:
    """The end of one way through a tree.

    Shape: conditions by feature; shares has a row for every set of features whose conditions are met (bit by bit, in
           the order of conditions) and a column per feature.
    """

    conditions: dict[int, list[Condition]]
    shares: Array


def contributions(booster: Any, matrix: Array) -> Array:
    """What each column adds to each row's prediction on the link's scale, without the bias."""
    columns = np.ascontiguousarray(matrix.T, dtype=np.float32)
    unknown = np.isnan(columns)
    found = np.zeros(columns.shape)
    for leaves in _trees(booster):
        below: dict[Condition, Array] = {}
        for leaf in leaves:
            met = np.zeros(columns.shape[1], dtype=np.intp)
            for bit, conditions in enumerate(leaf.conditions.values()):
                each = [_meets(condition, columns, unknown, below) for condition in conditions]
                met += reduce(np.logical_and, each).astype(np.intp) << bit
            for place, feature in enumerate(leaf.conditions):
                found[feature] += leaf.shares[place].take(met)
    return np.ascontiguousarray(found.T)


def _meets(condition: Condition, columns: Array, unknown: Array, below: dict[Condition, Array]) -> Array:
    """Who meets a condition; both ways from a node are looked up in one comparison."""
    feature, threshold, unknown_below, goes_below = condition
    key = (feature, threshold, unknown_below, True)
    if key not in below:
        column = columns[feature] < np.float32(threshold)
        below[key] = column | unknown[feature] if unknown_below else column
    return below[key] if goes_below else ~below[key]


@lru_cache(maxsize=4)
def _trees(booster: Any) -> list[list[Leaf]]:
    dumped = booster.get_dump(dump_format="json", with_stats=True)
    ways = [list(_ways(json.loads(tree), [], [])) for tree in dumped]
    tables = _tables([way for tree in ways for way in tree])
    return [[Leaf(conditions, next(tables)) for conditions, _, _ in tree] for tree in ways]


def _ways(node: dict[str, Any], way: list[Condition], kept: list[float]) -> Iterator[Way]:
    """Every leaf: its conditions by feature, the part of the customers that each feature keeps, and its value."""
    if "leaf" in node:
        conditions: dict[int, list[Condition]] = {}
        part: dict[int, float] = {}
        for condition, share in zip(way, kept, strict=True):
            conditions.setdefault(condition[0], []).append(condition)
            part[condition[0]] = part.get(condition[0], 1.0) * share
        yield conditions, list(part.values()), node["leaf"]
        return
    for child in node["children"]:
        goes_below = child["nodeid"] == node["yes"]
        unknown_below = node["missing"] == node["yes"]
        condition = (int(node["split"][1:]), float(node["split_condition"]), unknown_below, goes_below)
        yield from _ways(child, [*way, condition], [*kept, child["cover"] / node["cover"]])


def _tables(ways: list[Way]) -> Iterator[Array]:
    """The shares of every leaf; leaves of as many features are worked out together."""
    found: list[Array] = [np.zeros((0, 1))] * len(ways)
    for count in {len(parts) for _, parts, _ in ways if parts}:
        mine = [at for at, (_, parts, _) in enumerate(ways) if len(parts) == count]
        parts, values = np.array([ways[at][1] for at in mine]), np.array([ways[at][2] for at in mine])
        truth = (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(float)
        shares = np.zeros((len(mine), count, 2**count))
        for place in range(count):
            others = [bit for bit in range(count) if bit != place]
            gained = truth[:, place] - parts[:, [place]]
            shares[:, place] = values[:, None] * gained * _over_orders(truth[:, others], parts[:, others])
        for at, table in zip(mine, shares, strict=True):
            found[at] = table
    return iter(found)


def _over_orders(truth: Array, parts: Array) -> Array:
    """The mean over all orders of coming in: the truth of features that have come, the parts of those that have not.

    Shape: a row per leaf, a column per row of truth. Products over all sets of one size are the coefficients of a
           polynomial, to which every feature is a factor.
    """
    sizes = np.ones((len(parts), len(truth), 1))
    for place in range(truth.shape[1]):
        nothing = np.zeros((*sizes.shape[:2], 1))
        without = np.concatenate([sizes * parts[:, place, None, None], nothing], axis=2)
        sizes = without + np.concatenate([nothing, sizes * truth[None, :, place, None]], axis=2)
    count = sizes.shape[2]
    weights = [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]
    return np.asarray(sizes @ np.array(weights))
