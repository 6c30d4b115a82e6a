"""Column lineage: what every column of the lake is made of, and what is made of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple


class ColumnName(NamedTuple):
    """A column of a table; of `raw.<source>_<delivery>`, as it was delivered."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


Decides = Literal["value", "rows"]


@dataclass(frozen=True)
class Way:
    """One way in which a column comes by its values.

    Units: how says it in a few words; of are the columns that it needs, none where the lake makes the value itself;
           decides is `rows` where they say which rows there are, not what stands in them.
    """

    how: str
    of: tuple[ColumnName, ...] = ()
    decides: Decides = "value"


Ways = Mapping[str, tuple[Way, ...]]
"""The ways of a table's columns by their names; none for a column that nothing fills."""


@dataclass(frozen=True)
class Lineage:
    """The ways of every column of a lake, to be read backwards (`ways`) and forwards (`readers`).

    Shape: called names the tables that people know by another name: a raw table by its source and delivery.
    """

    tables: Mapping[str, Ways]
    called: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: ColumnName) -> bool:
        return name.column in self.tables.get(name.table, {})

    def __iter__(self) -> Iterator[ColumnName]:
        return (ColumnName(table, column) for table, ways in self.tables.items() for column in ways)

    def ways(self, name: ColumnName) -> tuple[Way, ...]:
        """How the column is made; what nothing fills is left out, and so is a way that is made of nothing else."""
        return self._ways.get(name, ())

    def is_filled(self, name: ColumnName) -> bool:
        """Whether the column can have a value: the lake makes it, or something is mapped to it or to its origins."""
        return name in self._filled

    def made_of(self, name: ColumnName, *, decides: Decides | None = None) -> tuple[ColumnName, ...]:
        """The columns one step back, each once; of one kind where `decides` is given."""
        return self._made_of[decides].get(name, ())

    def made_elsewhere(self, name: ColumnName) -> tuple[ColumnName, ...]:
        """The columns of other tables whose values decide the column, over columns of its own table where need be."""
        found: dict[ColumnName, None] = {}
        for column in self.made_of(name, decides="value"):
            found |= dict.fromkeys(self.made_elsewhere(column) if column.table == name.table else (column,))
        return tuple(found)

    def label(self, table: str) -> str:
        """The table as people call it."""
        return self.called.get(table, table)

    def is_delivered(self, name: ColumnName) -> bool:
        """Whether a source delivered the column; those that begin with an underscore are the lake's own."""
        return name.table in self.called and not name.column.startswith("_")

    def find(self, text: str) -> ColumnName | None:
        """The column that somebody means: `<table>.<column>`, or `<source>.<delivery>: <column>` of a delivery."""
        for table in self.tables:
            for start in (f"{table}.", f"{self.label(table)}: ", f"{self.label(table)}."):
                name = ColumnName(table, text.removeprefix(start))
                if text.startswith(start) and name in self:
                    return name
        return None

    def readers(self, name: ColumnName) -> tuple[ColumnName, ...]:
        """The columns one step on, each once."""
        return self._readers.get(name, ())

    def origins(self, name: ColumnName, *, decides: Decides | None = None) -> frozenset[ColumnName]:
        """The columns at the end of every way back; of values alone where `decides` says so."""
        seen: set[ColumnName] = set()
        waiting = [name]
        while waiting:
            here = waiting.pop()
            if here not in seen:
                seen.add(here)
                waiting += self.made_of(here, decides=decides)
        return frozenset(column for column in seen if not self.made_of(column, decides=decides))

    @cached_property
    def _ways(self) -> Mapping[ColumnName, tuple[Way, ...]]:
        found: dict[ColumnName, tuple[Way, ...]] = {}
        for name in self:
            kept = ((way, tuple(filter(self.is_filled, way.of))) for way in self.tables[name.table][name.column])
            found[name] = tuple(Way(way.how, of, way.decides) for way, of in kept if of or not way.of)
        return found

    @cached_property
    def _made_of(self) -> Mapping[Decides | None, Mapping[ColumnName, tuple[ColumnName, ...]]]:
        kinds: tuple[Decides | None, ...] = (None, "value", "rows")
        return {kind: {name: _starts(ways, kind) for name, ways in self._ways.items()} for kind in kinds}

    @cached_property
    def _filled(self) -> frozenset[ColumnName]:
        ways = {name: self.tables[name.table][name.column] for name in self}
        filled: set[ColumnName] = set()
        while more := {name for name in ways.keys() - filled if any(_fills(way, filled) for way in ways[name])}:
            filled |= more
        return frozenset(filled)

    @cached_property
    def _readers(self) -> Mapping[ColumnName, tuple[ColumnName, ...]]:
        found: dict[ColumnName, list[ColumnName]] = defaultdict(list)
        for name in self:
            for column in self.made_of(name):
                found[column].append(name)
        return {column: tuple(names) for column, names in found.items()}


def _starts(ways: Iterable[Way], decides: Decides | None) -> tuple[ColumnName, ...]:
    chosen = (way for way in ways if decides in (None, way.decides))
    return tuple(dict.fromkeys(column for way in chosen for column in way.of))


def _fills(way: Way, filled: Collection[ColumnName]) -> bool:
    return way.decides == "value" and (not way.of or any(column in filled for column in way.of))


def made(how: str, *of: str | ColumnName, decides: Decides = "value") -> tuple[Way, ...]:
    """One way: `made("hash of the address", "conformed.contacts.email")`."""
    return (Way(how, tuple(named(column) for column in of), decides),)


def copied(table: str, names: Iterable[str], how: str = "as it stands there") -> dict[str, tuple[Way, ...]]:
    """Columns taken over from a table under the names that they have there."""
    return {name: (Way(how, (ColumnName(table, name),)),) for name in names}


def alike(names: Iterable[str], ways: tuple[Way, ...]) -> dict[str, tuple[Way, ...]]:
    """Columns that come by their values in the same ways."""
    return dict.fromkeys(names, ways)


def named(text: str | ColumnName) -> ColumnName:
    """`unified.orders.event_at` as a column name; the table's name holds one dot."""
    if isinstance(text, ColumnName):
        return text
    layer, table, column = text.split(".", 2)
    return ColumnName(f"{layer}.{table}", column)


def columns_of(table: str, *names: str) -> tuple[ColumnName, ...]:
    """Several columns of one table."""
    return tuple(ColumnName(table, name) for name in names)
