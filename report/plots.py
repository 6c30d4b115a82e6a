"""Plots as inline SVG: drawn from numbers, no script, no font of their own, sharp on screen and in print."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from math import floor, log10
from typing import Literal

WIDTH = 480
INK, SOFT, LINE = "#1d2733", "#5b6773", "#d5dbe1"
BLUE, AMBER, RED, GREEN, GREY = "#2f6690", "#d9a441", "#b5482f", "#5b8c5a", "#9aa5b1"


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its length and the words at its end."""

    label: str
    value: float
    words: str
    colour: str = BLUE


@dataclass(frozen=True)
class Mark:
    """A line across a histogram; place counts columns from the left edge."""

    place: float
    words: str


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    label: str
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A named line through points (predicted, seen), both 0 to 1."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: str


@dataclass(frozen=True)
class Line:
    """A named course over nights; None where a night has no value."""

    name: str
    values: tuple[float | None, ...]
    colour: str


@dataclass(frozen=True)
class Step:
    """One step of a sum: what it adds to those before, and in words why; a total adds nothing and shows the sum."""

    label: str
    words: str
    adds: float
    is_total: bool = False


def bars(rows: Sequence[Bar], *, title: str, labels: int = 170) -> str:
    """Horizontal bars, one below the other, from zero.

    Units: labels is the width of the labels in pixels.
    """
    longest = max((row.value for row in rows), default=0) or 1
    room = max(60, WIDTH - labels - max(96, *(8 * len(row.words) + 12 for row in rows), 0))
    drawn = [_bar(row, place * 26, labels, room * row.value / longest) for place, row in enumerate(rows)]
    return _svg("".join(drawn), height=len(rows) * 26 + 4, title=title)


def shares(parts: Sequence[Bar], *, title: str) -> str:
    """One bar split into parts, each named below with its number."""
    total = sum(part.value for part in parts) or 1
    drawn, left = [], 0.0
    for part in parts:
        width = WIDTH * part.value / total
        drawn.append(f'<rect x="{left:.1f}" y="0" width="{width:.1f}" height="34" fill="{part.colour}"/>')
        left += width
    step = WIDTH / max(len(parts), 1)
    for place, part in enumerate(parts):
        x = place * step
        drawn.append(f'<rect x="{x:.0f}" y="49" width="10" height="10" fill="{part.colour}"/>')
        drawn.append(_text(x + 16, 58, f"{part.label}"))
        drawn.append(_text(x + 16, 76, part.words, colour=SOFT))
    return _svg("".join(drawn), height=84, title=title)


