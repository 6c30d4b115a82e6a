"""The usual range of what a night brings: what earlier nights of its kind make likely, and how far off it is.

Rows come by the weekday, grow by the year, and differ on holidays and sale days. So a night is compared with nights of
its weekday (or of its special day), growth is followed, and what counts as far off follows from how all nights scatter
around their own weekday.
Source: median and median absolute deviation as in Leys et al. (2013), doi:10.1016/j.jesp.2013.03.013; growth by the
median of all slopes, Theil (1950), Sen (1968).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quality.calendar import SpecialDay, special_day

Verdict = Literal["usual", "unusual", "far off"]
VERDICTS: Sequence[Verdict] = ("usual", "unusual", "far off")
Real = NDArray[np.float64]

FEWEST_NIGHTS = 4
"""Before so many nights of its weekday (or special day) nothing is known about a night."""
WEEKS = 10
"""How far back nights are looked at; a special day of its own is looked for in all."""
FEWEST_WEEKS = 6
"""Over fewer, growth cannot be told from chance."""
MOST_GROWTH = 0.07
"""Per week, in the natural logarithm; more is no growth but a break."""
SMALLEST_SCATTER = 0.05
UNUSUAL, FAR_OFF = 4.0, 4.5
"""How many scatters from what is expected a night is told, and stopped."""
NEAREST_FAR_OFF = 0.35
"""No night is stopped that lies nearer to what is expected: 30 % less, 42 % more."""
TO_DEVIATION = 1.4826
"""Median absolute deviation to standard deviation, where values scatter normally."""


@dataclass(frozen=True)
class Usual:
    """What a night is likely to bring.

    Units: expected, lowest and highest are rows, or whatever the history counts; a night below lowest or above highest
           is far off; scatter is in the natural logarithm; nights is the number of nights behind it.
    """

    expected: float
    scatter: float
    nights: int

    @property
    def lowest(self) -> float:
        """The least that is not far off."""
        return float(np.expm1(np.log1p(self.expected) - self._reach))

    @property
    def highest(self) -> float:
        """The most that is not far off."""
        return float(np.expm1(np.log1p(self.expected) + self._reach))

    def furthest(self, value: float) -> float:
        """The last value on this side of what is expected that is not far off."""
        return self.highest if value > self.expected else self.lowest

    def verdict(self, value: float) -> Verdict:
        """How the value of a night compares."""
        distance = abs(float(np.log1p(value) - np.log1p(self.expected)))
        if distance > self._reach:
            return "far off"
        return "unusual" if distance > UNUSUAL * self.scatter else "usual"

    @property
    def _reach(self) -> float:
        return max(FAR_OFF * self.scatter, NEAREST_FAR_OFF)


def usual(history: Mapping[date, float], night: date, calendar: Sequence[SpecialDay] = ()) -> Usual | None:
    """What the nights before make likely; None where too few of its kind are known to say.

    Reads: history is the value of each night that has one; a night brings the day before it.
    Units: a special day is expected to differ from an ordinary one as earlier days of its name did.
    """
    kinds = {known: _kind(known, calendar) for known in history if known < night}
    plain = {known: history[known] for known, other in kinds.items() if other is None}
    ordinary = _ordinary(plain, night)
    kind = _kind(night, calendar)
    if kind is None or ordinary is None:
        return ordinary
    days = [known for known, other in kinds.items() if other == kind]
    known = [(history[day], _ordinary(_before(plain, day), day)) for day in days]
    factors = np.array([np.log1p(value) - np.log1p(found.expected) for value, found in known if found])
    if len(factors) < FEWEST_NIGHTS:
        return None
    expected = float(np.expm1(np.log1p(ordinary.expected) + np.median(factors)))
    scatter = TO_DEVIATION * float(np.median(np.abs(factors - np.median(factors))))
    return Usual(expected, max(scatter, ordinary.scatter), len(factors))


def alike(nights: Iterable[date], night: date, calendar: Sequence[SpecialDay] = ()) -> list[date]:
    """The nights before that are of the same weekday and no more special than this one, as far back as one looks."""
    if _kind(night, calendar) is not None:
        return []
    recent = (known for known in nights if timedelta() < night - known <= timedelta(weeks=WEEKS))
    return [known for known in recent if known.weekday() == night.weekday() and _kind(known, calendar) is None]


def levels(
    history: Mapping[date, float],
    night: date,
    calendar: Sequence[SpecialDay] = (),
    *,
    since: date | None = None,
    missed: Iterable[date] = (),
) -> list[Usual]:
    """What may be expected: as the nights before, as one that was let through since, or with what was missed.

    Units: since is a night that a person let through although it was far off; missed are the nights whose delivery did
           not come, and may come with this one. What is usual by any of these levels is usual.
    """
    plain = usual(history, night, calendar)
    if plain is None:
        return []
    others = (_as_let_through(history, night, calendar, since), _with_missed(plain, history, calendar, missed))
    return [plain, *(level for level in others if level is not None)]


def _as_let_through(
    history: Mapping[date, float], night: date, calendar: Sequence[SpecialDay], since: date | None
) -> Usual | None:
    """What that night brought may have come to stay: the nights before it are raised or lowered to its level."""
    before = usual(history, since, calendar) if since is not None and since in history else None
    if since is None or before is None:
        return None
    moved = np.log1p(history[since]) - np.log1p(before.expected)
    raised = {
        known: float(np.expm1(np.log1p(value) + moved)) if known < since else value for known, value in history.items()
    }
    return usual(raised, night, calendar)


def _with_missed(
    plain: Usual, history: Mapping[date, float], calendar: Sequence[SpecialDay], missed: Iterable[date]
) -> Usual | None:
    late = [found for one in missed if (found := usual(history, one, calendar)) is not None]
    return replace(plain, expected=plain.expected + sum(one.expected for one in late)) if late else None


def mildest(found: Sequence[Usual], value: float) -> Usual:
    """Of several levels the one by which the value is least unusual."""
    return min(found, key=lambda level: VERDICTS.index(level.verdict(value)))


def _before(history: Mapping[date, float], night: date) -> dict[date, float]:
    return {known: value for known, value in history.items() if known < night}


def _ordinary(history: Mapping[date, float], night: date) -> Usual | None:
    """What ordinary nights make likely for an ordinary night."""
    recent = [known for known in history if night - known <= timedelta(weeks=WEEKS)]
    weeks = np.array([(known - night).days / 7 for known in recent])
    values = np.log1p(np.array([history[known] for known in recent]))
    groups = np.array([known.weekday() for known in recent])
    its_own = groups == night.weekday()
    if np.count_nonzero(its_own) < FEWEST_NIGHTS:
        return None
    flat = values - _growth(weeks, values, groups) * weeks
    expected = float(np.expm1(np.median(flat[its_own])))
    scatter = TO_DEVIATION * float(np.median(np.abs(_misses(flat, groups))))
    # A count scatters by its root even where a few nights happened to agree.
    counted = 1 / np.sqrt(max(expected, 1.0))
    return Usual(expected, max(scatter, float(counted), SMALLEST_SCATTER), int(np.count_nonzero(its_own)))


def _kind(night: date, calendar: Sequence[SpecialDay]) -> str | None:
    """The special day that the night brings; None for an ordinary one."""
    return special_day(night - timedelta(days=1), calendar)


def _misses(values: Real, groups: NDArray[np.int64]) -> Real:
    """How far each night lay from the median of the others of its weekday: what a prediction would have missed."""
    found = []
    for group in np.unique(groups):
        own = values[groups == group]
        found += [own[place] - np.median(np.delete(own, place)) for place in range(len(own)) if len(own) > 1]
    return np.array(found)


def _growth(weeks: Real, values: Real, groups: NDArray[np.int64]) -> float:
    """The median of the slopes between any two nights of one weekday, within MOST_GROWTH; 0 over few weeks."""
    if np.ptp(weeks) < FEWEST_WEEKS:
        return 0.0
    left, right = np.triu_indices(len(weeks), 1)
    same = groups[left] == groups[right]
    slopes = (values[right] - values[left])[same] / (weeks[right] - weeks[left])[same]
    return float(np.clip(np.median(slopes), -MOST_GROWTH, MOST_GROWTH))
