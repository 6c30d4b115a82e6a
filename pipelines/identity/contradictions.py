"""Groups that contradict one another: each of several records, with other birth dates and other e-mails or phones.

A mistyped birth date stands in one record; one that several records bear beside an e-mail and a phone of their own is
another person's: a father and his son of one name, a couple whose names look alike.
Source: fictional retailer, 100,000 customers: of such merges 510 pairs were wrong and 23 right.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np

from pipelines.identity.linkage import Ids, Members, Pairs, Tree, average_linkage, best_cut, chosen, groups_at

BORN, OWN = "born", ("email", "phone")
MOST_TYPOS = 2
"""Birth dates that differ in so many digits may be one."""
FEWEST_RECORDS = 2
"""A group has a say against another from so many records on."""
MOST_PASSES = 3

Texts = Sequence[str | None]


@dataclass(frozen=True)
class Facts:
    """What records say that belongs to one person alone, by id; without birth dates or identifiers nothing does."""

    born: Texts = field(repr=False)
    own: tuple[Texts, ...] = field(repr=False)


def facts(engine: duckdb.DuckDBPyConnection, columns: Collection[str]) -> Facts:
    """The facts of the table people."""
    own = tuple(_texts(engine, name) for name in OWN if name in columns)
    return Facts(_texts(engine, BORN) if BORN in columns and own else (), own)


def parted(known: Facts, pairs: Pairs, *, people: int) -> tuple[Members, Ids]:
    """Which pairs are left when those between groups that contradict one another are gone, and the groups then."""
    codes, wrong = pairs.left * people + pairs.right, np.empty(0, np.int64)
    for _ in range(MOST_PASSES):
        left = ~np.isin(codes, wrong)
        tree = average_linkage(np.arange(people), chosen(pairs, left))
        height = best_cut(tree).height
        found = _contradicted(known, tree, height) if known.born else wrong[:0]
        if not len(found):
            break
        wrong = np.concatenate([wrong, found])
    return ~np.isin(codes, wrong), groups_at(tree, height)


def _contradicted(known: Facts, tree: Tree, height: float) -> Ids:
    """The pairs (left * people + right) between any two groups that merge above a height and contradict one another."""
    people = len(tree.groups)
    members: dict[int, list[int]] = {}
    found = [np.empty(0, np.int64)]
    kept = tree.height >= height
    for one, other in zip(tree.left[kept].tolist(), tree.right[kept].tolist(), strict=True):
        these, those = members.get(one, [one]), members.pop(other, [other])
        members[one] = these + those
        if min(len(these), len(those)) >= FEWEST_RECORDS and _contradict(known, these, those):
            ends = np.array([sorted((a, b)) for a in these for b in those])
            found.append(ends[:, 0] * people + ends[:, 1])
    return np.concatenate(found)


def _contradict(known: Facts, these: list[int], those: list[int]) -> bool:
    dates, others = _said(known.born, these), _said(known.born, those)
    if not dates or not others or any(_typos(one, other) <= MOST_TYPOS for one in dates for other in others):
        return False
    own = [(_said(texts, these), _said(texts, those)) for texts in known.own]
    return any(one and other and not one & other for one, other in own)


def _said(texts: Texts, records: list[int]) -> set[str]:
    return {text for record in records if (text := texts[record]) is not None}


def _typos(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _texts(engine: duckdb.DuckDBPyConnection, name: str) -> list[str | None]:
    return [row[0] for row in engine.execute(f"select {name} from people order by id").fetchall()]
