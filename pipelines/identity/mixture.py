"""Pairs are one person, people easily confused, or strangers: how many of each there are, and which each pair is.

Two people of one household share name, address and phone; weighed as if these were independent, the pair looks like
one person. So do two people of one name in one town. Classes of their own take such pairs: like one person in what
they share, like strangers in the rest; how many there are, and how much they share, the pairs themselves tell.
Source: Fellegi and Sunter (1969), with a class for each kind of CONFUSED beside their two; measured in
benchmarks/identity.py and told in docs/decisions/0006.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.identity.comparisons import CONFUSED, IDENTIFIERS
from pipelines.identity.linkage import Pairs
from pipelines.identity.model import Model, rounded
from pipelines.identity.weights import RARITY, SMALLEST_RATE, total, weights

Real = NDArray[np.float64]
Whole = NDArray[np.int64]

STEPS, TOLERANCE = 60, 0.001
CONFUSED_PER_RECORD = 0.2
"""Where the search begins: pairs of each kind of people easily confused, of all records."""
SHARED_AT_FIRST, SHARED_IDENTIFIER_AT_FIRST = 0.7, 0.1
"""Where the search begins: how far what they share is like that of one person."""
SMALLEST = 0.001
"""Pairs that are less probable are no evidence and are not kept."""
LEFT_OUT = 12.0
"""Pairs whose levels are this many bits short of even odds are left out before rare values are looked at."""
DIGITS = 6


@dataclass(frozen=True)
class Patterns:
    """The distinct rows of levels among the pairs.

    Units: gammas by comparison as likeness.py counts them; count is the number of pairs, pairing the place of their
           sources in names, which come with the number of all pairs that these sources could form.
    """

    gammas: Mapping[str, Whole]
    count: Real
    pairing: Whole
    names: tuple[str, ...]
    all_pairs: Real


def fitted(engine: duckdb.DuckDBPyConnection, model: Model, *, table: str) -> Model:
    """The model with the priors, and with what people easily confused share, that explain a table of likeness best."""
    found = _patterns(engine, tuple(model.match), table)
    people = engine.execute("select count(*) from people").fetchall()[0][0]
    pairs = found.all_pairs.sum()
    strangers, one_person = np.exp(_log(found, model.random)), np.exp(_log(found, model.match))
    priors = np.full(len(found.names), people / pairs)
    kinds = {kind: _at_first(kind, model, prior=CONFUSED_PER_RECORD * people / pairs) for kind in CONFUSED}
    for _ in range(STEPS):
        same = priors[found.pairing] * one_person
        confused = {
            kind: prior * np.exp(_log(found, {**model.random, **shared})) for kind, (prior, shared) in kinds.items()
        }
        whole = same + strangers + sum(confused.values())
        same = found.count * same / whole
        before = np.array([*priors, *(prior for prior, _ in kinds.values())])
        priors = (np.bincount(found.pairing, same, minlength=len(found.names)) + 0.5) / found.all_pairs
        for kind, likely in confused.items():
            weight = found.count * likely / whole
            shared = {name: _rates(found.gammas[name], weight, len(rates)) for name, rates in kinds[kind][1].items()}
            kinds[kind] = (float(weight.sum() + 0.5) / pairs, shared)
        after = np.array([*priors, *(prior for prior, _ in kinds.values())])
        if np.allclose(before, after, rtol=TOLERANCE, atol=1 / pairs):
            break
    return replace(
        model,
        priors={name: rounded(prior) for name, prior in zip(found.names, priors, strict=True)},
        confused_priors={kind: rounded(prior) for kind, (prior, _) in kinds.items()},
        confused={
            kind: {name: tuple(rounded(rate) for rate in rates) for name, rates in shared.items()}
            for kind, (_, shared) in kinds.items()
        },
    )


def probabilities(engine: duckdb.DuckDBPyConnection, model: Model, *, table: str) -> Pairs:
    """The probability that each pair of a table of likeness is one person; those above SMALLEST.

    Units: rare names, dates and places weigh more than frequent ones (their frequencies in the table people).
    """
    weighed = weights(engine, model)
    person = {**weighed.person, **{RARITY + name: sql for name, sql in weighed.rarity.items()}}
    others = "".join(f", {total(parts)} as {kind}" for kind, parts in weighed.confused.items())
    priors = priors_by_pairing(engine, model)
    enough = float(-np.log2(max(priors.values(), default=1.0))) - LEFT_OUT
    found = engine.execute(
        f"select l, r, pairing, {total(person)} as person{others}"
        f" from {table} join people x on x.id = l {weighed.joins} where {total(weighed.person)} > {enough!r}"
    ).fetchnumpy()
    codes = np.array(sorted(priors))
    prior = np.array([priors[code] for code in codes])[np.searchsorted(codes, found["pairing"])]
    same = prior * np.exp2(np.asarray(found["person"]))
    other = sum(model.confused_priors[kind] * np.exp2(found[kind]) for kind in weighed.confused)
    probability = np.round(same / (same + other + 1.0), DIGITS)
    kept = probability > SMALLEST
    left, right = (np.asarray(found[side], dtype=np.int64)[kept] for side in ("l", "r"))
    return Pairs(left, right, probability[kept])


def priors_by_pairing(engine: duckdb.DuckDBPyConnection, model: Model) -> dict[int, float]:
    """The prior of each two sources, by their code in the table pairings."""
    return {code: model.priors.get(name, _new_prior(model, name)) for code, name, _ in _pairings(engine)}


def _at_first(kind: str, model: Model, *, prior: float) -> tuple[float, dict[str, Real]]:
    """Where the search for a kind of people easily confused begins: its prior and what they share."""
    shared = {}
    for name in CONFUSED[kind]:
        if name in model.match:
            share = SHARED_IDENTIFIER_AT_FIRST if name in IDENTIFIERS else SHARED_AT_FIRST
            shared[name] = share * np.array(model.match[name]) + (1 - share) * np.array(model.random[name])
    return prior, shared


def _new_prior(model: Model, pairing: str) -> float:
    """The prior of sources that the model never saw together: the largest of two sources, the smallest of one."""
    within = [prior for name, prior in model.priors.items() if _is_one_source(name)]
    across = [prior for name, prior in model.priors.items() if not _is_one_source(name)]
    if _is_one_source(pairing):
        return min(within or across)
    return max(across or within)


def _is_one_source(pairing: str) -> bool:
    """Whether both sources of a pairing are one; its number is of one night, a model's priors outlive it by name."""
    half = len(pairing) // 2
    return pairing[:half] == pairing[half + 1 :]


