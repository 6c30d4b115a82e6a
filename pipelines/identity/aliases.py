"""Names and places that stand for one another, learned: William and Bill, a town and its suburb.

Values that records of one person bear beside one another more often than chance would have it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.identity.closeness import Features
from pipelines.identity.linkage import Ids, Members, Pairs
from pipelines.identity.vouchers import Values

ALIASED = ("first", "last", "street", "city", "area")
FOLDS = 4
LEFT_OUT = 2
"""Folds that a pair learns nothing from: those of its records, or that of both and one more, so that all pairs are
alike in how much they are told.
"""
FEWEST_PERSONS = 2
"""Of the persons in the folds that are left, so many must bear both values."""
MOST_VALUES = 30
"""Groups with more values of a column than this say nothing about them."""
MOST_KEPT = 5_000
SMOOTHING = 0.5
DIGITS = 4

Real = NDArray[np.float64]
Kept = Mapping[str, Mapping[str, tuple[float, float]]]
"""By column and fingerprint of two values: log lift, share."""


@dataclass(frozen=True)
class Folds:
    """The fold of each record, the same for all records of a group, and both folds that each pair is left out of.

    Units: is_within says that both records of a pair are of fold `one`.
    """

    of_record: Ids
    one: Ids
    other: Ids
    is_within: Members


def folds(groups: Ids, pairs: Pairs, *, seed: int) -> Folds:
    """Groups dealt out at random to FOLDS folds."""
    found, place = np.unique(groups, return_inverse=True)
    of_record = (np.random.default_rng(seed).permutation(len(found)) % FOLDS)[place].astype(np.int64)
    one, other = of_record[pairs.left], of_record[pairs.right]
    another = (one + 1 + (pairs.left + pairs.right) % (FOLDS - 1)) % FOLDS
    return Folds(of_record, one, np.where(one == other, another, other), one == other)


def alias_scores(known: Values, pairs: Pairs, groups: Ids, dealt: Folds) -> Features:
    """How much more often than by chance both values of a pair are borne by one person, told by persons of other folds.

    Units: alias_ is a log lift, 0 where nobody tells; aliased_ is the share of the rarer value's persons that bear
           both; neither is known where values are equal or missing.
    """
    found: dict[str, Real] = {}
    left = np.ones((len(pairs.left), FOLDS), dtype=bool)
    for fold in (dealt.one, dealt.other):
        left[np.arange(len(left)), fold] = False
    for name, number in _aliased(known):
        x, y = number[pairs.left], number[pairs.right]
        lift, share = _told(number, groups, dealt.of_record).lifted(x, y, left)
        found |= _named(name, x, y, lift, share)
    return _features(found, len(pairs.left))


def kept_aliases(engine: duckdb.DuckDBPyConnection, known: Values, groups: Ids, dealt: Folds, *, key: str) -> Kept:
    """What all persons tell, for nights to come: fingerprints alone, of the MOST_KEPT most frequent of each column.

    Units: key is the lake's secret; without it whoever has lists of names could find the values back.
    """
    kept, secret = {}, _secret(key)
    for name, number in _aliased(known):
        told = _told(number, groups, dealt.of_record)
        x, y = told.codes // told.width, told.codes % told.width
        every = np.ones((len(x), FOLDS), dtype=bool)
        lift, share = told.lifted(x, y, every, part=(FOLDS - LEFT_OUT) / FOLDS)
        most = np.argsort(-told.both.sum(axis=1), kind="stable")[:MOST_KEPT]
        words = _words(engine, name)
        prints = {at: _fingerprint(words[x[at]], words[y[at]], secret) for at in sorted(most.tolist()) if lift[at]}
        kept[name] = {
            those: (round(float(lift[at]), DIGITS), round(float(share[at]), DIGITS)) for at, those in prints.items()
        }
    return kept


def known_aliases(engine: duckdb.DuckDBPyConnection, known: Values, pairs: Pairs, kept: Kept, *, key: str) -> Features:
    """The figures of `alias_scores`, of aliases that were kept under the same key."""
    found: dict[str, Real] = {}
    secret = _secret(key)
    for name, number in _aliased(known):
        x, y = number[pairs.left], number[pairs.right]
        width = int(number.max(initial=0)) + 2
        codes, place = np.unique(np.minimum(x, y) * width + np.maximum(x, y), return_inverse=True)
        words, those = _words(engine, name), kept.get(name, {})
        told = np.array([_kept_one(those, words, code // width, code % width, secret) for code in codes.tolist()])
        lift, share = told.reshape(-1, 2)[place].T
        found |= _named(name, x, y, lift, share)
    return _features(found, len(pairs.left))


class _Told:
    """How many persons bear two values of one column, and each of them, by fold.

    Shape: both has a row per code (lower number * width + higher number), bearing one per number, a column per fold.
    """

    def __init__(self, codes: Ids, both: Real, bearing: Real, persons: Real) -> None:
        self.codes, self.both, self.width = codes, both, len(bearing)
        self._bearing, self._persons = bearing, persons

    def lifted(self, x: Ids, y: Ids, told_by: Members, *, part: float = 1.0) -> tuple[Real, Real]:
        """(log lift, share) of values side by side, told by some folds; part scales what is counted."""
        both = self._both(x, y, told_by) * part
        bearing = [(self._bearing[side] * told_by).sum(axis=1) * part for side in (x, y)]
        by_chance = bearing[0] * bearing[1] / np.maximum((told_by * self._persons).sum(axis=1) * part, 1.0)
        enough = both >= FEWEST_PERSONS
        lift = np.where(enough, np.log((both + SMOOTHING) / (by_chance + SMOOTHING)), 0.0)
        return lift, np.where(enough, both / np.maximum(np.minimum(*bearing), 1.0), 0.0)

    def _both(self, x: Ids, y: Ids, told_by: Members) -> Real:
        if not len(self.codes):
            return np.zeros(len(x))
        wanted = np.minimum(x, y) * self.width + np.maximum(x, y)
        place = np.minimum(np.searchsorted(self.codes, wanted), len(self.codes) - 1)
        counted: Real = np.where(self.codes[place] == wanted, (self.both[place] * told_by).sum(axis=1), 0.0)
        return counted


def _aliased(known: Values) -> Iterator[tuple[str, Ids]]:
    return ((name, number) for name, number in known.items() if name in ALIASED or name.startswith("extra_"))


def _told(number: Ids, groups: Ids, fold: Ids) -> _Told:
    width = int(number.max(initial=0)) + 2
    has = number >= 0
    group, first = np.unique(groups[has] * width + number[has], return_index=True)
    group, value, fold = group // width, group % width, fold[has][first]
    bearing = np.zeros((width, FOLDS))
    np.add.at(bearing, (value, fold), 1)
    begin = np.flatnonzero(np.diff(group, prepend=-1))
    persons = np.bincount(fold[begin], minlength=FOLDS).astype(np.float64)
    one, other = _side_by_side(begin, np.diff(begin, append=len(group)))
    codes, place = np.unique(value[one] * width + value[other], return_inverse=True)
    both = np.zeros((len(codes), FOLDS))
    np.add.at(both, (place, fold[one]), 1)
    return _Told(codes, both, bearing, persons)


def _side_by_side(begin: Ids, size: Ids) -> tuple[Ids, Ids]:
    """The places of all two values of one group, lower first, from where groups begin and how many values they have."""
    sides: list[list[Ids]] = [[np.empty(0, np.int64)], [np.empty(0, np.int64)]]
    for count in range(2, MOST_VALUES + 1):
        begun = begin[size == count]
        for side, offset in zip(sides, np.triu_indices(count, 1), strict=True):
            side.append((begun[:, None] + offset).ravel())
    return np.concatenate(sides[0]), np.concatenate(sides[1])


def _named(name: str, x: Ids, y: Ids, lift: Real, share: Real) -> dict[str, Real]:
    unknown = (x < 0) | (y < 0) | (x == y)
    return {
        f"alias_{name}": np.where(unknown, np.nan, lift),
        f"aliased_{name}": np.where(unknown, np.nan, share),
    }


def _features(found: Mapping[str, Real], count: int) -> Features:
    columns = [np.empty((count, 0)), *(each[:, None] for each in found.values())]
    return Features(tuple(found), np.hstack(columns).astype(np.float32))


def _words(engine: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The values of a column, by number."""
    found = engine.execute(f"select distinct {name} from people where {name} is not null order by {name}").fetchall()
    return [row[0] for row in found]


def _kept_one(
    kept: Mapping[str, tuple[float, float]], words: list[str], x: int, y: int, secret: bytes
) -> tuple[float, float]:
    return kept.get(_fingerprint(words[x], words[y], secret), (0.0, 0.0)) if 0 <= x < y else (0.0, 0.0)


def _secret(key: str) -> bytes:
    """A key of any length as the hash takes it."""
    return hashlib.sha256(key.encode()).digest()


def _fingerprint(one: str, other: str, secret: bytes) -> str:
    """Names two values without telling them to anybody who has not the secret."""
    return hashlib.blake2b("\n".join(sorted((one, other))).encode(), digest_size=8, key=secret).hexdigest()
