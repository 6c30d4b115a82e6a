"""The strongest chain of evidence between two records of one person."""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import log

CERTAIN = 1.0
PER_STEP = 0.01
"""A chain is told before one that is shorter by a step only where it is 1 % more probable."""


@dataclass(frozen=True)
class Link:
    """What ties two keys: a kind of exact evidence (probability 1), or `match` with its probability."""

    left: str
    right: str
    kind: str
    probability: float = CERTAIN


def strongest_chain(start: str, end: str, links: Iterable[Link]) -> list[Link]:
    """The links from start to end whose product of probabilities is largest, each turned to the way it is walked.

    Shape: empty where nothing leads from start to end.
    Source: Dijkstra (1959), on -log of the probability.
    """
    ways: dict[str, list[Link]] = {}
    for link in links:
        ways.setdefault(link.left, []).append(link)
        ways.setdefault(link.right, []).append(Link(link.right, link.left, link.kind, link.probability))
    came: dict[str, Link | None] = {}
    waiting: list[tuple[float, str, str, Link | None]] = [(0.0, start, "", None)]
    while waiting and end not in came:
        cost, here, _, last = heappop(waiting)
        if here in came:
            continue
        came[here] = last
        for way in ways.get(here, ()):
            if way.right not in came and way.probability > 0:
                heappush(waiting, (cost - log(way.probability) + PER_STEP, way.right, way.kind + way.left, way))
    return _walked_back(end, came)


def _walked_back(end: str, came: dict[str, Link | None]) -> list[Link]:
    chain: list[Link] = []
    link = came.get(end)
    while link is not None:
        chain.append(link)
        link = came[link.left]
    return chain[::-1]
