"""Nights without a lake: what the tables hold once a night has been resolved, and what the next one begins with."""

from typing import cast

import pyarrow as pa
from pyspark.sql import DataFrame

from pipelines.identity.evidence import Evidence
from pipelines.identity.resolve import WhoIsWho
from pipelines.tables import IDENTIFIERS, IDENTITY_LINKS, IDENTITY_PAIRS
from tests.pipelines.identity.evidence import TIES

Rows = list[dict[str, object]]
Began = dict[str, pa.Table]
TABLES = {IDENTITY_PAIRS.name: ("record_a", "record_b"), IDENTITY_LINKS.name: ("record_key",)}
TABLES |= {IDENTIFIERS.name: ("identifier_key",)}


def as_evidence(rows: Rows, tied: Rows, before: Rows, tied_before: Rows, schema: pa.Schema) -> Evidence:
    known = {row["record_key"]: row for row in before}
    same = [row["record_key"] for row in rows if known.get(row["record_key"]) == row]
    now = {row["record_key"] for row in rows}
    first_unchanged = sorted(rows, key=lambda row: row["record_key"] not in same)
    return Evidence(
        pa.Table.from_pylist(first_unchanged, schema),
        distinct(tied),
        before=pa.Table.from_pylist(before, schema),
        ties_before=distinct(tied_before),
        unchanged=pa.table({"record_key": pa.array(same, pa.string())}),
        changed=cast(DataFrame, None),
        gone=pa.table({"record_key": pa.array(known.keys() - now, pa.string())}),
    )


def distinct(tied: Rows) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in {tuple(row.items()): row for row in tied}.values()], TIES)


def after(began: Began, found: WhoIsWho) -> Began:
    """The tables once what was found takes the place of what was before."""
    now = {IDENTITY_PAIRS.name: found.pairs, IDENTITY_LINKS.name: found.identities.links}
    now |= {IDENTIFIERS.name: found.identities.identifiers}
    return {name: replaced(began[name], found.before[name], now[name], key) for name, key in TABLES.items()}


def replaced(table: pa.Table, old: pa.Table, new: pa.Table, key: tuple[str, ...]) -> pa.Table:
    gone = {tuple(row[name] for name in key) for row in old.to_pylist()}
    kept = [row for row in table.to_pylist() if tuple(row[name] for name in key) not in gone]
    rows = [*kept, *new.to_pylist()]
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    return pa.Table.from_pylist(rows, new.schema).sort_by([(name, "ascending") for name in key])


def nothing_yet(schema: pa.Schema) -> Began:
    names = {IDENTITY_PAIRS.name: ("record_a", "record_b"), IDENTIFIERS.name: ("identifier_key", "customer_id")}
    found = {name: pa.table({column: pa.array([], pa.string()) for column in each}) for name, each in names.items()}
    links = pa.schema([("record_key", pa.string()), ("customer_id", pa.string()), ("since", pa.date32())])
    return found | {IDENTITY_LINKS.name: links.empty_table()}
