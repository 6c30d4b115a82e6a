"""A second opinion on pairs, learned without labels from the groups that the first one gives.

Trees learn which pairs are in one group, from what the levels of likeness leave out: how close values are, which
values stand for one another, whether records nearby vouch for them. A pair is never scored by trees that saw the
group of one of its records, so groups cannot vouch for themselves. Then the groups are made anew, and so on.
Source: measured in benchmarks/identity.py, told in docs/decisions/0007.
"""

import base64
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.identity.aliases import FOLDS, LEFT_OUT, Folds, alias_scores, folds, kept_aliases, known_aliases
from pipelines.identity.closeness import Features, closeness, joined, of_names
from pipelines.identity.contradictions import Facts, facts, parted
from pipelines.identity.linkage import Ids, Pairs, chosen, together
from pipelines.identity.mixture import SMALLEST
from pipelines.identity.model import Rescorer
from pipelines.identity.vouchers import Values, values, vouched

Real = NDArray[np.float64]
Truth = NDArray[np.bool_]

ROUNDS, ROUNDS_OF_NEW_PAIRS = 2, 2
FEWEST_PAIRS = 1_000
"""With fewer pairs inside groups, or between them, trees know less than levels do."""
WEIGHT = 0.75
"""Of the second opinion, in log odds; groups make themselves too sure. Source: fictional retailer, 30,000 customers."""
SUREST, DIGITS = 1e-6, 6
TREES = 100
PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 5,
        "eta": 0.1,
        "min_child_weight": 10,
        "subsample": 0.8,
        "colsample_bytree": 0.5,
        "lambda": 5.0,
        "max_bin": 128,
        "verbosity": 0,
    }
)
"""Customary values, not tuned."""
ROWS_PER_THREAD, MOST_THREADS = 50_000, 2
"""Threads follow from the number of rows alone: the same rows give the same trees on every machine."""


@dataclass(frozen=True)
class Ground:
    """What stays the same over all rounds: pairs with their first probability, closeness, values of all records."""

    engine: duckdb.DuckDBPyConnection
    pairs: Pairs
    close: Features
    known: Values
    facts: Facts
    people: int


def rescored(
    engine: duckdb.DuckDBPyConnection, columns: Collection[str], pairs: Pairs, *, seed: int, key: str = ""
) -> tuple[Pairs, Rescorer | None]:
    """The pairs with a probability that their own groups taught, and what was learned; unchanged where that is nothing.

    Reads: the tables people, likeness and more of match.py.
    Units: the same pairs and seed give the same probabilities; what is learned can be used under the same key alone,
           which is the lake's where it is kept.
    """
    ground = _ground(engine, columns, pairs)
    now = ground.pairs
    for _ in range(ROUNDS):
        _, groups = parted(ground.facts, now, people=ground.people)
        same = groups[now.left] == groups[now.right]
        if min(np.count_nonzero(same), np.count_nonzero(~same)) < FEWEST_PAIRS:
            return pairs, None
        dealt = folds(groups, now, seed=seed)
        features = joined(ground.close, vouched(ground.known, now, now), alias_scores(ground.known, now, groups, dealt))
        now = _with(now, _cross_fitted(features, same, dealt, seed=seed))
    blended = _with(ground.pairs, _blended(ground.pairs.probability, now.probability))
    likely = _likely(blended)
    left, _ = parted(ground.facts, likely, people=ground.people)
    return chosen(likely, left), _kept(ground, features, same, groups, dealt, seed=seed, key=key)


def rescored_by(
    engine: duckdb.DuckDBPyConnection,
    columns: Collection[str],
    rescorer: Rescorer,
    pairs: Pairs,
    *,
    beside: Pairs,
    key: str = "",
) -> Pairs:
    """The pairs with the probability that trees give which an earlier night taught.

    Units: beside are pairs whose probability is known already; key is the one that the trees were taught under.
    """
    ground = _ground(engine, columns, pairs)
    aliases = known_aliases(engine, ground.known, ground.pairs, rescorer.keyed_aliases, key=key)
    now = ground.pairs
    for _ in range(ROUNDS_OF_NEW_PAIRS if len(pairs.left) else 0):
        features = joined(ground.close, vouched(ground.known, now, together(beside, now)), aliases)
        found = _predicted(_trees(rescorer), of_names(features, rescorer.features))
        now = _with(now, _blended(ground.pairs.probability, found))
    likely = _likely(now)
    left, _ = parted(ground.facts, together(beside, likely), people=ground.people)
    return chosen(likely, left[len(beside.left) :])


