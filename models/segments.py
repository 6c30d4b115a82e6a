"""Segments: groups of customers that are stable and lie apart, each with an id that lasts and a name that is true.

A version is learned by a training and used until another says something else, so a customer changes segment because
of what he or she did, not because others did. Where no grouping is stable, the rules of segment_rules.py stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from models import clustering, segment_names, segment_rules, segment_space
from models.clustering import Groups, Tried
from models.model import Array, Customers, Fitted
from models.segment_names import Portrait

RULES, CLUSTERS = "rfm_rules", "clusters"
FEWEST = 500
"""Customers from which groups are looked for at all."""
MOST = 20_000
"""Customers that groups are made of; more change no figure that is looked at."""
SAME = 0.8
"""From this adjusted Rand index on, what was learned says the same as the version in use, which then stays."""
OVERLAP = 0.5
"""A new segment is an old one where at least half of the customers of either are in both."""
HELD = 1.0
"""By so much a segment's log likelihood must exceed that of the one that the customer was in before he or she leaves
it, so another must be 2.7 times likelier. On Online Retail II 3 instead of 11 in 100 customers without an order change
segment in 30 days."""


@dataclass(frozen=True)
class Refit:
    """What a training did with the segments: a version to register, unless it is the one in use."""

    fitted: Fitted
    verdict: str
    is_new: bool


def rules(customers: Customers) -> Fitted:
    """The rules with the thresholds of these customers: what a first night has."""
    thresholds = segment_rules.thresholds(customers)
    return Fitted("segments", RULES, 0, segment_rules.READS, thresholds)


def refit(customers: Customers, before: Fitted | None = None) -> Refit:
    """What these customers are grouped into, as far as possible in the words of the version in use.

    Reads: customers in a fixed random order: the first MOST of them count.
    """
    part = _first(customers)
    if len(part.matrix) < FEWEST:
        return _without(customers, before, f"{len(part.matrix)} customers with an order are fewer than {FEWEST}")
    logarithms = segment_space.logarithms(part)
    scale = segment_space.scales(logarithms)
    places = segment_space.places(logarithms, scale)
    tried = clustering.tries(places)
    best = clustering.chosen(tried)
    if best is None:
        return _without(customers, before, f"no grouping is stable (adjusted Rand index {clustering.STABLE} or more)")
    groups = clustering.grouped(best.kind, best.count, places)
    return _adopted(_Found(part, scale, places, groups, best, tried), before)


def candidates(fitted: Fitted) -> Column:
    """Ids of the segments that a row of features may stand in, the likeliest first, then those nearly as likely.

    Reads: a row of features with an order.
    """
    if fitted.kind == RULES:
        return F.array(segment_rules.segment(fitted.facts))
    scores = _likelihoods(fitted)
    best = F.greatest(*scores.values())
    ids = [(F.lit(id_), score) for id_, score in scores.items()]
    first = F.coalesce(*(F.when(score >= best, id_) for id_, score in ids))
    near = F.array_compact(F.array(*(F.when(score >= best - HELD, id_) for id_, score in ids)))
    return F.concat(F.array(first), near)


def settled(candidates: Column, before: Column) -> Column:
    """The id of the segment: the one of the night before while it is nearly as likely, else the likeliest."""
    return F.when(F.array_contains(candidates, before), before).otherwise(F.element_at(candidates, 1))


def named(fitted: Fitted, segment_id: Column) -> Column:
    """The name of a segment by its id."""
    pairs = [F.lit(text) for row in described(fitted) for text in (row["segment_id"], row["segment"])]
    return F.element_at(F.create_map(*pairs), segment_id)


def described(fitted: Fitted) -> list[dict[str, str]]:
    """Each segment's id, name and one-line description in this version."""
    if fitted.kind == RULES:
        return segment_rules.described(fitted.facts)
    return [{"segment_id": s["id"], "segment": s["name"], "description": s["description"]} for s in _segments(fitted)]


def assigned(fitted: Fitted, customers: Customers, before: Array | None = None) -> Array:
    """The number of each customer's segment among those of a version that was clustered; `before`, where they were."""
    places = segment_space.places(segment_space.logarithms(customers), fitted.facts["scale"])
    likelihoods = _groups(fitted).likelihoods(places)
    best: Array = np.argmax(likelihoods, axis=1)
    if before is None:
        return best
    rows = np.arange(len(best))
    return np.where(likelihoods[rows, before] >= likelihoods[rows, best] - HELD, before, best)


@dataclass(frozen=True)
class _Found:
    """What was found among the customers, not yet in the words of an earlier version."""

    customers: Customers
    scale: Mapping[str, Any]
    places: Array
    groups: Groups
    best: Tried
    tried: list[Tried]


