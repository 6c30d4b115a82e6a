"""What records bear and their near records bear too: whether others vouch for a value."""

from collections.abc import Collection, Mapping

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.identity.closeness import Features
from pipelines.identity.linkage import Ids, Pairs

BORNE = ("first", "last", "born", "email", "phone", "card", "street", "postcode", "area", "city")
NEAR = 0.5
"""Records are near one another when they are more likely one person than not."""

Values = Mapping[str, Ids]
"""By column the number of each record's value, in the order of values; -1 where there is none."""


def values(engine: duckdb.DuckDBPyConnection, columns: Collection[str]) -> Values:
    """The values of the table people, by id."""
    extras = [name for name in columns if name.startswith("extra_")]
    return {name: _numbers(engine, name) for name in (*BORNE, *extras) if name in columns}


def vouched(known: Values, pairs: Pairs, near: Pairs) -> Features:
    """Of the records near to each of a pair, the share that bear the value of the other: the lower and higher share.

    Units: near are all pairs with their probability; neither record vouches for itself.
    """
    is_near = near.probability > NEAR
    ends = np.concatenate([near.left[is_near], near.right[is_near]])
    others = np.concatenate([near.right[is_near], near.left[is_near]])
    close = _among(pairs, Pairs(near.left[is_near], near.right[is_near], near.probability[is_near]))
    names, found = [], []
    for name, number in known.items():
        counted = _Borne(number, ends, others)
        one = counted.share(pairs.left, by=pairs.right, close=close)
        other = counted.share(pairs.right, by=pairs.left, close=close)
        names += [f"vouched_less_{name}", f"vouched_more_{name}"]
        found += [np.fmin(one, other), np.fmax(one, other)]
    return Features(tuple(names), np.column_stack(found).astype(np.float32))


class _Borne:
    """How many records near to each record bear each value of one column."""

    def __init__(self, number: Ids, ends: Ids, others: Ids) -> None:
        self._number = number
        self._width = int(number.max(initial=-1)) + 2
        has = number[others] >= 0
        self._keys, self._times = np.unique(ends[has] * self._width + number[others[has]], return_counts=True)
        self._all = np.bincount(ends[has], minlength=len(number))

    def share(self, record: Ids, *, by: Ids, close: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The share of the others near to `by` that bear the value of `record`."""
        mine = self._number[record]
        known = mine >= 0
        times = np.zeros(len(record))
        if len(self._keys):
            wanted = by * self._width + mine
            place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
            times = np.where((self._keys[place] == wanted) & known, self._times[place], 0)
        itself = close & known
        others = self._all[by] - itself
        return np.where(known & (others > 0), (times - itself) / np.maximum(others, 1), np.nan)


def _among(pairs: Pairs, others: Pairs) -> NDArray[np.bool_]:
    """Whether each pair is among the others."""
    width = int(max(pairs.right.max(initial=0), others.right.max(initial=0))) + 1
    return np.isin(pairs.left * width + pairs.right, others.left * width + others.right)


def _numbers(engine: duckdb.DuckDBPyConnection, name: str) -> Ids:
    found = engine.execute(
        f"select if({name} is null, -1, dense_rank() over (order by {name} nulls last) - 1) as number"
        f" from people order by id"
    ).fetchnumpy()
    return np.asarray(found["number"], dtype=np.int64)
