"""What a segment is called: at most three groups of words, each true of its customers against all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.model import Array, Customers
from models.segment_space import DIMENSIONS

BARS = (0.4, 0.25, 0.1, 0.0)
"""How far a segment must lie from all customers, in standard deviations, to be called by it; where two segments would
have one name, a smaller difference is told too."""
STILL_TRUE = 0.2
"""A name that a segment has is true until it lies nearer to all customers than this."""
UNREMARKABLE = "middling"
MOSTLY = 0.9


@dataclass(frozen=True)
class Portrait:
    """What a segment's customers have in common.

    Units: away by dimension in standard deviations of all customers; share of all customers; medians in days;
           orders and spend are means of the last 365 days, basket the median mean order.
    """

    away: Mapping[str, float]
    share: float
    silent_days: float
    age_days: float
    one_order: float
    orders: float
    spend: float
    basket: float


def portrait(customers: Customers, places: Array, mask: Array) -> Portrait:
    """The portrait of the customers where mask is true; there is at least one."""
    mine = customers.rows(mask)
    centre = places[mask].mean(axis=0) - places.mean(axis=0)
    orders = mine.known("orders_count")
    return Portrait(
        {one.name: float(far) for one, far in zip(DIMENSIONS, centre, strict=True)},
        float(mask.mean()),
        float(np.median(mine.known("days_since_last_order"))),
        float(np.median(mine.known("days_since_first_order"))),
        float((orders <= 1).mean()),
        float(mine.known("orders_count_365d").mean()),
        float(mine.known("net_amount_365d").mean()),
        float(np.median(mine.known("net_amount") / np.maximum(orders, 1))),
    )


def names(portraits: Sequence[Portrait], thresholds: Mapping[str, Any], *, taken: Sequence[str] = ()) -> list[str]:
    """A name for each, unlike all others and those that are taken."""
    found = [_name(one, thresholds, BARS[0]) for one in portraits]
    for bar in BARS[1:]:
        for place, one in enumerate(portraits):
            if found.count(found[place]) > 1 or found[place] in taken:
                found[place] = _name(one, thresholds, bar)
    numbered: list[str] = []
    for name in found:
        same = [other for other in (*taken, *numbered) if _plain(other) == name]
        numbered.append(f"{name} ({len(same) + 1})" if same else name)
    return numbered


def is_still_true(name: str, of: Portrait, thresholds: Mapping[str, Any]) -> bool:
    """Whether a segment may keep its name."""
    if _plain(name) == UNREMARKABLE:
        return not words(of, thresholds, BARS[0] + STILL_TRUE)
    return set(_plain(name).split(", ")) <= set(words(of, thresholds, STILL_TRUE))


def words(of: Portrait, thresholds: Mapping[str, Any], bar: float) -> list[str]:
    """What sets a segment apart by more than the bar: who they are, what they buy, where they are going."""
    few = "one order" if of.one_order >= MOSTLY else "few orders"
    who = "new" if of.age_days <= thresholds["recent_days"] else _side(of.away["orders"], bar, few, "loyal")
    silent = "slipping" if of.silent_days <= thresholds["lapsed_days"] else "lapsed"
    basket = _side(of.away["basket"], bar, "small baskets", "large baskets")
    return [word for word in (who, basket, _side(of.away["recency"], bar, "active", silent)) if word]


def description(of: Portrait) -> str:
    """One line with figures."""
    return (
        f"last order typically {of.silent_days:,.0f} days ago, {of.basket:,.0f} spent per order; in the last year "
        f"{of.orders:.1f} orders and {of.spend:,.0f} spent on average; {100 * of.share:.0f} % of the customers when "
        "the segments were made"
    )


def _name(of: Portrait, thresholds: Mapping[str, Any], bar: float) -> str:
    return ", ".join(words(of, thresholds, bar)) or UNREMARKABLE


def _plain(name: str) -> str:
    """The name without the number that tells it from another."""
    return name.split(" (")[0]


def _side(away: float, bar: float, below: str, above: str) -> str:
    return above if away > bar else below if away < -bar else ""