def _ground(engine: duckdb.DuckDBPyConnection, columns: Collection[str], pairs: Pairs) -> Ground:
    order = np.lexsort((pairs.right, pairs.left))
    pairs = Pairs(pairs.left[order], pairs.right[order], pairs.probability[order])
    first = Features(("first_opinion",), _log_odds(pairs.probability)[:, None].astype(np.float32))
    known = values(engine, columns)
    people = int(engine.execute("select count(*) from people").fetchall()[0][0])
    return Ground(
        engine, pairs, joined(closeness(engine, columns, pairs), first), known, facts(engine, columns), people
    )


def _cross_fitted(features: Features, same: Truth, dealt: Folds, *, seed: int) -> Real:
    """The probability of each pair by trees that saw no pair of the folds that it is left out of."""
    found = np.zeros(len(same))
    for left_out in combinations(range(FOLDS), LEFT_OUT):
        taught, weight = lessons(dealt, left_out)
        those = asked(dealt, left_out)
        trees = _grown(Features(features.names, features.values[taught]), same[taught], weight[taught], seed=seed)
        found[those] = _predicted(trees, Features(features.names, features.values[those]))
    return found


def asked(dealt: Folds, left_out: tuple[int, ...]) -> Truth:
    """Which pairs are scored by trees that these folds were left out of."""
    found: Truth = np.isin(dealt.one, left_out) & np.isin(dealt.other, left_out)
    return found


def lessons(dealt: Folds, left_out: tuple[int, ...]) -> tuple[Truth, Real]:
    """Which pairs teach when folds are left out, and for how many of its kind each stands.

    Units: both records of a pair within one fold are left out less often than those of two folds.
    """
    left = FOLDS - len(left_out)
    taught = ~np.isin(dealt.one, left_out) & (dealt.is_within | ~np.isin(dealt.other, left_out))
    between = FOLDS * (FOLDS - 1) / (left * (left - 1))
    return taught, np.where(dealt.is_within, FOLDS / left, between)


def _grown(features: Features, same: Truth, weight: Real, *, seed: int) -> Any:
    import xgboost

    threads = _threads(features)
    rows = xgboost.QuantileDMatrix(features.values, same, weight=weight, max_bin=PARAMETERS["max_bin"], nthread=threads)
    return xgboost.train({**PARAMETERS, "seed": seed, "nthread": threads}, rows, num_boost_round=TREES)


def _predicted(trees: Any, features: Features) -> Real:
    import xgboost

    threads = _threads(features)
    trees.set_param({"nthread": threads})
    found: Real = np.asarray(trees.predict(xgboost.DMatrix(features.values, nthread=threads)), dtype=np.float64)
    return np.round(found, DIGITS)


def _threads(features: Features) -> int:
    return min(MOST_THREADS, 1 + len(features.values) // ROWS_PER_THREAD)


def _kept(
    ground: Ground, features: Features, same: Truth, groups: Ids, dealt: Folds, *, seed: int, key: str
) -> Rescorer:
    """Trees and aliases of all pairs, for nights to come."""
    trees = _grown(features, same, np.ones(len(same)), seed=seed)
    packed = base64.b64encode(zlib.compress(bytes(trees.save_raw("ubj")), 9)).decode()
    return Rescorer(features.names, packed, kept_aliases(ground.engine, ground.known, groups, dealt, key=key))


def _trees(rescorer: Rescorer) -> Any:
    import xgboost

    trees = xgboost.Booster({"nthread": 1})
    trees.load_model(bytearray(zlib.decompress(base64.b64decode(rescorer.trees))))
    return trees


def _likely(pairs: Pairs) -> Pairs:
    return chosen(pairs, pairs.probability > SMALLEST)


def _with(pairs: Pairs, probability: Real) -> Pairs:
    return Pairs(pairs.left, pairs.right, probability)


def _blended(first: Real, second: Real) -> Real:
    """Both opinions in one: the mean of their log odds, weighed."""
    whole = (1 - WEIGHT) * _log_odds(first) + WEIGHT * _log_odds(second)
    found: Real = np.round(1 / (1 + np.exp(-whole)), DIGITS)
    return found


def _log_odds(probability: Real) -> Real:
    sure = np.clip(probability, SUREST, 1 - SUREST)
    found: Real = np.log(sure / (1 - sure))
    return found
