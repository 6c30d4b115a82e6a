"""A made-up shop of subscriptions whose process is known, and who leaves it as well as anybody could foretell.

A hidden level of dissatisfaction and a day on which a customer sours (hidden too) drive how often extras are bought,
whether a term is renewed, and whether a yearly one is cancelled before its end. What a night can know of them is worked
out day by day from what was seen (the forward algorithm of a hidden Markov model), so the best forecast is exact.
Source: Rabiner (1989), "A tutorial on hidden Markov models", section III.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from features.contract import GRACE_DAYS
from models.model import Array

LEVELS = np.array([-1.5, -0.75, 0.0, 0.75, 1.5])
SHARES = np.array([1, 4, 6, 4, 1]) / 16
SOURS = 1 / 300
"""Chance per day."""
TERMS = np.array([30, 365])
PRICES = np.array([10.0, 100.0])
BASES = np.array([-2.2, -0.5])
NOTICE_DAYS = 30
LATE, MOST_LATE = 0.15, 5
"""Share of the renewals that come one to so many days late; the term keeps its dates."""
RETURN, RETURN_DAYS = 0.3, 60
NEVER = 10**6
SALE, EXTRA, NOTICE = 0, 1, 2


@dataclass(frozen=True)
class Book:
    """Everything that was sold or cancelled, by day.

    Units: days from the first; a notice names the first and the new last day of the term that it ends.
    Shape: leaves holds, by customer, the first day without cover of every spell, and -1 where it still runs.
    """

    days: int
    kind: Array
    customer: Array
    day: Array
    what: Array
    starts: Array
    ends: Array
    leaves: tuple[tuple[int, ...], ...]
    best: dict[int, Array]

    def leaves_after(self, night: int) -> Array:
        """By customer the first day without cover of the spell that runs, or is in its days of grace, on the night."""
        found = [min((day for day in days if day >= night - GRACE_DAYS), default=NEVER) for days in self.leaves]
        return np.array(found)

    def before(self, night: int) -> "Book":
        """What was known by the night."""
        known = self.day < night
        rows = {name: getattr(self, name)[known] for name in ("customer", "day", "what", "starts", "ends")}
        return replace(self, **rows)


@dataclass
class _State:
    joined: Array
    kind: Array
    level: Array
    sour: Array
    active: Array
    began: Array
    ends: Array
    covered_from: Array
    noticed: Array
    returns: Array
    belief: Array
    asked_on: Array
    goes: Array
    if_stays: Array


def book(customers: int, days: int, *, seed: int, nights: dict[int, int]) -> Book:
    """The shop's book; nights tells for each night the last day on which cover may have ended for the best forecast."""
    drawn = np.random.default_rng(seed)
    state = _fresh(customers, days, drawn)
    rows: list[tuple[Array, ...]] = []
    leaves: list[list[int]] = [[] for _ in range(customers)]
    best = {}
    for day in range(days):
        if day in nights:
            best[day] = _foretold(state, day, nights[day])
        rows.extend(_one_day(state, day, drawn, leaves))
    customer, at, what, starts, ends = (np.concatenate(column) for column in zip(*rows, strict=True))
    return Book(days, state.kind, customer, at, what, starts, ends, tuple(map(tuple, leaves)), best)


def _fresh(customers: int, days: int, drawn: np.random.Generator) -> _State:
    early = drawn.uniform(size=customers) < 0.4
    joined = np.where(early, drawn.integers(0, 120, customers), drawn.integers(0, days, customers))
    none, never = np.zeros(customers, dtype=bool), np.full(customers, -1)
    belief = np.zeros((customers, len(LEVELS), 2))
    belief[:, :, 0] = SHARES
    kind = (drawn.uniform(size=customers) < 0.4).astype(int)
    level = drawn.choice(len(LEVELS), customers, p=SHARES)
    return _State(joined, kind, level, none.copy(), none.copy(), never.copy(), never.copy(), never.copy(), none.copy(),
                  never.copy(), belief, np.full(customers, -NEVER), np.zeros(customers), belief.copy())  # fmt: skip


def _one_day(
    state: _State, day: int, drawn: np.random.Generator, leaves: list[list[int]]
) -> Iterator[tuple[Array, ...]]:
    """What happens on a day, in the order in which it does: begun, ended or renewed, soured, cancelled, bought."""
    everybody = len(state.kind)
    begins = np.flatnonzero((state.joined == day) | (state.returns == day))
    state.active[begins], state.sour[begins], state.noticed[begins] = True, False, False
    state.began[begins] = state.covered_from[begins] = day
    state.ends[begins] = day + TERMS[state.kind[begins]] - 1
    state.belief[begins] = np.stack([state.belief[begins].sum(axis=2), np.zeros((len(begins), len(LEVELS)))], axis=2)
    yield _rows(begins, day, SALE, np.full(len(begins), day), state.ends[begins])
    _renewed_or_left(state, day, drawn, leaves)
    renewed = np.flatnonzero(state.active & (state.covered_from == day) & (state.began < day))
    yield _rows(renewed, day, SALE, _starts(state, renewed), state.ends[renewed])
    state.sour |= state.active & (drawn.uniform(size=everybody) < SOURS)
    moved = state.belief[:, :, 0] * SOURS * state.active[:, None]
    state.belief[:, :, 0] -= moved
    state.belief[:, :, 1] += moved
    covered = state.active & (state.covered_from <= day)
    may = covered & ~state.noticed & (state.ends - day > NOTICE_DAYS)
    chance = _cancels()
    cancels = may & (drawn.uniform(size=everybody) < chance[state.level, state.sour.astype(int)])
    _learn(state, may, cancels, chance[None])
    cut = np.flatnonzero(cancels)
    starts = _starts(state, cut)
    state.ends[cut], state.noticed[cut] = day + NOTICE_DAYS, True
    yield _rows(cut, day, NOTICE, starts, state.ends[cut])
    chance = _buys()
    buys = covered & (drawn.uniform(size=everybody) < chance[state.level, state.sour.astype(int)])
    _learn(state, covered, buys, chance[None])
    bought = np.flatnonzero(buys)
    nothing = np.full(len(bought), -1)
    yield _rows(bought, day, EXTRA, nothing, nothing)


