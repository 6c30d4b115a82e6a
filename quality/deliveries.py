"""Is what a night delivered like what its nights deliver? Rows, money, who is named, how complete, how it spreads.

Far too few or too many rows, far too little or too much money and orders that name nobody stop the table before it is
written. A store that is short does not hold up the others: it is told; one that brings far too much stops the table.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from lakehouse.stability import stability_index
from quality.calendar import SpecialDay
from quality.gate import GateOutcome, Outcome
from quality.measurements import Figure, History, Known, Place
from quality.rules import Severity
from quality.shares import UsualShare, nearest_share, usual_share
from quality.spread import has_drifted
from quality.usual import FEWEST_NIGHTS, WEEKS, Usual, Verdict, alike, levels, mildest

Answers = Mapping[Verdict, Outcome]
STOPS: Answers = {"unusual": "warned", "far off": "blocked"}
TELLS: Answers = {"unusual": "warned", "far off": "warned"}
COUNTED: Mapping[str, tuple[str, str, Answers]] = {
    "rows": ("as many rows", "rows", STOPS),
    "amount": ("as much money", "of money", {"far off": "blocked"}),
    "changed rows": ("as many new and changed rows", "new and changed rows", {"far off": "warned"}),
}
ANYBODY = "person"
MATCHED = "matched"
"""The share of rows whose customer was found."""
GROUPS: Mapping[str, str] = {"store_id": "store", "channel": "channel"}
SPREAD: Mapping[str, str] = {
    "hour": "hours of the day",
    "age": "ages",
    "size": "sizes of amounts",
    "kind": "kinds",
    "status": "statuses",
    "currency": "currencies",
    "channel": "channels",
    "store_id": "stores",
}
FEWEST_OF_GROUP = 36
"""A group of fewer rows may be empty by chance."""
MOST_MISSED = 7
"""Days after which what a source could not deliver is no longer expected to come at once."""
CHANCE_OF_GROUP = 6.0
"""Roots of the expected rows within which a group's rows scatter by chance, however many groups are asked."""


@dataclass(frozen=True)
class Finding:
    """How one side of a delivery compares: its outcome for the gate, and what was found in words."""

    outcome: GateOutcome
    words: str


@dataclass(frozen=True)
class Past:
    """What is known when a night is judged.

    Units: accepted are nights that a person let through, by table: what came then may have come to stay.
    """

    history: History
    night: date
    calendar: Sequence[SpecialDay] = ()
    accepted: Mapping[str, Collection[date]] = field(default_factory=dict)

    def since(self, table: str) -> date | None:
        """The last night of the table that was let through, while it still tells something of this one."""
        recent = [night for night in self.accepted.get(table, ()) if self._is_recent(night)]
        return max(recent, default=None)

    def recent(self, known: Known) -> dict[date, Figure]:
        """The figures of the nights that are looked at."""
        return {night: figure for night, figure in known.items() if self._is_recent(night)}

    def _is_recent(self, night: date) -> bool:
        return timedelta() < self.night - night <= timedelta(weeks=WEEKS)


def judge(figures: Iterable[Figure], past: Past) -> list[Finding]:
    """The findings of every delivery that came tonight; none on what too few nights are known of.

    Reads: figures of tonight; a delivery that came has one of the measure `rows`.
    """
    own: dict[Place, dict[str, dict[str, Figure]]] = {}
    for figure in figures:
        own.setdefault(figure.place, {}).setdefault(figure.measure, {})[figure.part] = figure
    came = [(place, measures) for place, measures in sorted(own.items()) if "rows" in measures]
    return [finding for place, measures in came for finding in _Delivery(place, measures, past).findings()]