def _pairings(engine: duckdb.DuckDBPyConnection) -> list[tuple[int, str, float]]:
    """(pairing, name, number of all pairs), in the order of pairing."""
    found: list[tuple[int, str, float]] = engine.execute("from pairings order by pairing").fetchall()
    return found


def _patterns(engine: duckdb.DuckDBPyConnection, names: tuple[str, ...], table: str) -> Patterns:
    gammas = ", ".join(f"gamma_{name}" for name in names)
    counted = f"select pairing, {gammas}, count(*) as pairs from {table} group by all order by all"
    found = engine.execute(counted).fetchnumpy()
    pairings = _pairings(engine)
    codes = np.array([code for code, _, _ in pairings])
    return Patterns(
        gammas={name: np.asarray(found[f"gamma_{name}"], dtype=np.int64) for name in names},
        count=np.asarray(found["pairs"], dtype=np.float64),
        pairing=np.searchsorted(codes, found["pairing"]),
        names=tuple(name for _, name, _ in pairings),
        all_pairs=np.maximum(np.array([float(pairs) for _, _, pairs in pairings]), 1.0),
    )


def _log(patterns: Patterns, levels: Mapping[str, Any]) -> Real:
    """Log probability of each pattern's levels; a missing value says nothing."""
    whole = np.zeros(len(patterns.count))
    for name, rates in levels.items():
        # gamma -1 (missing) takes the 0 at the end.
        by_gamma = np.append(np.log(np.maximum(np.array(rates)[::-1], SMALLEST_RATE)), 0.0)
        whole += by_gamma[patterns.gammas[name]]
    return whole


def _rates(gamma: Whole, weight: Real, levels: int) -> Real:
    """The share of each level among weighted pairs, the most alike first; half a pair is added to each."""
    there = gamma >= 0
    counted = np.bincount(gamma[there], weight[there], minlength=levels)[::-1] + 0.5
    found: Real = counted / counted.sum()
    return found