def _adopted(found: _Found, before: Fitted | None) -> Refit:
    numbers = found.groups.of(found.places)
    how = f"{found.best.count} segments by {found.best.kind}, stability {found.best.stability:.2f}"
    if before is None or before.kind != CLUSTERS:
        return Refit(_version(found, numbers, {}, 1), f"{how}: they take the place of the rules", is_new=True)
    earlier = assigned(before, found.customers)
    same = clustering.agreement(earlier, numbers)
    if same >= SAME:
        return Refit(before, f"version {before.version} stays: a refit agrees with it ({same:.2f})", is_new=False)
    held = _segments(before)
    known = {new: held[old] for new, old in matched(earlier, numbers).items()}
    fitted = _version(found, numbers, known, int(before.facts["next_number"]))
    return Refit(fitted, f"{how}: {len(known)} of them were there before (agreement {same:.2f})", is_new=True)


def matched(earlier: Array, numbers: Array) -> dict[int, int]:
    """Which new group is which earlier one: the pairing with the largest overlap of customers, where it is enough.

    Source: Kuhn (1955), "The Hungarian method for the assignment problem".
    """
    from scipy.optimize import linear_sum_assignment

    overlap = np.array(
        [
            [((numbers == new) & (earlier == old)).sum() / max(1, ((numbers == new) | (earlier == old)).sum())
             for old in range(int(earlier.max()) + 1)]
            for new in range(int(numbers.max()) + 1)
        ]
    )  # fmt: skip
    pairs = zip(*linear_sum_assignment(-overlap), strict=True)
    return {int(new): int(old) for new, old in pairs if overlap[new, old] >= OVERLAP}


def _version(found: _Found, numbers: Array, known: Mapping[int, Mapping[str, Any]], next_number: int) -> Fitted:
    thresholds = segment_rules.thresholds(found.customers)
    present = [n for n in range(len(found.groups.centres)) if (numbers == n).any()]
    portraits = {n: segment_names.portrait(found.customers, found.places, numbers == n) for n in present}
    kept = {n: k["name"] for n, k in known.items() if segment_names.is_still_true(k["name"], portraits[n], thresholds)}
    fresh = [n for n in present if n not in kept]
    called = segment_names.names([portraits[n] for n in fresh], thresholds, taken=list(kept.values()))
    names = {**kept, **dict(zip(fresh, called, strict=True))}
    segments = []
    for n in sorted(present, key=lambda n: -portraits[n].spend):
        held = known.get(n)
        segments.append(
            {
                "id": held["id"] if held else f"s{next_number}",
                "name": names[n],
                "description": _told(portraits[n], names[n], held),
                "centre": found.groups.centres[n].tolist(),
                "root": found.groups.roots[n].tolist(),
                "constant": float(found.groups.constants[n]),
            }
        )
        next_number += held is None
    facts = {
        "scale": dict(found.scale), "segments": segments, "next_number": next_number, "chosen": found.best.facts(),
        "tried": [one.facts() for one in found.tried], **thresholds,
    }  # fmt: skip
    reads = tuple(dict.fromkeys((*segment_space.READS, *segment_rules.READS)))
    return Fitted("segments", CLUSTERS, 0, reads, facts, grade="C")


def _told(of: Portrait, name: str, held: Mapping[str, Any] | None) -> str:
    told = segment_names.description(of)
    return told if held is None or held["name"] == name else f"called “{held['name']}” before; {told}"


def _without(customers: Customers, before: Fitted | None, why: str) -> Refit:
    """The segments where no grouping can be believed: those in use that once were stable, else the rules."""
    if before is not None and before.kind == CLUSTERS:
        return Refit(before, f"version {before.version} stays: {why}", is_new=False)
    return Refit(rules(customers), f"the rules stand: {why}", is_new=True)


def _first(customers: Customers) -> Customers:
    return customers.rows(np.arange(len(customers.matrix)) < MOST)


def _segments(fitted: Fitted) -> list[dict[str, Any]]:
    return list(fitted.facts["segments"])


def _groups(fitted: Fitted) -> Groups:
    held = _segments(fitted)
    centres, roots, constants = (np.array([one[name] for one in held]) for name in ("centre", "root", "constant"))
    return Groups(centres, roots, constants)


def _likelihoods(fitted: Fitted) -> dict[str, Column]:
    """Spark's reading of Groups.likelihoods, by the id of the segment."""
    places = segment_space.place_columns(fitted.facts["scale"])
    return {one["id"]: _likelihood(places, one) for one in _segments(fitted)}


def _likelihood(places: list[Column], segment: Mapping[str, Any]) -> Column:
    away = [place - centre for place, centre in zip(places, segment["centre"], strict=True)]
    found = F.lit(segment["constant"])
    for column in zip(*segment["root"], strict=True):
        turned = [part * weight for part, weight in zip(away, column, strict=True) if weight]
        if turned:
            one = sum(turned[1:], turned[0])
            found = found - F.lit(0.5) * one * one
    return found
