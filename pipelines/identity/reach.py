"""Which records a night may move: those that say something new, and all that hang together with them.

Groups are made of pairs that match, of identifiers that are shared and of what people decided: a change reaches no
further than along these, so the groups of all other records stay as they are.
"""

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.identity.evidence import Evidence
from pipelines.identity.key_pairs import KeyPair
from pipelines.identity.workbench import workbench

KEPT = tuple(f"{kind}_key" for kind in ("loyalty_id", "email", "phone", "cookie", "name_birth", "name_place", "linked"))
"""What a record may hold."""


@dataclass(frozen=True)
class Reach:
    """What a night may move.

    Shape: keys (key) of records and identifiers; crowded (key) are identifiers met on the way that so many others share
           that they tie nobody, whatever the night brings.
    """

    keys: pa.Table
    crowded: pa.Table


def reach(
    given: Evidence,
    *,
    strong: pa.Table,
    owners: pa.Table,
    decided: Collection[KeyPair],
    shared_by_at_most: int,
) -> Reach:
    """All that hangs together with a record or tie that is new, changed or gone.

    Reads: strong (record_a, record_b) are the pairs that could be one group, before and now; owners (identifier_key,
           customer_id) are unified.identifiers as the night began; decided are pairs of record keys.
    """
    with workbench() as engine:
        engine.execute("set preserve_insertion_order = false")
        tables = {"records": given.records, "ties": given.ties, "strong": strong, "owners": owners}
        tables |= {"unchanged": given.unchanged, "records_before": given.before, "ties_before": given.ties_before}
        for name, table in tables.items():
            engine.register(name, table)
        named = {"a": [a for a, _ in decided], "b": [b for _, b in decided]}
        engine.register("decided", pa.table({side: pa.array(keys, pa.string()) for side, keys in named.items()}))
        engine.execute(BEGINNING)
        while _count(engine, "frontier"):
            engine.execute(HELD)
            engine.execute(CROWDED, {"limit": shared_by_at_most})
            engine.execute(LEFT_ASIDE)
            engine.execute(STEP)
        engine.execute(WHOLLY_HERE)
        return Reach(
            engine.sql("from reached order by key").to_arrow_table(),
            engine.sql("from crowded order by key").to_arrow_table(),
        )


def _count(engine: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(engine.execute(f"select count(*) from {table}").fetchall()[0][0])


def _own(records: str) -> str:
    """SQL of what the records hold: record_key, key. A name with a postal code ties where a fact carries it."""
    held = " union all ".join(
        f"select record_key, {name} as key from {records} where {name} is not null" for name in KEPT
    )
    return f"(select * from ({held}) where not starts_with(key, 'name_place:') or key in (from carried_names))"


def _holders(handles: str) -> str:
    """SQL of who holds the handles: record_key, key."""
    return " union all ".join(
        f"select record_key, {name} as key from records semi join {handles} on key = {name}" for name in KEPT
    )


BEGINNING = f"""
create temp table carried_names as
select distinct left_key from (from ties union all from ties_before) where starts_with(left_key, 'name_place:');
create temp table moved_ties as
(from ties except from ties_before) union (from ties_before except from ties);
create temp table kept_ties as from ties anti join moved_ties using (left_key, right_key, kind, is_own);
create temp table fresh as from records anti join unchanged using (record_key);
create temp table past as from records_before anti join unchanged using (record_key);
create temp table frontier as
select record_key as key from fresh
union select record_key from past
union select key from {_own("fresh")}
union select key from {_own("past")}
union select left_key from moved_ties
union select right_key from moved_ties;
create temp table reached as from frontier;
create temp table crowded (key varchar);
create temp table out_of_count as
select record_key, is_test from records where is_test or (is_deleted and len(tokens) > 0)
"""
"""Where it begins: records and ties that are new, changed or gone, and what they hold or held."""

HELD = f"""
create or replace temp table handles as select key from frontier where not starts_with(key, 'contact:');
create or replace temp table held as {_holders("handles")};
create or replace temp table free as from handles anti join owners on identifier_key = key
"""
CROWDED = """
create or replace temp table found_crowded as
with ways as (
    select key, record_key as other from held semi join free using (key) semi join unchanged using (record_key)
    union all select left_key, right_key from kept_ties semi join free on left_key = key
    union all select right_key, left_key from kept_ties semi join free on right_key = key
), counted as (
    select key, other, split_part(other, ':', 1) as kind, is_test is not null as is_deleted
    from ways left join out_of_count on record_key = other
    where key <> other and not coalesce(is_test, false)
)
select distinct key from (
    select key, kind from counted where kind in ('contact', 'loyalty_id', 'email', 'phone') group by key, kind
    having count(distinct other) filter (not is_deleted) > $limit or count(distinct other) > 2 * $limit
)
"""
LEFT_ASIDE = """
insert into crowded from found_crowded;
delete from frontier where key in (from found_crowded);
delete from held where key in (from found_crowded);
delete from reached where key in (from found_crowded)
"""
"""Identifiers that too many share among the records that stay as they are: they tie nobody, before and after.

One that had an owner is followed all the same: the night may bring it a second one.
"""

STEP = f"""
create or replace temp table here as from records semi join frontier on record_key = key;
create or replace temp table next as
with found as (
    select record_b as key from strong semi join frontier on record_a = key
    union all select record_a from strong semi join frontier on record_b = key
    union all select b from decided semi join frontier on a = key
    union all select a from decided semi join frontier on b = key
    union all select right_key from ties semi join frontier on left_key = key
    union all select left_key from ties semi join frontier on right_key = key
    union all select record_key from held semi join frontier using (key)
    union all select key from {_own("here")}
    union all select identifier_key from owners
    semi join (select distinct customer_id from owners semi join frontier on identifier_key = key) using (customer_id)
)
select distinct key from found anti join reached using (key) anti join crowded using (key);
insert into reached from next;
create or replace temp table frontier as from next
"""
"""One step further: along pairs, decisions, ties, shared identifiers and the customers of the night before."""

WHOLLY_HERE = f"""
create or replace temp table held as {_holders("crowded")};
create temp table partly as select distinct key from held anti join reached on reached.key = record_key;
create temp table wholly as select distinct key from held anti join partly using (key);
insert into reached from wholly;
delete from crowded where key in (from wholly)
"""
"""A crowded identifier whose holders are all here may become one customer's."""
