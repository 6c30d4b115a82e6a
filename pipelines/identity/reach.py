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
        tables |= {"unchanged": given.unchanged, "made": given.made, "gone": given.gone.select(["record_key"])}
        tables |= {"records_before": given.before, "ties_before": given.ties_before}
        named = {"a": [a for a, _ in decided], "b": [b for _, b in decided]}
        tables["decided"] = pa.table({side: pa.array(keys, pa.string()) for side, keys in named.items()})
        for name, table in tables.items():
            engine.register(name, table)
        for statement in (MOVED, WAYS, BEGINNING):
            engine.execute(statement)
        while _count(engine, "frontier"):
            engine.execute(HELD)
            engine.execute(CROWDED, {"limit": shared_by_at_most})
            engine.execute(LEFT_ASIDE)
            engine.execute(STEP)
        engine.execute(WHOLLY_HERE)
        engine.execute(NAMED)
        return Reach(_named(engine, "reached"), _named(engine, "crowded"))


def _count(engine: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(engine.execute(f"select count(*) from {table}").fetchall()[0][0])


def _named(engine: duckdb.DuckDBPyConnection, places: str) -> pa.Table:
    """The keys of a table of their numbers."""
    query = f"select names.key from names semi join {places} on {places}.key = place order by names.key"
    return engine.sql(query).to_arrow_table()


def _held(records: str) -> str:
    """SQL of what the records hold: record_key, key."""
    return " union all ".join(
        f"select record_key, {name} as key from {records} where {name} is not null" for name in KEPT
    )


HOLDING = ", ".join(["record_key", *KEPT])
MOVED = f"""
create temp table fresh as select {HOLDING} from made;
create temp table past as
select {HOLDING} from records_before semi join (select record_key from made union all from gone) using (record_key);
create temp table moved_ties as
(from ties except from ties_before) union (from ties_before except from ties);
create temp table kept_ties as
select hash(left_key) as a, hash(right_key) as b,
    split_part(left_key, ':', 1) as a_kind, split_part(right_key, ':', 1) as b_kind
from ties anti join moved_ties using (left_key, right_key, kind, is_own);
create temp table carried_names as
select distinct left_key from (from ties union all from ties_before) where starts_with(left_key, 'name_place:')
"""
"""What is new, changed or gone, and what is not."""

WAYS = f"""
create temp table unmoved as select hash(record_key) as record from unchanged;
create temp table out_of_count as
select hash(record_key) as record, is_test from records where is_test or (is_deleted and len(tokens) > 0);
create temp table holdings as
select hash(record_key) as record, hash(key) as key, not starts_with(key, 'contact:') as is_handle,
    not starts_with(key, 'name_place:') or key in (from carried_names) as is_own
from ({_held("records")});
create temp table owned as select hash(identifier_key) as key, hash(customer_id) as customer from owners;
create temp table bound as
select hash(record_a) as a, hash(record_b) as b from strong
union all select hash(a), hash(b) from decided
union all select hash(left_key), hash(right_key) from ties
"""
"""The ways of every record and key, by the numbers that they hash to: text took four times as long to follow.

Two keys of one number, were there any, would be followed both: that groups more records anew, to the same end.
"""

BEGINNING = f"""
create temp table frontier as
select distinct hash(key) as key from (
    select record_key as key from fresh
    union all select record_key from past
    union all select key from ({_held("fresh")} union all {_held("past")})
        where not starts_with(key, 'name_place:') or key in (from carried_names)
    union all select left_key from moved_ties
    union all select right_key from moved_ties
);
create temp table reached as from frontier;
create temp table crowded (key ubigint)
"""
"""Where it begins: records and ties that are new, changed or gone, and what they hold or held."""

HELD = """
create or replace temp table held as
select record, key from holdings semi join frontier using (key) where is_handle;
create or replace temp table free as from frontier anti join owned using (key)
"""
CROWDED = """
create or replace temp table found_crowded as
with ways as (
    select key, record as other, 'contact' as kind from held semi join free using (key) semi join unmoved using (record)
    union all select a, b, b_kind from kept_ties semi join free on a = key where a_kind <> 'contact'
    union all select b, a, a_kind from kept_ties semi join free on b = key where b_kind <> 'contact'
), counted as (
    select key, other, kind, is_test is not null as is_deleted
    from ways left join out_of_count on record = other
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

STEP = """
create or replace temp table next as
with found as (
    select b as key from bound semi join frontier on a = key
    union all select a from bound semi join frontier on b = key
    union all select record from held semi join frontier using (key)
    union all select holdings.key from holdings semi join frontier on record = frontier.key where is_own
    union all select key from owned
    semi join (select customer from owned semi join frontier using (key)) using (customer)
)
select distinct key from found anti join reached using (key) anti join crowded using (key);
insert into reached from next;
create or replace temp table frontier as from next
"""
"""One step further: along pairs, decisions, ties, shared identifiers and the customers of the night before."""

WHOLLY_HERE = """
create or replace temp table held as select record, key from holdings semi join crowded using (key) where is_handle;
create temp table partly as select distinct key from held anti join reached on reached.key = record;
create temp table wholly as select distinct key from held anti join partly using (key);
insert into reached from wholly;
delete from crowded where key in (from wholly)
"""
"""A crowded identifier whose holders are all here may become one customer's."""

NAMED = f"""
create temp table met as select key as place from (from reached union all from crowded);
create temp table here as select {HOLDING} from records semi join met on hash(record_key) = place;
create temp table names as
select distinct hash(key) as place, key from (
    select record_key as key from here
    union all select key from ({_held("here")} union all {_held("past")})
    union all select record_key from past
    union all select identifier_key from owners
    union all select unnest([left_key, right_key]) from ties
    union all select unnest([left_key, right_key]) from ties_before
) semi join met on hash(key) = place
"""
"""The keys behind the numbers; a decided record that nobody has stays unnamed."""
