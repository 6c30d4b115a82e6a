"""Which records share an identifier, and whether that may make them one person."""

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.identity import compatibility
from pipelines.identity.chain import Link
from pipelines.identity.cluster_steps import CROWDED, HANDLE_TIES, HELD, HUBS, NODES, PAIRS, PEOPLE, TIED
from pipelines.identity.workbench import workbench


@dataclass(frozen=True)
class Shared:
    """What two records have in common: a kind of identifier, or what a source or a fact states.

    Units: may_be is whether names and birth dates allow that they are one person; links whether this alone links them
           (an own e-mail or phone does not where a model weighs it with everything else).
    """

    left: str
    right: str
    kind: str
    may_be: bool
    links: bool


@dataclass(frozen=True)
class Ties:
    """What is shared among some records, and the ties of records without a name and of identifiers among them."""

    shared: tuple[Shared, ...]
    handles: tuple[Link, ...]


NOTHING = pa.table({"key": pa.array([], pa.string())})


def accept(
    engine: duckdb.DuckDBPyConnection,
    records: pa.Table,
    ties: pa.Table,
    *,
    shared_by_at_most: int,
    crowded: pa.Table = NOTHING,
) -> None:
    """Make the table `accepted`: pairs that share an identifier and may be one person; and those that lead to it.

    Units: crowded (key) are identifiers that are known to tie nobody.
    """
    for name, table in (("records", records), ("ties", ties), ("crowded_elsewhere", crowded)):
        engine.register(name, table)
    for statement in (*compatibility.MACROS, NODES, TIED, PEOPLE):
        engine.execute(statement)
    for statement in (CROWDED, HELD, HANDLE_TIES, HUBS, PAIRS):
        engine.execute(statement, {"limit": shared_by_at_most} if "$limit" in statement else None)
    engine.execute(compatibility.COMPARED)
    engine.execute(compatibility.ACCEPTED)


def ties_among(
    keys: Collection[str], records: pa.Table, ties: pa.Table, *, shared_by_at_most: int, is_matched: bool
) -> Ties:
    """What ties records and identifiers of these keys to one another.

    Reads: all records and ties; those around the keys alone are looked at.
    Units: is_matched is whether a model weighs own e-mails and phones.
    """
    with workbench() as engine:
        engine.register("every_record", records)
        engine.register("every_tie", ties)
        engine.register("asked", pa.table({"key": pa.array(sorted(keys), pa.string())}))
        engine.execute(AROUND)
        near = engine.sql("from every_record where record_key in (from near)").to_arrow_table()
        tied = engine.sql("from every_tie where left_key in (from near) or right_key in (from near)").to_arrow_table()
        accept(engine, near, tied, shared_by_at_most=shared_by_at_most)
        found = engine.execute(SHARED, {"is_matched": is_matched}).fetchall()
        handles = engine.execute(HANDLES).fetchall()
    return Ties(tuple(Shared(*row) for row in found), tuple(Link(*row) for row in handles))


AROUND = """
create temp table every_way as
with own as (
    unpivot (select record_key as here, loyalty_id_key, email_key, phone_key, cookie_key, name_birth_key,
                 name_place_key, linked_key from every_record)
    on columns(* exclude here) into name kind value there
), tied_to as (select here, there from own union all select left_key, right_key from every_tie)
select here, there from tied_to union all select there, here from tied_to;
create temp table near as select key from asked;
insert into near select distinct there from every_way where here in (from near);
insert into near select distinct there from every_way where here in (from near);
insert into near select distinct there from every_way where here in (from near)
"""
"""Three steps reach the holders of a value that a fact ties to a value of a record: all who count towards its limit."""

SHARED = """
select x.key, y.key, pairs.kind, bool_or(accepted.a is not null),
    bool_or(accepted.a is not null and (accepted.is_exact or not $is_matched))
from pairs
join nodes x on x.id = pairs.a join nodes y on y.id = pairs.b
left join accepted on accepted.a = pairs.a and accepted.b = pairs.b and accepted.kind = pairs.kind
where x.key in (from asked) and y.key in (from asked)
group by all order by all
"""
HANDLES = """
with tied_handles as (
    select person as a, handle as b, kind from held
    where handle not in (from crowded) and kind not in ('name_birth', 'name_place')
    union select a, b, kind from handle_ties where kind <> 'itself'
)
select x.key, y.key, tied_handles.kind
from tied_handles join nodes x on x.id = a join nodes y on y.id = b
where x.key in (from asked) and y.key in (from asked)
order by all
"""
