"""The population stability index: how far customers or rows by bin lie from those they are held against.

Source: Siddiqi (2006), "Credit Risk Scorecards": sum over bins of (actual - expected) * ln(actual / expected); below
        0.1 nothing has changed, above 0.25 much has. Its expectation under chance is (bins - 1) (1/n + 1/m) for n rows
        against m (Yurdakul 2018, "Statistical Properties of Population Stability Index").
"""

from collections.abc import Mapping
from math import log, sqrt

SMALLEST = 0.0001
"""A share of 0 counts as this one, so that a category that appears or vanishes weighs much and not infinitely."""
WATCH = 0.1
DRIFT = 0.25
FEWEST_ROWS = 100
"""Fewer rows, on either side, say nothing about a distribution."""


def stability_index(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """The index of rows by bin against those of another time; neither side may be empty."""
    rows, known = sum(now.values()), sum(before.values())
    bins = sorted({*now, *before})
    shares = [max(now.get(name, 0.0) / rows, SMALLEST) for name in bins]
    expected = [max(before.get(name, 0.0) / known, SMALLEST) for name in bins]
    return sum((share - usual) * log(share / usual) for share, usual in zip(shares, expected, strict=True))


def chance(bins: int, rows: float, known: float) -> float:
    """What the index of so many rows against so many known ones hardly ever exceeds if nothing has changed."""
    free = max(bins - 1, 0)
    return (free + 6 * sqrt(2 * free)) * (1 / rows + 1 / known)
