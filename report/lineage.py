"""The way of a column as text: back to what was delivered, or on to whoever reads it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from lakehouse.lineage import ColumnName, Lineage, Way

WIDTH = 118
Branch = tuple[str, tuple[ColumnName, ...], str | None]
"""A word before columns, the columns, and what is said of all of them; each is told by itself where nothing is said."""


@dataclass
class Tree:
    """The lines of one way, written depth first; each column is followed once, later it is only named."""

    lineage: Lineage
    branches: Callable[[ColumnName], Sequence[Branch]]
    how: Callable[[ColumnName], str]
    with_rows: bool = True
    lines: list[str] = field(default_factory=list)
    _seen: set[ColumnName] = field(default_factory=set)

    def add(self, names: Sequence[ColumnName], indent: str = "", word: str = "", said: str | None = None) -> None:
        """Columns of one table that are made alike, and below them where they come from."""
        self._seen |= set(names)
        self._line(names, indent, word, self._said(names) if said is None else said)
        for below, columns, told in self.branches(names[0]):
            if below and not self.with_rows:
                for group in _by_table(columns):
                    self._line(group, indent + "  ", below, told or "")
                continue
            for group, is_known in self._groups(columns):
                if is_known:
                    self._line(group, indent + "  ", below, "see above")
                else:
                    self.add(group, indent + "  ", below, told)

    def _groups(self, columns: Iterable[ColumnName]) -> Iterable[tuple[list[ColumnName], bool]]:
        """The columns by table and by what they are made of, those that were followed already last."""
        found: dict[tuple[Any, ...], list[ColumnName]] = {}
        for name in columns:
            branches = tuple(self.branches(name))
            is_known = name in self._seen and bool(branches)
            found.setdefault((is_known, name.table, None if is_known else branches), []).append(name)
        return [(group, key[0]) for key, group in sorted(found.items(), key=lambda item: item[0][0])]

    def _said(self, names: Sequence[ColumnName]) -> str:
        said = {self.how(name) for name in names}
        return said.pop() if len(said) == 1 else ""

    def _line(self, names: Sequence[ColumnName], indent: str, word: str, said: str) -> None:
        table = self.lineage.label(names[0].table)
        listed = ", ".join(name.column for name in names)
        is_delivered = table != names[0].table
        text = f"{word}{table}{': ' if is_delivered or len(names) > 1 else '.'}{listed}"
        text += f"  [{said}]" if said and said != listed else ""
        self.lines += wrap(text, max(WIDTH, len(indent) + 40), initial_indent=indent, subsequent_indent=indent + "    ")


ROWS = "which rows: "


def way_back(lineage: Lineage, name: ColumnName, *, with_rows: bool = False) -> str:
    """The column and, indented below it, what it is made of, down to the delivered columns.

    Units: columns that only decide which rows there are, or which row a value is taken from, are named; with_rows
           follows them as well.
    """
    tree = Tree(lineage, lambda here: _back(lineage, here), lambda here: how(lineage, here), with_rows)
    tree.add([name])
    return "\n".join(tree.lines)


def way_on(lineage: Lineage, name: ColumnName) -> str:
    """The column and, indented below it, what is made of it, up to the destinations."""

    def onward(here: ColumnName) -> list[Branch]:
        readers = lineage.readers(here)
        return [("", readers, None)] if readers else []

    tree = Tree(lineage, onward, lambda _: "")
    tree.add([name])
    return "\n".join(tree.lines)


def how(lineage: Lineage, name: ColumnName) -> str:
    """How the column is made, in a few words; nothing where the delivered columns below it say so."""
    if lineage.is_delivered(name):
        return ""
    ways = lineage.ways(name)
    told = [way.how for way in ways if way.decides == "value" and not _is_mapped(lineage, way)]
    return "; ".join(dict.fromkeys(told)) if ways else "nothing is mapped to it"


def _back(lineage: Lineage, name: ColumnName) -> list[Branch]:
    """What a column is made of: of each mapping by itself, of everything else together."""
    mapped: list[Branch] = [
        ("" if way.decides == "value" else ROWS, way.of, way.how)
        for way in lineage.ways(name)
        if _is_mapped(lineage, way)
    ]
    others = [way for way in lineage.ways(name) if not _is_mapped(lineage, way)]
    values = tuple(dict.fromkeys(column for way in others if way.decides == "value" for column in way.of))
    rows = dict.fromkeys(column for way in others if way.decides == "rows" for column in way.of)
    left = tuple(column for column in rows if column not in values)
    return [*mapped, *((word, columns, None) for word, columns in (("", values), (ROWS, left)) if columns)]


def _is_mapped(lineage: Lineage, way: Way) -> bool:
    return bool(way.of) and all(lineage.is_delivered(column) for column in way.of)


def _by_table(columns: Iterable[ColumnName]) -> list[list[ColumnName]]:
    found: dict[str, list[ColumnName]] = {}
    for column in columns:
        found.setdefault(column.table, []).append(column)
    return list(found.values())


def as_facts(lineage: Lineage, name: ColumnName, meanings: Mapping[ColumnName, str]) -> dict[str, Any]:
    """The way back and the readers for programs: every column that is passed, with how it is made."""
    passed, waiting = dict[ColumnName, None](), [name]
    while waiting:
        here = waiting.pop(0)
        if here not in passed:
            passed[here] = None
            waiting += lineage.made_of(here)
    return {
        "column": str(name),
        "steps": [_step(lineage, column, meanings) for column in passed],
        "origins": sorted(map(str, lineage.origins(name))),
        "readers": list(map(str, lineage.readers(name))),
    }


def _step(lineage: Lineage, name: ColumnName, meanings: Mapping[ColumnName, str]) -> dict[str, Any]:
    ways = [
        {"how": way.how, "decides": way.decides, "of": [{"table": c.table, "column": c.column} for c in way.of]}
        for way in lineage.ways(name)
    ]
    return {"table": name.table, "column": name.column, "meaning": meanings.get(name), "made": ways}
