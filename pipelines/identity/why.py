"""Why two records, or two customers, are one person or two: evidence, chain, and what would change it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.identity.answers import log_odds
from pipelines.identity.chain import Link, strongest_chain
from pipelines.identity.exact import Shared, Ties, ties_among
from pipelines.identity.explain import Explanation, explanations, turned
from pipelines.identity.key_pairs import KeyPair, lower_first
from pipelines.identity.known import KnownPeople, Side, side_of
from pipelines.identity.overrides import Decided, Overrides, decision_about
from pipelines.identity.what_if import joined_by, parted_by

MOST_PAIRS = 2_000
"""Of two customers with more pairs of records the first ones by key are looked at."""


@dataclass(frozen=True)
class Why:
    """The answer: the strongest pair between the two sides, and everything that decides about it.

    Units: probability is the one that the night kept (None: too small to keep); mean_probability is over all pairs of
           records of two customers (None within one); pairs_between is how many pairs there were to choose from;
           shared is what the two records have in common; chain leads from one to the other within a customer; stays is
           whether they are one because they were, though what they say now would not join them (stay.py).
    """

    left: Side
    right: Side
    cut: float | None
    probability: float | None
    mean_probability: float | None
    pairs_between: int
    explanation: Explanation | None
    decision: Decided | None
    shared: tuple[Shared, ...]
    chain: tuple[Link, ...]
    is_duplicate_free: bool
    stays: bool = False

    @property
    def is_one_person(self) -> bool:
        """Whether both records have one customer id."""
        return self.left.customer_id is not None and self.left.customer_id == self.right.customer_id

    @property
    def parted_by(self) -> tuple[str, ...]:
        """The fewest comparisons without which the probability would lie below the cut."""
        return parted_by(self.explanation, self.cut) if self.explanation and self.cut is not None else ()

    @property
    def joined_by(self) -> tuple[str, ...]:
        """The fewest comparisons that would lift the probability to the cut if their values were equal."""
        return joined_by(self.explanation, self.cut) if self.explanation and self.cut is not None else ()


def why(known: KnownPeople, left_keys: Collection[str], right_keys: Collection[str]) -> Why:
    """Why the strongest pair of records of two sides is one person, or two.

    Reads: keys of contact records that are known; more than one on a side where that side is a customer.
    """
    pairs = [pair for pair in product(sorted(left_keys), sorted(right_keys)) if pair[0] != pair[1]][:MOST_PAIRS]
    told = explained(known, pairs)
    best = max(pairs, key=lambda pair: told[pair].probability if pair in told else -1.0)
    left, right = (side_of(known, key) for key in best)
    members = _members(known.members, {side.customer_id for side in (left, right) if side.customer_id})
    kept = _kept(known.pairs, {*members, *best})
    ties = _ties(known, {*members, *best})
    found = Why(
        left=left,
        right=right,
        cut=known.cut,
        probability=kept.get(lower_first(*best)),
        mean_probability=_mean(kept, members, left, right),
        pairs_between=len(pairs),
        explanation=_rescored(known, told.get(best), kept.get(lower_first(*best))),
        decision=decision_about(known.overrides, best),
        shared=tuple(each for each in ties.shared if lower_first(each.left, each.right) == lower_first(*best)),
        chain=(),
        is_duplicate_free=left.source == right.source and left.source in known.duplicate_free,
    )
    if not found.is_one_person:
        return found
    links = _links(found, ties, kept, known.overrides)
    strong = [link for link in links if link.kind != "match" or link.probability >= (known.cut or 0.0)]
    stays = found.left.has_name and found.right.has_name and not _chain(found, strong)
    return replace(found, chain=_chain(found, links), stays=stays)


def explained(known: KnownPeople, pairs: Sequence[KeyPair]) -> dict[KeyPair, Explanation]:
    """The explanation of each pair, turned as the pair is; none without a model."""
    if known.model is None or known.cut is None:
        return {}
    asked = {lower_first(*pair): pair for pair in pairs}
    found = explanations(known.records, known.model, list(asked))
    told = {asked[each.record_a, each.record_b]: each for each in found}
    return {pair: each if each.record_a == pair[0] else turned(each) for pair, each in told.items()}


def _rescored(known: KnownPeople, told: Explanation | None, kept: float | None) -> Explanation | None:
    """The explanation with what a re-scorer has made of the pair, where a thorough run has taught one."""
    if told is None or kept is None or known.model is None or known.model.rescorer is None:
        return told
    said, made = log_odds(np.array([told.probability, kept])).tolist()
    return replace(told, rescored=made - said)


def _ties(known: KnownPeople, keys: Collection[str]) -> Ties:
    limit, is_matched = known.shared_by_at_most, known.cut is not None
    return ties_among(keys, known.records, known.ties, shared_by_at_most=limit, is_matched=is_matched)


def _links(found: Why, ties: Ties, kept: Mapping[KeyPair, float], overrides: Overrides) -> list[Link]:
    """Identifiers tie records without a name alone: two people who share one are linked by `shared`, or by a match."""
    exact = [Link(each.left, each.right, each.kind) for each in ties.shared if each.links]
    handles = () if found.left.has_name and found.right.has_name else ties.handles
    likely = [Link(*pair, "match", probability) for pair, probability in kept.items()]
    decided = [Link(*pair, "decided") for pair in overrides.always]
    return [*decided, *exact, *handles, *likely]


def _chain(found: Why, links: Sequence[Link]) -> tuple[Link, ...]:
    return tuple(strongest_chain(found.left.record_key, found.right.record_key, links))


def _mean(kept: Mapping[KeyPair, float], members: Mapping[str, str], left: Side, right: Side) -> float | None:
    """The mean probability over all pairs of records of two customers, as average linkage weighs them."""
    if None in (left.customer_id, right.customer_id) or left.customer_id == right.customer_id:
        return None
    here, there = (
        [key for key, owner in members.items() if owner == side.customer_id and key.startswith("contact:")]
        for side in (left, right)
    )
    return sum(kept.get(lower_first(*pair), 0.0) for pair in product(here, there)) / (len(here) * len(there))


def _members(members: pa.Table, customers: Collection[str]) -> dict[str, str]:
    """Every key of these customers, with its customer."""
    mine = members.filter(pc.is_in(members["customer_id"], pa.array(sorted(customers), pa.string())))
    return dict(zip(mine["key"].to_pylist(), mine["customer_id"].to_pylist(), strict=True))


def _kept(pairs: pa.Table, keys: Collection[str]) -> dict[KeyPair, float]:
    """The probability of each pair among these records that the night kept, the lower key first."""
    among = pa.array(sorted(keys), pa.string())
    both = pc.and_(pc.is_in(pairs["record_a"], among), pc.is_in(pairs["record_b"], among))
    rows = pairs.filter(both).select(["record_a", "record_b", "probability"]).to_pydict().values()
    return {lower_first(a, b): probability for a, b, probability in zip(*rows, strict=True)}
