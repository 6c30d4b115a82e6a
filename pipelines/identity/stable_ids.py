"""Customer ids that stay: each cluster inherits the id that most of its records had; what changes leaves an event."""

from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from pipelines.identity.workbench import workbench


@dataclass(frozen=True)
class Identities:
    """Links (unified.identity_links), identifiers (unified.identifiers) and events (unified.identity_events)."""

    links: pa.Table
    identifiers: pa.Table
    events: pa.Table


def identities(
    members: pa.Table, records: pa.Table, previous: pa.Table, *, night: date, key: str, kind: str = "customer"
) -> Identities:
    """The night's links, identifiers and events.

    Reads: members as from `clusters`, records as in candidates.py, previous links (record_key, customer_id, since).
    Units: a new id is a keyed hash of the founding record and the night, so an id that ended never comes back; it
           begins with the first letter of its kind.
    """
    with workbench() as engine:
        engine.register("members", members)
        engine.register("records", records)
        engine.register("previous", previous)
        engine.execute(OVERLAPS)
        engine.execute(FOUNDERS)
        engine.register("inherited", _inherited(engine))
        engine.execute(NAMED, {"night": night.isoformat(), "key": key, "kind": kind})
        for statement in (MOVES, LIVING):
            engine.execute(statement)
        return Identities(
            links=engine.sql(LINKS, params={"night": night}).to_arrow_table(),
            identifiers=engine.sql(IDENTIFIERS).to_arrow_table(),
            events=engine.sql(EVENTS, params={"night": night}).to_arrow_table(),
        )


def _inherited(engine: duckdb.DuckDBPyConnection) -> pa.Table:
    """(cluster, customer_id): the largest overlap first, ties to the older id; each cluster and each id once."""
    clear = engine.sql(f"select cluster, customer_id from shared where {CLEAR}").to_arrow_table()
    contested = engine.execute(f"select cluster, customer_id from shared where not ({CLEAR}) order by {STRONGEST}")
    taken: dict[int, str] = {}
    given: set[str] = set()
    for cluster, customer_id in contested.fetchall():
        if cluster not in taken and customer_id not in given:
            taken[cluster] = customer_id
            given.add(customer_id)
    more = {"cluster": pa.array(taken.keys(), pa.int64()), "customer_id": pa.array(taken.values(), pa.string())}
    return pa.concat_tables([clear, pa.table(more)])


OVERLAPS = """
create temp table shared as
with counted as (
    select cluster, customer_id, count(*) as records, min(since) as since, min(record_key) as first_key
    from members join previous on record_key = key
    group by cluster, customer_id
), aged as (select customer_id, min(since) as born from previous group by customer_id)
select counted.*, born,
    count(*) over (partition by cluster) as ids, count(*) over (partition by customer_id) as clusters
from counted join aged using (customer_id)
"""
CLEAR = "ids = 1 and clusters = 1"
STRONGEST = "records desc, born, customer_id, first_key"

FOUNDERS = """
create temp table founders as
select cluster, arg_min(key, (first_seen is null, coalesce(first_seen, timestamp '2000-01-01'), key)) as founder
from members left join records on record_key = key
where is_record
group by cluster
"""
"""The first record of each cluster: by when its source made it; identifiers that only facts carry come last."""

NAMED = """
create temp table named as
select cluster, coalesce(customer_id, left($kind, 1) || '_' || substr(sha256($key || ':outer:'
    || sha256($key || ':inner:' || $kind || ':' || founder || '|' || $night)), 1, 24)) as customer_id,
    customer_id is null as is_new
from founders left join inherited using (cluster)
"""

MOVES = """
create temp table moves as
select key, members.evidence, members.is_record, named.customer_id, named.is_new,
    previous.customer_id as before, previous.since as since
from members
join named using (cluster)
left join previous on record_key = key
"""

LIVING = """
create temp table gone as
select customer_id as before, count(*) as records from previous
where customer_id not in (select customer_id from named)
group by customer_id;
create temp table heirs as
select before, arg_max(customer_id, (moved, customer_id)) as heir
from (select before, customer_id, count(*) as moved from moves
      where before in (select before from gone) group by before, customer_id)
group by before
"""
"""Ids that no cluster has any more, and who has most of their records."""

LINKS = """
select key as record_key,
    case when starts_with(key, 'contact:') then split_part(key, ':', 2) end as source,
    case when starts_with(key, 'contact:') then substr(key, length('contact:' || split_part(key, ':', 2)) + 2) end
        as source_contact_id,
    customer_id, evidence,
    case when before = customer_id then since else $night end as since
from moves where is_record
order by record_key
"""
IDENTIFIERS = "select key as identifier_key, customer_id from moves order by identifier_key"

EVENTS = """
select $night::date as night, customer_id, event, other_customer_id, records_count::bigint as records_count, evidence
from (
    select customer_id, if(bool_or(is_new), 'created', 'joined') as event, null::varchar as other_customer_id,
        count(*) as records_count, string_agg(distinct evidence, ';' order by evidence) as evidence
    from moves where is_record and before is null
    group by customer_id
    union all
    select customer_id, 'created', null, 0, null
    from named
    where is_new and customer_id not in (select customer_id from moves where is_record and before is null)
    union all
    select before, 'merged_into', heir, count(*), string_agg(distinct evidence, ';' order by evidence)
    from heirs join moves using (before)
    where moves.customer_id = heir
    group by before, heir
    union all
    select customer_id, 'split_from', before, count(*), string_agg(distinct evidence, ';' order by evidence)
    from moves left join heirs using (before)
    where before <> customer_id and customer_id is distinct from heir
    group by customer_id, before
    union all
    select before, 'ended', null, records, null from gone
    where before not in (select before from heirs)
)
order by customer_id, event, other_customer_id
"""
