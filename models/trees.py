"""Gradient boosted trees: fitting, predicting and exact contributions, the same on every run.

Source: depth, rate and shares are customary values for some ten thousand rows, not tuned; ROUNDS was.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from models import tree_shares
from models.model import Array, Customers

PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.05,
        "min_child_weight": 20,
        "subsample": 0.8,
        "colsample_bytree": 0.5,
        "lambda": 5.0,
        "max_bin": 128,
        "seed": 7,
        "verbosity": 0,
    }
)
ROUNDS = 80
"""Of 60, 80 and 150 on Online Retail II: 150 lost on its two earlier windows, for churn and for value alike."""
ROWS_PER_THREAD = 50_000
MOST_THREADS = 4
"""Threads follow from the number of rows alone: the same rows give the same trees, and few rows wait for no thread."""


def grow(
    customers: Customers,
    outcome: Array,
    objective: Mapping[str, Any],
    *,
    offset: Array | None = None,
    rounds: int = ROUNDS,
) -> bytes:
    """Trees that predict the outcome, as bytes. `offset` is where each customer starts from, on the link's scale."""
    import xgboost

    threads = min(MOST_THREADS, 1 + len(outcome) // ROWS_PER_THREAD)
    rows = xgboost.QuantileDMatrix(customers.matrix, outcome, base_margin=offset, max_bin=128, nthread=threads)
    booster = xgboost.train({**PARAMETERS, **objective, "nthread": threads}, rows, num_boost_round=rounds)
    return bytes(booster.save_raw("ubj"))


def load(trees: bytes) -> Any:
    """The booster of these bytes, on one thread: Spark already runs one task per core."""
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(trees))
    booster.set_param({"nthread": 1})
    return booster


def parted(trees: bytes, sizes: Sequence[int]) -> list[Any]:
    """The boosters that lie one behind the other, each of so many bytes."""
    ends = [0, *accumulate(sizes)]
    return [load(trees[start:end]) for start, end in pairwise(ends)]


def predict(booster: Any, customers: Customers, *, offset: Array | None = None) -> Array:
    """The prediction for each customer."""
    import xgboost

    rows = xgboost.DMatrix(customers.matrix, base_margin=offset, nthread=1)
    return np.asarray(booster.predict(rows), dtype=np.float64)


def contributions(booster: Any, customers: Customers) -> Array:
    """What each feature adds to each customer's prediction on the link's scale; exact, without the bias."""
    return tree_shares.contributions(booster, customers.matrix)


def gains(booster: Any, names: Sequence[str]) -> dict[str, float]:
    """What splitting by each feature gained, as a share of all that was gained."""
    found = booster.get_score(importance_type="total_gain")
    total = sum(found.values()) or 1.0
    return {name: round(float(found.get(f"f{place}", 0.0)) / total, 6) for place, name in enumerate(names)}
