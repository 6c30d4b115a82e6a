"""What a lake knows about who is who: records, pairs, customers, decisions, without Spark."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.identity.model import Model
from pipelines.identity.overrides import NONE, Overrides
from pipelines.identity.workbench import workbench


@dataclass(frozen=True)
class KnownPeople:
    """What a lake knows about who is who.

    Reads: records as in records.py; ties as in candidates.py; pairs (record_a, record_b, probability); members
           (key, customer_id) of unified.identifiers; model None where exact evidence links alone.
    """

    records: pa.Table
    ties: pa.Table
    pairs: pa.Table
    members: pa.Table
    model: Model | None
    overrides: Overrides = NONE
    shared_by_at_most: int = 10
    duplicate_free: tuple[str, ...] = ()

    @property
    def cut(self) -> float | None:
        """The mean probability at which groups are cut; None without a model."""
        return self.model.cut if self.model and self.model.match else None


@dataclass(frozen=True)
class Side:
    """One side of the question: a record with its values, and whose it is.

    Units: customer_id is None for a record without a name whose identifiers several people have.
    """

    record_key: str
    customer_id: str | None
    values: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The record as people write it: <source>:<contact id>."""
        return self.record_key.removeprefix("contact:")

    @property
    def is_test(self) -> bool:
        """Whether it is a test record, which is linked to nobody."""
        return bool(self.values.get("is_test"))

    @property
    def has_name(self) -> bool:
        """Whether the record names somebody."""
        return bool(self.values.get("tokens"))

    @property
    def source(self) -> str:
        """The source of the record."""
        return self.name.partition(":")[0]


def side_of(known: KnownPeople, key: str) -> Side:
    """A record that is known, with its values and whose it is."""
    owner = known.members.filter(pc.equal(known.members["key"], key))["customer_id"].to_pylist()
    values = known.records.filter(pc.equal(known.records["record_key"], key)).to_pylist()[0]
    return Side(key, owner[0] if owner else None, values)


def nearest_names(known: KnownPeople, who: str, *, records_alone: bool = False) -> list[str]:
    """The three records, or customer ids where they may be meant, that are written most like a name nobody has."""
    customers = known.members.slice(0, 0) if records_alone else known.members
    with workbench() as engine:
        engine.register("records", known.records)
        engine.register("members", customers)
        return [row[0] for row in engine.execute(NEAREST, {"who": who}).fetchall()]


def unknown_records(known: KnownPeople, names: Collection[str]) -> list[str]:
    """Those of the names, written <source>:<contact id>, that no record has; in their order, each once."""
    asked = list(dict.fromkeys(names))
    there = pc.is_in(pa.array([f"contact:{name}" for name in asked]), value_set=known.records["record_key"])
    return [name for name, is_there in zip(asked, there.to_pylist(), strict=True) if not is_there]


NEAREST = """
select name from (
    select substr(record_key, length('contact:') + 1) as name from records union select customer_id from members
)
order by jaro_winkler_similarity(name, $who) desc, name limit 3
"""