@dataclass(frozen=True)
class _Delivery:
    """What one delivery brought tonight for one table, by measure and part."""

    place: Place
    tonight: Mapping[str, Mapping[str, Figure]]
    past: Past

    def findings(self) -> Iterator[Finding]:
        for measure in COUNTED:
            yield from self._counted(measure)
        yield from self._corrected()
        columns = [part for part in self.tonight.get("complete", ()) if part != ANYBODY]
        yield from self._shares([ANYBODY], "names a customer as often as usual", STOPS)
        yield from self._shares(columns, "is as complete as usual", TELLS)
        yield from self._matched()
        for measure in GROUPS:
            yield from self._groups(measure)
        for measure in SPREAD:
            yield from self._spread(measure)

    def _counted(self, measure: str) -> Iterator[Finding]:
        what, unit, answers = COUNTED[measure]
        expected = self._levels(measure, "")
        if not expected:
            return
        value = self._value(measure, "")
        level = mildest(expected, value)
        off, most = abs(value - level.expected), abs(level.furthest(value) - level.expected)
        words = f"brought {value:,.0f} {unit}, {_in_words(level)}"
        outcome = answers.get(level.verdict(value), "passed")
        yield self._finding(f"brings {what} as usual", answers, outcome, words, (round(off), round(most)))

    def _corrected(self) -> Iterator[Finding]:
        """What is appended says something new; where it takes the numbers of old rows, it writes over history."""
        figure, known = self.tonight.get("corrected", {}).get(""), self._usual_shares("corrected", "")
        if figure is None or not known:
            return
        usual = nearest_share(known, figure.value)
        is_more = figure.value > usual.expected
        outcome = STOPS.get(usual.verdict(figure.value, figure.rows), "passed") if is_more else "passed"
        words = f"{figure.value:.0%} of its rows under numbers of rows that say otherwise, usually {usual.expected:.0%}"
        off: dict[str, Outcome] = {} if outcome == "passed" else {words: outcome}
        yield self._of_parts("corrects as few rows as usual", STOPS, off, "brought ")

    def _shares(self, columns: Sequence[str], rule: str, answers: Answers) -> Iterator[Finding]:
        given = self.tonight.get("complete", {})
        asked = [
            (given[name], known)
            for name in columns
            if name in given and (known := self._usual_shares("complete", name))
        ]
        off = {}
        for figure, known in asked:
            usual = nearest_share(known, figure.value)
            outcome = answers.get(usual.verdict(figure.value, figure.rows), "passed")
            if outcome != "passed":
                off[f"{figure.part} in {figure.value:.0%} of its rows, usually {usual.expected:.0%}"] = outcome
        if asked:
            yield self._of_parts(rule, answers, off, "has ")

    def _matched(self) -> Iterator[Finding]:
        figure, known = self.tonight.get(MATCHED, {}).get(""), self._usual_shares(MATCHED, "")
        if figure is None or not known:
            return
        usual = nearest_share(known, figure.value)
        outcome = STOPS.get(usual.verdict(figure.value, figure.rows), "passed")
        words = f"a customer for {figure.value:.0%} of the rows, usually {usual.expected:.0%}"
        off: dict[str, Outcome] = {} if outcome == "passed" else {words: outcome}
        yield self._of_parts("finds a customer as often as usual", STOPS, off, "finds ")

    def _groups(self, measure: str) -> Iterator[Finding]:
        """A group may be short; what it brings too much may stand in the table twice."""
        kind, off, asked = GROUPS[measure], {}, 0
        for part in self._known(measure):
            expected = self._levels(measure, part)
            if not expected or min(level.expected for level in expected) < FEWEST_OF_GROUP:
                continue
            value, asked = self._value(measure, part), asked + 1
            level = mildest(expected, value)
            by_chance = abs(value - level.expected) <= CHANCE_OF_GROUP * np.sqrt(level.expected)
            if level.verdict(value) == "far off" and not by_chance:
                outcome: Outcome = "warned" if value < level.expected else "blocked"
                off[f"{value:,.0f} rows of {kind} {part}, usually {level.expected:,.0f}"] = outcome
        if asked:
            yield self._of_parts(f"brings as many rows of every {kind} as usual", STOPS, off, "brought ")

    def _spread(self, measure: str) -> Iterator[Finding]:
        tonight = {part: figure.value for part, figure in self.tonight.get(measure, {}).items()}
        pools = self._pools(measure)
        if not tonight or not pools:
            return
        index = min(stability_index(tonight, pool) for pool in pools)
        changed = all(has_drifted(tonight, pool) for pool in pools)
        off: dict[str, Outcome] = {f"into other {SPREAD[measure]} (stability index {index:.2f})": "warned"}
        rule = f"falls into the same {SPREAD[measure]} as usual"
        yield self._of_parts(rule, TELLS, off if changed else {}, "falls ")

    def _levels(self, measure: str, part: str) -> list[Usual]:
        values = {night: max(figure.value, 0.0) for night, figure in self._known(measure).get(part, {}).items()}
        if part:
            # A night of the delivery on which the group is not named brought none of it.
            values |= {night: 0.0 for night in self._known("rows").get("", {}) if night not in values}
        since = self.past.since(self.place[0])
        return levels(values, self.past.night, self.past.calendar, since=since, missed=self._missed())

    def _missed(self) -> list[date]:
        """The nights since the last delivery, where there are few: what they lacked may come tonight."""
        last = max((night for night in self._known("rows").get("", {}) if night < self.past.night), default=None)
        days = 0 if last is None else (self.past.night - last).days
        return [self.past.night - timedelta(days=day) for day in range(1, days)] if days <= MOST_MISSED else []

    def _usual_shares(self, measure: str, part: str) -> list[UsualShare]:
        known = self.past.recent(self._known(measure).get(part, {}))
        since = self.past.since(self.place[0])
        later = [figure.value for night, figure in known.items() if since is not None and night >= since]
        found = (usual_share([figure.value for figure in known.values()]), usual_share(later, fewest=1))
        return [share for share in found if share is not None] if found[0] else []

    def _pools(self, measure: str) -> list[dict[str, float]]:
        """The rows by part of the nights like this one together, and of those since one was let through."""
        known, since = self._known(measure), self.past.since(self.place[0])
        nights = alike(self._known("rows").get("", {}), self.past.night, self.past.calendar)
        if len(nights) < FEWEST_NIGHTS:
            return []
        later = [night for night in nights if since is not None and night >= since]
        pools = ({part: _sum(figures, chosen) for part, figures in known.items()} for chosen in (nights, later))
        return [pool for pool in pools if sum(pool.values())]

    def _known(self, measure: str) -> Mapping[str, Known]:
        return self.past.history.get(self.place, {}).get(measure, {})

    def _value(self, measure: str, part: str) -> float:
        figure = self.tonight.get(measure, {}).get(part)
        return max(figure.value, 0.0) if figure else 0.0

    def _of_parts(self, rule: str, answers: Answers, off: Mapping[str, Outcome], verb: str) -> Finding:
        outcome: Outcome = "blocked" if "blocked" in off.values() else "warned" if off else "passed"
        listed = ", ".join([*off][:3]) + (f" and {len(off) - 3} more" if len(off) > 3 else "")
        return self._finding(rule, answers, outcome, verb + listed, (len(off), 0))

    def _finding(self, rule: str, answers: Answers, outcome: Outcome, words: str, failed: tuple[int, int]) -> Finding:
        table, source, delivery = self.place
        severity: Severity = "block" if "blocked" in answers.values() else "warn"
        name = f"{source}.{delivery}" if delivery else source
        told = f"{name} {words}"
        sample = () if outcome == "passed" else (told,)
        return Finding(GateOutcome(table, f"{name} {rule}", severity, *failed, outcome, sample=sample), told)


def _sum(figures: Known, nights: Iterable[date]) -> float:
    return sum(figures[night].value for night in nights if night in figures)


def _in_words(level: Usual) -> str:
    return (
        f"where {level.nights} nights of its kind make about {level.expected:,.0f} likely"
        f" (stopped below {max(level.lowest, 0):,.0f} and above {level.highest:,.0f})"
    )
