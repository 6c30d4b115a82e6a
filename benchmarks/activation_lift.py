"""Lift: Hillstrom's published rates, and how often 95 % intervals hold a lift that is known.

The rivals are the intervals of most spreadsheets: Wald's for shares, and the normal one for means.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import exp, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from activation import lift as estimates
from activation.effect import Lift, measured
from activation.lift import Array, Estimate
from benchmarks.contract import Check, higher, lower

PUBLISHED = {"No E-Mail": 10.617, "Mens E-Mail": 18.276, "Womens E-Mail": 15.140}
"""Visits per hundred customers: Hillstrom (2008), "The MineThatData E-Mail Analytics And Data Mining Challenge"."""
RUNS, SIDES, SMALL = 1_000, (4_500, 500), (450, 50)
"""The small sides have about six buyers held out: `habitue lift` tells no difference there; shown without a bar."""
RISE = 0.03
LOW_BAR, HIGH_BAR = 0.93, 0.97
NIGHT = date(2008, 3, 20)


def lift(data: Path) -> Iterator[Check]:
    """Hillstrom exact, and the coverage of every interval."""
    yield from hillstrom(data)
    yield from coverage()


def hillstrom(data: Path) -> Iterator[Check]:
    """Visit rates of the three groups, and what each e-mail changed, by the product's own road."""
    customers = pd.read_csv(data / "hillstrom" / "hillstrom.csv")
    for segment in ("Mens E-Mail", "Womens E-Mail"):
        found = _measured(customers[customers["segment"].isin([segment, "No E-Mail"])])
        rates = {segment: found.sent.conversion, "No E-Mail": found.held_out.conversion}
        for name, rate in rates.items():
            yield lower(f"hillstrom: visit rate of {name} against that of {segment}, off by", _off(name, rate), 0.0005)
        for what, estimate in (("visit rate", found.conversion), ("adjusted spend", found.adjusted_spend)):
            if estimate is not None:
                yield higher(f"hillstrom: {segment}, {what} more", estimate.difference)
                yield higher(f"hillstrom: {segment}, {what} more at least", estimate.low, 0)
        yield lower(f"hillstrom: {segment}, a rise that would show", found.detectable)
        yield higher(f"hillstrom: {segment}, chance of such sides", found.chance_of_sides, estimates.SUSPICIOUS)


def coverage() -> Iterator[Check]:
    """The share of runs whose interval holds the truth, beside the rivals' on the same runs."""
    for sides in (SIDES, SMALL):
        name = f"{sides[0]:,} sent and {sides[1]:,} held out"
        runs = [_run(seed, sides) for seed in range(RUNS)]
        held = {what: float(np.mean([run.holds[what] for run in runs])) for what in runs[0].holds}
        for what, share in held.items():
            has_bar = sides == SIDES and not what.startswith("rival")
            yield higher(f"coverage, {name}: {what}", share, LOW_BAR if has_bar else None)
            if has_bar:
                yield lower(f"coverage, {name}: {what}, not above", share, HIGH_BAR)
        narrower = float(np.mean([run.narrower for run in runs]))
        yield lower(f"coverage, {name}: width of adjusted spend as a share of plain", narrower, 1.0)


@dataclass(frozen=True)
class Run:
    """Which intervals held the truth in one run, and how wide the adjusted one was beside the plain one."""

    holds: dict[str, bool]
    narrower: float


def _run(seed: int, sides: tuple[int, int]) -> Run:
    """Sent customers buy with a chance that is RISE higher; spend before comes of the same habits."""
    generator = np.random.default_rng(seed)
    (sent, before_sent), (held, before_held) = (
        _customers(generator, count, rise) for count, rise in zip(sides, (RISE, 0.0), strict=True)
    )
    buyers = (int((sent > 0).sum()), int((held > 0).sum()))
    conversion = estimates.conversion_difference(buyers, sides)
    plain = estimates.spend_difference(sent, held, seed=RUNS + seed)
    adjusted, _ = estimates.adjusted_spend_difference((sent, before_sent), (held, before_held), seed=RUNS + seed)
    more = RISE * MEAN_BASKET
    return Run(
        {
            "conversion (Newcombe)": _holds(conversion, RISE),
            "spend (bootstrap)": _holds(plain, more),
            "spend less foretold (CUPED)": _holds(adjusted, more),
            "rival conversion (Wald)": _holds(_wald(buyers, sides), RISE),
            "rival spend (normal)": _holds(_normal(sent, held), more),
        },
        (adjusted.high - adjusted.low) / (plain.high - plain.low),
    )


MEAN_BASKET = exp(3.6 + 0.5**2 / 2 + 0.4**2 / 2)


def _customers(generator: np.random.Generator, count: int, rise: float) -> tuple[Array, Array]:
    """Spend in the window and in the year before: habits differ widely, baskets have a long tail."""
    habit = 0.9 * generator.beta(0.5, 3.0, count)
    basket = np.exp(generator.normal(3.6, 0.5, count))
    before: Array = generator.poisson(12 * habit).astype(float) * basket * np.exp(generator.normal(0, 0.2, count))
    bought = generator.random(count) < habit + rise
    spent: Array = np.where(bought, basket * np.exp(generator.normal(0, 0.4, count)), 0.0)
    return spent, before


def _holds(estimate: Estimate, truth: float) -> bool:
    return estimate.low <= truth <= estimate.high


def _wald(buyers: tuple[int, int], sides: tuple[int, int]) -> Estimate:
    one, other = (bought / of for bought, of in zip(buyers, sides, strict=True))
    reach = 1.96 * sqrt(one * (1 - one) / sides[0] + other * (1 - other) / sides[1])
    return Estimate(one - other, one - other - reach, one - other + reach)


def _normal(sent: Array, held: Array) -> Estimate:
    difference = float(sent.mean() - held.mean())
    reach = 1.96 * sqrt(sent.var(ddof=1) / len(sent) + held.var(ddof=1) / len(held))
    return Estimate(difference, difference - reach, difference + reach)


def _measured(customers: pd.DataFrame) -> Lift:
    """A visit takes the place of a purchase; the history is the spend before."""
    count = len(customers)
    is_sent = customers["segment"] != "No E-Mail"
    seen = pa.table(
        {
            "arm": pa.array(np.where(is_sent, "contacted", "held_out")),
            "share": pa.array([0.5] * count),
            "is_reached": pa.array([True] * count),
            "why": pa.nulls(count, pa.string()),
            "has_bought": pa.array(customers["visit"].to_numpy() == 1),
            "spend": pa.array(customers["spend"].to_numpy()),
            "spend_before": pa.array(customers["history"].to_numpy()),
        }
    )
    return measured(seen, audience="hillstrom", days=14, night=NIGHT, share=0.5)


def _off(segment: str, rate: float) -> float:
    """Percentage points between a rate and the published one."""
    return abs(100 * rate - PUBLISHED[segment])
