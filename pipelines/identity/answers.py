"""What people's decisions teach: how the log-odds of a pair are to be read.

The answers come from pairs near the cut, so they cannot teach what single comparisons are worth; they do teach whether
the model says too little or too much there. One shift, pulled to 0 by a prior, is all that is fitted.
Source: Platt (1999), recalibration by a logistic regression, here with its slope fixed at 1.
"""

import hashlib
import json
from dataclasses import replace
from math import log

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.identity.linkage import Ids, Pairs
from pipelines.identity.mixture import DIGITS, SMALLEST
from pipelines.identity.model import Model, rounded
from pipelines.identity.overrides import Overrides

Real = NDArray[np.float64]

FEWEST_ANSWERS = 10
NEAR = 4.0
"""Bits from even odds within which an answer teaches; further out people decide about exceptions that they met."""
PRIOR_BITS = 1.5
"""How far a shift is expected to lie from 0: ten answers outweigh it, two do not."""
LARGEST_SHIFT = 8.0
STEPS = 60


def taught(engine: duckdb.DuckDBPyConnection, model: Model, pairs: Pairs, decided: Overrides) -> Model:
    """The model with the shift that the decisions teach; the model itself where they are those that it has learned of.

    Reads: the table people; pairs of its ids as they are without any shift.
    """
    answers = _digest(decided)
    if answers == model.answers:
        return model
    left, right, same = _decided(engine, decided)
    count = int(max(pairs.right.max(initial=0), right.max(initial=0))) + 1
    place = dict(zip((left * count + right).tolist(), same.tolist(), strict=True))
    codes = pairs.left * count + pairs.right
    there = np.isin(codes, list(place))
    known = np.array([place[code] for code in codes[there].tolist()], dtype=bool)
    return replace(model, shift=fitted_shift(pairs.probability[there], known), answers=answers)


def fitted_shift(probability: Real, same: NDArray[np.bool_]) -> float:
    """Bits to add to the log-odds, from answers to pairs with these probabilities; 0 from too few near the cut."""
    bits = log_odds(probability)
    near = np.abs(bits) <= NEAR
    if np.count_nonzero(near) < FEWEST_ANSWERS:
        return 0.0
    bits, same = bits[near], same[near]
    low, high = -LARGEST_SHIFT, LARGEST_SHIFT
    for _ in range(STEPS):
        middle = (low + high) / 2
        # The slope of the log-posterior, which falls as the shift grows.
        rises = np.sum(same - 1 / (1 + np.exp2(-(bits + middle)))) * log(2) > middle / PRIOR_BITS**2
        low, high = (middle, high) if rises else (low, middle)
    return rounded((low + high) / 2)


def read_anew(pairs: Pairs, bits: float) -> Pairs:
    """The pairs with so many bits added to their log-odds."""
    if not bits:
        return pairs
    probability = np.round(1 / (1 + np.exp2(-(log_odds(pairs.probability) + bits))), DIGITS)
    kept = probability > SMALLEST
    return Pairs(pairs.left[kept], pairs.right[kept], probability[kept])


def log_odds(probability: Real) -> Real:
    """Bits of log-odds; probabilities of 0 and 1 count as the next that are kept."""
    inside = np.clip(probability, 10.0**-DIGITS / 2, 1 - 10.0**-DIGITS / 2)
    bits: Real = np.log2(inside / (1 - inside))
    return bits


def _digest(decided: Overrides) -> str:
    """Names the decisions; empty for none."""
    if not decided.record_keys:
        return ""
    return hashlib.sha256(json.dumps([decided.always, decided.never]).encode()).hexdigest()[:12]


def _decided(engine: duckdb.DuckDBPyConnection, decided: Overrides) -> tuple[Ids, Ids, NDArray[np.bool_]]:
    """The ids of both records of every decided pair, the lower first, and whether they are one person."""
    pairs = [(*pair, True) for pair in decided.always] + [(*pair, False) for pair in decided.never]
    columns = zip(*pairs, strict=True) if pairs else ((), (), ())
    names = {"a": pa.string(), "b": pa.string(), "same": pa.bool_()}
    arrays = [pa.array(list(values), kind) for values, kind in zip(columns, names.values(), strict=True)]
    engine.register("decided", pa.table(dict(zip(names, arrays, strict=True))))
    found = engine.execute(DECIDED).fetchnumpy()
    engine.unregister("decided")
    left, right = (np.asarray(found[side], dtype=np.int64) for side in ("l", "r"))
    return left, right, np.asarray(found["same"], dtype=bool)


DECIDED = """
select least(x.id, y.id) as l, greatest(x.id, y.id) as r, same
from decided join people x on x.record_key = a join people y on y.record_key = b
"""
