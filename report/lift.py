"""The effect of an audience in words, as JSON and as pictures."""

from collections.abc import Iterator
from dataclasses import asdict, astuple
from typing import Any

from activation.effect import Foreseen, Lift
from activation.lift import FEW_BUYERS, Estimate
from report.wording import number

LEFT_OUT = {
    "changed_sides": "turned out to be people of both sides",
    "global_holdout": "held out of every audience since",
    "window_not_over": "still within their days",
}


def as_json(found: Lift) -> dict[str, Any]:
    """The effect as `habitue lift --json` prints it."""
    shares = {"sent": found.sent.conversion, "held_out": found.held_out.conversion}
    told = asdict(found) | {"night": found.night.isoformat(), "says": verdict(found)}
    told["sent"]["conversion"], told["held_out"]["conversion"] = shares["sent"], shares["held_out"]
    per_buyer = asdict(found.cost_per_buyer) if found.cost_per_buyer else None
    return told | {"is_telling": found.is_telling, "is_as_drawn": found.is_as_drawn, "cost_per_buyer": per_buyer}


def in_words(found: Lift, currency: str) -> Iterator[str]:
    """The effect for a person at a terminal: what came out first, then how it was found."""
    yield f"{found.audience}, {found.days} days after the first contact, as night {found.night} knows it"
    yield f"  {verdict(found)}"
    for name, side in (("sent", found.sent), ("held out", found.held_out)):
        words = f"{number(side.buyers)} bought ({side.conversion:.1%}), {side.spend:,.2f} {currency} each"
        yield f"  {number(side.customers):>9}  {name}: {words}"
    if found.conversion:
        yield f"  conversion  {points(found.conversion)}"
    for name, estimate in (("spend", found.spend), ("spend*", found.adjusted_spend)):
        if estimate:
            yield f"  {name:<10}  {amounts(estimate)} {currency} per customer"
    if found.adjusted_spend:
        yield f"  * less what spend before foretold: {found.variance_foretold:.0%} of its variance"
    yield from _paid(found, currency)
    if found.not_reached:
        words = "of those to be sent never had an acknowledged delivery; they count all the same"
        yield f"  {number(found.not_reached):>9}  {words}"
    for why, count in found.left_out.items():
        yield f"  {number(count):>9}  left out: {LEFT_OUT[why]}"


def verdict(found: Lift) -> str:
    """What came out, in a sentence or two."""
    if not found.is_as_drawn:
        return (
            f"Not to be trusted: the two sides are not as large as the draw makes them (chance "
            f"{found.chance_of_sides:.2g}). Find out who is missing before reading any difference."
        )
    if found.conversion is None or not found.is_telling:
        return (
            f"Too few customers say anything yet: each side needs {FEW_BUYERS} who bought and {FEW_BUYERS} who did not."
            f"{_smallest(found)}"
        )
    if not found.conversion.excludes_zero:
        return f"No difference in conversion that chance alone would not make.{_smallest(found)}"
    side = "more" if found.conversion.difference > 0 else "less"
    return f"Those who were sent bought {side} often than those held out: {points(found.conversion)}."


def beforehand(expected: Foreseen) -> str:
    """What the sides could show, before anything is sent."""
    if not expected.sent + expected.held_out:
        return "Nobody may be contacted as the night decided, so there is nothing to measure."
    if not expected.held_out:
        return "Nobody is held out, so what contact changes cannot be measured: give the audience a holdout."
    sizes = f"{number(expected.sent)} to contact and {number(expected.held_out)} held out"
    bought = f"of whom {expected.rate:.1%} bought in the last {expected.days} days"
    if expected.detectable >= 1:
        return f"With {sizes}, {bought}, no effect on how many buy would show."
    return (
        f"With {sizes}, {bought}, only a rise of {100 * expected.detectable:.1f} percentage points or more would show."
    )


def points(estimate: Estimate) -> str:
    """A difference of shares in percentage points, with its interval."""
    difference, low, high = (100 * part for part in (estimate.difference, estimate.low, estimate.high))
    return f"{difference:+.1f} percentage points, 95 % between {low:+.1f} and {high:+.1f}"


def amounts(estimate: Estimate) -> str:
    """A difference of money, with its interval."""
    return f"{estimate.difference:+,.2f}, 95 % between {estimate.low:+,.2f} and {estimate.high:+,.2f}"


def _paid(found: Lift, currency: str) -> Iterator[str]:
    """What contacts cost, and what that is per buyer gained; nothing where that is not known."""
    if found.cost is None:
        return
    cost, gained = found.cost, ""
    if found.cost_per_buyer:
        amount, low, high = (f"{part:,.2f}" for part in astuple(found.cost_per_buyer))
        gained = f": {amount} {currency} per buyer gained, 95 % between {low} and {high}"
    messages = f"{cost.sent:.1f} messages a customer sent, {cost.held_out:.1f} held out"
    yield f"  contacts    {messages}, at {cost.price:g} {currency} each{gained}"


def _smallest(found: Lift) -> str:
    if found.detectable >= 1:
        return ""
    return f" With sides of this size only a rise of {100 * found.detectable:.1f} percentage points or more would show."
