"""Lifetime value on public sets: the model beside last year x season and BG/NBD."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from benchmarks import models_figures as figures
from benchmarks.contract import Check, higher, lower
from models import baselines, interval, repeat_spend, season
from models.bgnbd import BgNbd
from models.calendar import FEATURE_DAYS, TRAINING_SNAPSHOTS
from models.lifetime_value import LIFETIME_VALUE
from models.model import Array, Customers, Fitted
from models.predict import loaded, settled
from models.training_set import Observed


@dataclass(frozen=True)
class Bars:
    """What issue 6 asks for."""

    gini: float
    spearman: float
    decile_error: float | None
    bias: float


def nights_before(test: date, horizon_days: int, start: date) -> tuple[date, ...]:
    """The nights that models.calendar lets a test learn from, given the first day of the set."""
    grid = [test - timedelta(days=horizon_days + horizon_days // 2 * n) for n in range(TRAINING_SNAPSHOTS)]
    return tuple(night for night in grid if night >= start + timedelta(days=FEATURE_DAYS))


def value(seen: Observed, test: date, horizon_days: int, start: date, bars: Bars, name: str) -> Iterator[Check]:
    """Every figure of one origin; the interval per customer is learned of the origin one horizon before."""
    fitted, after, spent = _fitted(seen, test, horizon_days, start)
    ours = loaded(settled(fitted, after)).values(after)
    yield from judged(name, spent, ours, _named(fitted, after, horizon_days), bars)
    before = test - timedelta(days=horizon_days)
    if nights_before(before, horizon_days, start):
        earlier, then, came = _fitted(seen, before, horizon_days, start)
        learned = interval.learned(came, loaded(settled(earlier, then)).values(then))
        low, high = interval.bounds(learned, ours)
        yield higher(f"{name}: within the 90 % interval", ((spent >= low) & (spent <= high)).mean())
        yield lower(f"{name}: mean width of the interval over the mean", (high - low).mean() / spent.mean())


def judged(name: str, spent: Array, ours: Array, others: dict[str, Array], bars: Bars) -> Iterator[Check]:
    """Figures of the model against its bars, then of each other one, and the gains over last year x season."""
    yield lower(f"{name}: customers", len(spent))
    yield higher(f"{name}: normalised Gini", figures.gini(spent, ours), bars.gini)
    yield higher(f"{name}: Spearman", figures.spearman(spent, ours), bars.spearman)
    yield lower(f"{name}: decile error", figures.decile_error(spent, ours), bars.decile_error)
    yield lower(f"{name}: total bias, absolute", abs(ours.sum() / spent.sum() - 1), bars.bias)
    low, high = figures.interval_of(figures.r2, spent, ours)
    for end, found in (("", figures.r2(spent, ours)), (" from", low), (" to", high)):
        yield higher(f"{name}: R2{end}", found)
    for other, theirs in others.items():
        yield higher(f"{name}: normalised Gini of {other}", figures.gini(spent, theirs))
        yield higher(f"{name}: Spearman of {other}", figures.spearman(spent, theirs))
        yield lower(f"{name}: decile error of {other}", figures.decile_error(spent, theirs))
    for what, figure in (("Gini", figures.gini), ("Spearman", figures.spearman)):
        found, least, most = figures.gain(figure, spent, ours, others["last year x season"])
        yield higher(f"{name}: gain in {what} over last year x season", found)
        yield higher(f"{name}: gain in {what} over last year x season, from", least, 0)
        yield higher(f"{name}: gain in {what} over last year x season, to", most)


def cdnow(seen: Observed, test: date, learned_days: int, horizon_days: int, start: date) -> Iterator[Check]:
    """39 weeks foretold from 39: no window of that length is closed, so the model learns of shorter ones."""
    rows = seen.on(nights_before(test, learned_days, start))
    fitted = LIFETIME_VALUE.fit(seen.customers.rows(rows), seen.spend[learned_days][rows], learned_days)
    tested = seen.on([test])
    after, spent, ordered = (
        seen.customers.rows(tested),
        seen.spend[horizon_days][tested],
        seen.orders[horizon_days][tested],
    )
    fitted = replace(fitted, horizon_days=horizon_days)
    said, others = loaded(settled(fitted, after)).predicted(after), _named(fitted, after, horizon_days)
    ours = said.values
    yield from judged("cdnow", spent, ours, others, Bars(0.71, 0.45, None, 0.08))
    yield higher("cdnow: normalised Gini of orders by the value", figures.gini(ordered, ours))
    parameters = repeat_spend.learned(after)["purchases"]
    orders = BgNbd(**parameters).expected(repeat_spend.purchases(after), horizon_days)
    yield higher("cdnow: normalised Gini of orders by BG/NBD", figures.gini(ordered, orders))
    if said.orders is not None:
        yield higher("cdnow: normalised Gini of expected orders", figures.gini(ordered, said.orders), 0.68)


def _fitted(seen: Observed, test: date, horizon_days: int, start: date) -> tuple[Fitted, Customers, Array]:
    rows, tested = seen.on(nights_before(test, horizon_days, start)), seen.on([test])
    fitted = LIFETIME_VALUE.fit(seen.customers.rows(rows), seen.spend[horizon_days][rows], horizon_days)
    return fitted, seen.customers.rows(tested), seen.spend[horizon_days][tested]


def _named(fitted: Fitted, after: Customers, horizon_days: int) -> dict[str, Array]:
    ratio = season.total_ratio(fitted.facts, season.population(after), horizon_days)
    last_year = np.maximum(after.known("net_amount_365d"), 0) * horizon_days / baselines.YEAR_DAYS * ratio
    found = {"last year x season": last_year}
    repeating = repeat_spend.value(fitted.facts["repeating"], after, horizon_days)
    if repeating is not None:
        found["BG/NBD"] = repeating
    return found