def histogram(columns: Sequence[Bar], *, title: str, axis: str, mark: Mark | None = None) -> str:
    """Upright columns side by side; every label that finds room below, and a line where something begins."""
    height, base = 190, 158
    highest = max((column.value for column in columns), default=0) or 1
    step = (WIDTH - 44) / max(len(columns), 1)
    drawn = [_grid(share, highest, base) for share in (0, 0.5, 1)]
    every = max(1, -(-len(columns) // 7))
    for place, column in enumerate(columns):
        x, tall = 44 + place * step, (base - 14) * column.value / highest
        drawn.append(
            f'<rect x="{x + 1:.1f}" y="{base - tall:.1f}" width="{max(step - 2, 1):.1f}" height="{tall:.1f}" '
            f'fill="{column.colour}"><title>{escape(column.label)}: {escape(column.words)}</title></rect>'
        )
        if place % every == 0:
            is_last = x > WIDTH - 30
            anchor, at = ("end", float(WIDTH)) if is_last else ("start", x)
            drawn.append(_text(at, base + 15, column.label, anchor=anchor, size=11, colour=SOFT))
    if mark is not None:
        drawn.append(_mark(mark, 44 + mark.place * step, base))
    drawn.append(_text(WIDTH, height - 2, axis, anchor="end", size=11, colour=SOFT))
    return _svg("".join(drawn), height=height, title=title)


def lines(
    courses: Sequence[Line], *, places: Sequence[str], title: str, lowest: float = 0.0, as_share: bool = False
) -> str:
    """Courses side by side from left to right, over the places named below; a gap breaks a course.

    Units: the axis begins at `lowest` and ends at the highest value; as_share tells values in percent.
    """
    top, base, left = 14, 158, 44
    highest = max((value for one in courses for value in one.values if value is not None), default=0.0)
    highest = highest if highest > lowest else lowest + 1
    step = (WIDTH - left - 8) / max(len(places) - 1, 1)

    def at(place: int, value: float) -> str:
        return f"{left + place * step:.1f},{base - (base - top) * (value - lowest) / (highest - lowest):.1f}"

    drawn = [_grid(part, highest, base, lowest=lowest, as_share=as_share) for part in (0, 0.5, 1)]
    for one in courses:
        for run in _unbroken(one.values):
            spots = " ".join(at(place, value) for place, value in run)
            drawn.append(f'<polyline points="{spots}" fill="none" stroke="{one.colour}" stroke-width="2"/>')
            across, down = at(*run[-1]).split(",")
            drawn.append(f'<circle cx="{across}" cy="{down}" r="3" fill="{one.colour}"/>')
    drawn.append(_text(left, base + 16, places[0], size=11, colour=SOFT) if places else "")
    drawn.append(_text(WIDTH, base + 16, places[-1], anchor="end", size=11, colour=SOFT) if len(places) > 1 else "")
    named = [_legend(one, place) for place, one in enumerate(courses)]
    return _svg("".join([*drawn, *named]), height=186 + 20 * ((len(courses) + 2) // 3), title=title)


def _unbroken(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap, as (place, value)."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, value))
    return [run for run in runs if run]


def _legend(course: Line, place: int) -> str:
    """Three names in a row, below the plot."""
    x, y = 44 + (place % 3) * 145, 196 + 20 * (place // 3)
    square = f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{course.colour}"/>'
    return square + _text(x + 16, y, _fitting(course.name, 125), size=12)


def intervals(
    rows: Sequence[Interval], *, title: str, better: Literal["right", "left", "neither"] = "right", labels: int = 200
) -> str:
    """Figures with their intervals around a line at zero, coloured by the side of it that is better.

    Units: labels is the width of the labels in pixels.
    """
    reach = max((max(abs(row.low), abs(row.high)) for row in rows), default=0) or 1
    room = WIDTH - labels - 70

    def x(value: float) -> float:
        return labels + room / 2 + room / 2 * value / reach

    bottom = len(rows) * 26 + 6
    drawn = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{bottom}" stroke="{GREY}" stroke-dasharray="3 3"/>']
    for place, row in enumerate(rows):
        y = place * 26 + 14
        colour = _side(row, better)
        drawn.append(_text(labels - 10, y + 4, row.label, anchor="end"))
        drawn.append(f'<path d="M{x(row.low):.1f} {y}H{x(row.high):.1f}" stroke="{colour}" stroke-width="3"/>')
        drawn.append(f'<circle cx="{x(row.middle):.1f}" cy="{y}" r="5" fill="{colour}"/>')
        drawn.append(_text(WIDTH, y + 4, f"{row.middle:+.3f}", anchor="end", colour=SOFT))
    return _svg("".join(drawn), height=bottom, title=title)


def _side(row: Interval, better: str) -> str:
    """Green is surely better, red surely worse, yellow not sure; where no side is better, blue is surely apart."""
    if better == "neither":
        return BLUE if row.low > 0 or row.high < 0 else AMBER
    right, left = (GREEN, RED) if better == "right" else (RED, GREEN)
    return right if row.low > 0 else left if row.high < 0 else AMBER


def shares_beside(rows: Sequence[Interval], *, title: str, colours: Sequence[str]) -> str:
    """Shares with their intervals on one axis from zero, one below the other.

    Units: shares from 0 to 1; a colour for each row.
    """
    labels, room = 130, WIDTH - 130 - 60
    reach = max((row.high for row in rows), default=0) or 1
    bottom = len(rows) * 26 + 6
    drawn = [f'<line x1="{labels}" x2="{labels}" y1="0" y2="{bottom}" stroke="{LINE}"/>']
    for place, (row, colour) in enumerate(zip(rows, colours, strict=True)):
        y = place * 26 + 14
        low, middle, high = (labels + room * value / reach for value in (row.low, row.middle, row.high))
        drawn.append(_text(labels - 10, y + 4, row.label, anchor="end"))
        drawn.append(f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="{colour}" stroke-width="3"/>')
        drawn.append(f'<circle cx="{middle:.1f}" cy="{y}" r="5" fill="{colour}"/>')
        drawn.append(_text(WIDTH, y + 4, f"{row.middle:.1%}", anchor="end", colour=SOFT))
    return _svg("".join(drawn), height=bottom, title=title)


def calibration(
    curves: Sequence[Curve],
    *,
    title: str,
    across: str = "predicted to leave",
    upward: str = "left in the end (upward)",
) -> str:
    """Shares against shares in a square: on the dashed line a prediction of 30 % comes true in 30 of 100 cases."""
    side, left, top = 250, 52, 8

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return left + side * point[0], top + side * (1 - point[1])

    drawn = [f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="{LINE}"/>']
    drawn.append(f'<path d="M{left} {top + side}L{left + side} {top}" stroke="{GREY}" stroke-dasharray="4 4"/>')
    for share in (0, 0.5, 1):
        drawn.append(_text(at((share, 0))[0], top + side + 16, f"{share:.0%}", anchor="middle", size=11, colour=SOFT))
        drawn.append(_text(left - 6, at((0, share))[1] + 4, f"{share:.0%}", anchor="end", size=11, colour=SOFT))
    drawn.append(_text(left + side / 2, top + side + 34, across, anchor="middle", size=12))
    drawn.append(_text(left + side + 14, top + 12, upward, size=12, colour=SOFT))
    for place, curve in enumerate(curves):
        spots = [at(point) for point in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{curve.colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{curve.colour}"/>' for x, y in spots]
        y = top + 40 + place * 20
        drawn.append(f'<rect x="{left + side + 14}" y="{y - 9}" width="10" height="10" fill="{curve.colour}"/>')
        drawn.append(_text(left + side + 30, y, curve.name))
    return _svg("".join(drawn), height=top + side + 42, title=title)


def waterfall(steps: Sequence[Step], *, title: str, unit: str) -> str:
    """A sum, step by step from top to bottom: each bar begins where the one above ends.

    Units: words stand at the left in grey, what a step adds at the right; the dashed line is zero.
    """
    sums = running_sums(steps)
    low, high = min(0.0, *sums), max(0.0, *sums)
    left, room = 285, 130

    def x(value: float) -> float:
        return left + room * (value - low) / ((high - low) or 1)

    bottom = len(steps) * 26 + 4
    drawn = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{bottom}" stroke="{GREY}" stroke-dasharray="3 3"/>']
    for place, (step, before, after) in enumerate(zip(steps, [0.0, *sums], sums, strict=False)):
        start = 0.0 if step.is_total else before
        low_end, high_end = sorted((x(start), x(after)))
        drawn.append(_step(step, place * 26, low_end, high_end, f"{_told(step, after)} {unit}"))
    return _svg("".join(drawn), height=bottom, title=title)


def running_sums(steps: Sequence[Step]) -> list[float]:
    """The sum after each step."""
    return list(accumulate(0.0 if step.is_total else step.adds for step in steps))


def rounded(value: float) -> float:
    """One decimal, and never minus nothing."""
    return round(value, 1) + 0.0


def round_step(span: float, parts: int) -> float:
    """The next step of 1, 2, 2.5 or 5 times a power of ten that covers a span in so many parts."""
    raw = max(span, 1e-9) / parts
    power = 10 ** floor(log10(raw))
    return float(next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999))


def _bar(row: Bar, y: int, labels: int, length: float) -> str:
    return (
        f"<g><title>{escape(row.label)}: {escape(row.words)}</title>"
        + _text(labels - 10, y + 17, _fitting(row.label, labels - 10), anchor="end")
        + f'<rect x="{labels}" y="{y + 4}" width="{max(length, 1.5):.1f}" height="18" rx="2" fill="{row.colour}"/>'
        + _text(labels + max(length, 1.5) + 8, y + 17, row.words, colour=SOFT)
        + "</g>"
    )


def _step(step: Step, y: int, start: float, end: float, told: str) -> str:
    colour = BLUE if step.is_total else GREEN if step.adds >= 0 else RED
    return (
        f"<g><title>{escape(f'{step.label}: {step.words}, {told}')}</title>"
        + _text(0, y + 17, _fitting(step.label, 125))
        + _text(128, y + 17, _fitting(step.words, 168), size=12, colour=SOFT)
        + f'<rect x="{start:.1f}" y="{y + 4}" width="{max(end - start, 1.5):.1f}" height="18" fill="{colour}"/>'
        + _text(WIDTH, y + 17, told, anchor="end", size=12, colour=INK if step.is_total else SOFT)
        + "</g>"
    )


def _told(step: Step, total: float) -> str:
    return f"{rounded(total if step.is_total else step.adds):+.1f}"


def _fitting(label: str, room: int) -> str:
    """The label, or as much of its start as finds room: a character is some 7 pixels wide."""
    most = room // 7
    return label if len(label) <= most else f"{label[: most - 1].rstrip()}…"


def _grid(share: float, highest: float, base: int, *, lowest: float = 0.0, as_share: bool = False) -> str:
    y, value = base - (base - 14) * share, lowest + (highest - lowest) * share
    words = f"{value:.0%}" if as_share else _short(value)
    line = f'<line x1="44" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{LINE}"/>'
    return line + _text(38, y + 4, words, anchor="end", size=11, colour=SOFT)


def _short(amount: float) -> str:
    """An amount in six characters: thousands and millions where it is large, two digits where it is small."""
    if 0 < abs(amount) < 10 and amount != int(amount):
        return f"{amount:.2g}"
    if 999_500 <= amount < 99.95e6:
        return f"{amount / 1e6:.1f} M"
    for unit, word in ((1e6, "M"), (1e3, "k")):
        if amount >= 99.95 * unit:
            return f"{amount / unit:,.0f} {word}"
    return f"{amount:,.0f}"


def _mark(mark: Mark, x: float, base: int) -> str:
    line = f'<path d="M{x:.1f} 6V{base}" stroke="{RED}" stroke-width="1.5" stroke-dasharray="4 3"/>'
    is_right = x > WIDTH - 120
    return line + _text(x - 6 if is_right else x + 6, 16, mark.words, anchor="end" if is_right else "start", size=12)


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, colour: str = INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {place}>{escape(words)}</text>"


def _svg(inside: str, *, height: int, title: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{inside}</svg>'
