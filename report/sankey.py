"""Flows between named groups as inline SVG: from the left to the right, as wide as they are large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from report.plots import BLUE, GREY, INK, SOFT, WIDTH

ROOM, GAP, NODE, LABELS, LINE = 210, 14, 8, 130, 15
LETTERS = 18
"""Letters of a line that LABELS has room for."""
WIDEST = 36
"""Pixels of a flow at most, on average: one move alone is no wall."""
LEAST = 1.2
"""Pixels of the thinnest flow: one customer among thousands is still seen."""


@dataclass(frozen=True)
class Flow:
    """So many from one group to another; words say how many."""

    start: str
    end: str
    size: int
    words: str
    colour: str = BLUE


@dataclass(frozen=True)
class _Column:
    """The groups of one side: where each begins, and where the column ends."""

    tops: Mapping[str, float]
    sizes: Mapping[str, int]
    talls: Mapping[str, float]
    bottom: float


def sankey(flows: Sequence[Flow], *, order: Sequence[str], title: str) -> str:
    """The flows between groups, those at the left and at the right in the same order from top to bottom.

    Units: order names groups from the top, others follow.
    """
    ranks = {name: place for place, name in enumerate(order)}
    flows = sorted(flows, key=lambda flow: [(ranks.get(n, len(ranks)), n) for n in (flow.start, flow.end)])
    ends = sorted({flow.end for flow in flows}, key=lambda name: (ranks.get(name, len(ranks)), name))
    per = min(ROOM, WIDEST * len(flows)) / max(1, sum(flow.size for flow in flows))
    left = _column(list(dict.fromkeys(f.start for f in flows)), [(f.start, f.size, _tall(f, per)) for f in flows])
    right = _column(ends, [(f.end, f.size, _tall(f, per)) for f in flows])
    drawn, down_left, down_right = [], dict(left.tops), dict(right.tops)
    for flow in flows:
        tall = _tall(flow, per)
        drawn.append(_band(flow, down_left[flow.start], down_right[flow.end], tall))
        down_left[flow.start] += tall
        down_right[flow.end] += tall
    drawn += [_group(name, left, LABELS) for name in left.tops]
    drawn += [_group(name, right, WIDTH - LABELS - NODE) for name in right.tops]
    height = round(max(left.bottom, right.bottom))
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'


def _tall(flow: Flow, per: float) -> float:
    return max(LEAST, flow.size * per)


def _column(names: Sequence[str], flows: Sequence[tuple[str, int, float]]) -> _Column:
    """The groups below one another, each with room for its name."""
    tops, sums, sizes, down = {}, {}, {}, 4.0
    for name in names:
        sums[name] = sum(tall for whose, _, tall in flows if whose == name)
        sizes[name] = sum(size for whose, size, _ in flows if whose == name)
        room = max(sums[name], LINE * (len(_lines(name)) + 1))
        tops[name] = down + (room - sums[name]) / 2
        down += room + GAP
    return _Column(tops, sizes, sums, down)


def _lines(name: str) -> list[str]:
    """The name in lines, one for each group of words, a long one in several."""
    parts = name.split(", ")
    told = [part + "," * (place < len(parts) - 1) for place, part in enumerate(parts)]
    return [line for part in told for line in wrap(part, LETTERS)]


def _band(flow: Flow, left: float, right: float, tall: float) -> str:
    start, end = LABELS + NODE, WIDTH - LABELS - NODE
    middle = (start + end) / 2
    path = (
        f"M{start} {left:.1f}C{middle} {left:.1f} {middle} {right:.1f} {end} {right:.1f}"
        f"V{right + tall:.1f}C{middle} {right + tall:.1f} {middle} {left + tall:.1f} {start} {left + tall:.1f}Z"
    )
    told = escape(f"{flow.start} → {flow.end}: {flow.words}")
    return f'<path d="{path}" fill="{flow.colour}" fill-opacity="0.5"><title>{told}</title></path>'


def _group(name: str, column: _Column, x: int) -> str:
    top, tall, lines = column.tops[name], column.talls[name], [*_lines(name), f"{column.sizes[name]:,}"]
    at, anchor = (x - 7, "end") if x == LABELS else (x + NODE + 7, "start")
    first = top + tall / 2 - LINE * (len(lines) - 1) / 2 + 4
    words = "".join(
        f'<text x="{at}" y="{first + LINE * place:.1f}" text-anchor="{anchor}" font-size="12" '
        f'fill="{INK if place < len(lines) - 1 else SOFT}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    box = f'<rect x="{x}" y="{top:.1f}" width="{NODE}" height="{tall:.1f}" fill="{GREY}"/>'
    return f"<g>{box}{words}</g>"
