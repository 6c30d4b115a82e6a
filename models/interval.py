"""The range that a customer's spend will lie in, learned from how far earlier predictions were off.

Source: split conformal prediction within bins of the prediction; Vovk, Gammerman and Shafer (2005), section 4.5.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.model import Array

COVERAGE = 0.9
FEWEST_IN_BIN = 50
MOST_BINS = 20


def learned(outcome: Array, predicted: Array) -> dict[str, Any]:
    """How far the outcome lay from the prediction, per bin of equally many customers; empty for too few customers.

    Units: low and high are quantiles of (outcome - prediction) / (prediction + soft); edges part the bins.
    """
    bins = min(MOST_BINS, len(outcome) // FEWEST_IN_BIN)
    if bins == 0:
        return {}
    soft = max(0.05 * float(np.mean(predicted)), 0.01)
    off = (outcome - predicted) / (predicted + soft)
    edges = np.quantile(predicted, np.arange(1, bins) / bins)
    place = np.searchsorted(edges, predicted)
    ends = [_ends(off[place == number]) for number in range(bins)]
    return {"soft": soft, "edges": edges.tolist(), "low": [e[0] for e in ends], "high": [e[1] for e in ends]}


def bounds(facts: Mapping[str, Any], predicted: Array) -> tuple[Array, Array]:
    """Between which amounts nine in ten customers end; NaN where nothing was learned. Never below nothing."""
    if not facts:
        unknown = np.full(len(predicted), np.nan)
        return unknown, unknown
    place = np.searchsorted(np.array(facts["edges"]), predicted)
    wide = predicted + facts["soft"]
    low = np.maximum(predicted + np.array(facts["low"])[place] * wide, 0)
    high = predicted + np.array(facts["high"])[place] * wide
    return np.minimum(low, predicted), np.maximum(high, predicted)


def _ends(off: Array) -> tuple[float, float]:
    """The quantiles that leave a twentieth on either side, with the correction for finitely many customers."""
    if not len(off):
        return 0.0, 0.0
    ranked, miss = np.sort(off), (1 - COVERAGE) / 2
    rank = min(len(off), int(np.ceil((len(off) + 1) * (1 - miss))))
    return float(ranked[len(off) - rank]), float(ranked[rank - 1])