def _starts(state: _State, who: Array) -> Array:
    """The first day of the terms that run: of late renewals every second one is dated back."""
    first = state.ends[who] - TERMS[state.kind[who]] + 1
    found: Array = np.where(who % 2 == 0, first, np.maximum(first, state.covered_from[who]))
    return found


def _renewed_or_left(state: _State, day: int, drawn: np.random.Generator, leaves: list[list[int]]) -> None:
    everybody = len(state.kind)
    asked = state.active & (state.ends == day - 1)
    chance = _ends(state, day)
    mine = chance[np.arange(everybody), state.level, state.sour.astype(int)]
    goes = asked & (state.noticed | (drawn.uniform(size=everybody) < mine))
    state.asked_on[asked] = day
    weight = (state.belief * chance).sum(axis=(1, 2))
    state.goes[asked] = np.where(state.noticed, 1.0, weight)[asked]
    stay = state.belief * (1 - chance)
    state.if_stays[asked] = (stay / stay.sum(axis=(1, 2), keepdims=True))[asked]
    _learn(state, asked & ~state.noticed, goes, chance)
    delay = np.where(drawn.uniform(size=everybody) < LATE, drawn.integers(1, MOST_LATE + 1, everybody), 0)
    stays = asked & ~goes
    state.ends[stays] += TERMS[state.kind[stays]]
    state.covered_from[stays] = (day + delay)[stays]
    comes_back = goes & (drawn.uniform(size=everybody) < RETURN)
    state.returns[comes_back] = day + 15 + drawn.exponential(RETURN_DAYS, everybody)[comes_back].astype(int)
    state.active[goes] = False
    for one in np.flatnonzero(goes):
        leaves[one].append(day)


def _foretold(state: _State, night: int, last: int) -> Array:
    """By customer the chance that cover ends by the last day, given what was seen before the night.

    Shape: NaN where no term runs and none ended in the days of grace before the night.
    """
    waited = night - state.asked_on
    waits = (waited >= 1) & (waited < GRACE_DAYS) & ~(state.active & (state.covered_from < night))
    late = (1 - state.goes) * LATE * np.clip(MOST_LATE + 1 - waited, 0, MOST_LATE) / MOST_LATE
    gone = np.where(waits, state.goes / np.maximum(state.goes + late, 1e-12), 0.0)
    belief = np.where(waits[:, None, None], state.if_stays, state.belief)
    runs = state.active & (state.covered_from < night) | waits
    ends = np.where(waits, state.asked_on - 1 + TERMS[state.kind], state.ends)
    sure = state.noticed & ~waits & runs
    left = np.where(sure & (ends + 1 <= last), 1.0, 0.0)
    belief[sure | ~runs] = 0
    for day in range(night, last + 1):
        asked = ends == day - 1
        goes = belief * _ends(state, day) * asked[:, None, None]
        belief -= goes
        left += goes.sum(axis=(1, 2))
        ends[asked] += TERMS[state.kind[asked]]
        moved = belief[:, :, 0] * SOURS
        belief[:, :, 0] -= moved
        belief[:, :, 1] += moved
        cancels = belief * _cancels()[None] * (ends - day > NOTICE_DAYS)[:, None, None]
        belief -= cancels
        if day + NOTICE_DAYS + 1 <= last:
            left += cancels.sum(axis=(1, 2))
    found: Array = np.where(runs, gone + (1 - gone) * left, np.nan)
    return found


def _learn(state: _State, asked: Array, happened: Array, chance: Array) -> None:
    """What is believed of those asked, after it happened to them or not."""
    likely = np.where(happened[:, None, None], chance, 1 - chance)
    belief = np.where(asked[:, None, None], state.belief * likely, state.belief)
    state.belief = belief / belief.sum(axis=(1, 2), keepdims=True)


def _ends(state: _State, day: int) -> Array:
    """Chance not to renew, by customer, level and whether soured."""
    months = np.maximum(day - state.began, 0) / 30
    base = BASES[state.kind] - 0.35 * np.log1p(months)
    odds = base[:, None, None] + LEVELS[None, :, None] + 2.0 * np.arange(2)[None, None, :]
    found: Array = 1 / (1 + np.exp(-odds))
    return found


def _cancels() -> Array:
    found: Array = 0.0004 * np.exp(LEVELS[:, None] + 1.8 * np.arange(2)[None, :])
    return found


def _buys() -> Array:
    found: Array = 0.08 * np.exp(-0.4 * LEVELS[:, None]) * np.array([1.0, 0.25])[None, :]
    return found


def _rows(customer: Array, day: int, what: int, starts: Array, ends: Array) -> tuple[Array, ...]:
    return customer, np.full(len(customer), day), np.full(len(customer), what), starts, ends
