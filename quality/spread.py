"""How values spread over hours, sizes and groups, against the last good nights.

Source: the population stability index, as quality/rules/drift.py; its expectation under chance is
(bins - 1) (1/n + 1/m) for n rows against m (Yurdakul 2018, "Statistical Properties of Population Stability Index").
"""

from collections.abc import Mapping

import numpy as np

from quality.rules import DRIFT
from quality.rules.drift import SMALLEST

FEWEST_ROWS = 100
"""Fewer rows, of a night or of all those before, say nothing about a distribution."""


def drift(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """The population stability index of rows by bin against those of earlier nights together."""
    bins = sorted({*now, *before})
    share, expected = (np.array([side.get(name, 0.0) for name in bins]) / sum(side.values()) for side in (now, before))
    share, expected = np.maximum(share, SMALLEST), np.maximum(expected, SMALLEST)
    return float(np.sum((share - expected) * np.log(share / expected)))


def has_drifted(now: Mapping[str, float], before: Mapping[str, float]) -> bool:
    """Whether the distribution has changed by more than chance and DRIFT; few rows have not."""
    rows, known = sum(now.values()), sum(before.values())
    if min(rows, known) < FEWEST_ROWS:
        return False
    free = len({*now, *before}) - 1
    chance = (free + 6 * np.sqrt(2 * free)) * (1 / rows + 1 / known)
    return bool(drift(now, before) > DRIFT + chance)
