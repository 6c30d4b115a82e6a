"""Households: which customers live together. A level above customers: nobody is merged, nobody's id changes."""

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity.compatibility import ALIKE
from pipelines.identity.linkage import Pairs, average_linkage, groups_at
from pipelines.identity.people import orient
from pipelines.identity.stable_ids import identities
from pipelines.identity.workbench import workbench

TOGETHER = 0.5
"""Two groups of people are one household where at least this share of their pairs live together."""


def households(
    records: pa.Table, links: pa.Table, previous: pa.Table, *, shared_by_at_most: int, night: date, key: str
) -> pa.Table:
    """Who lives with whom: one address and family name, or one phone or e-mail and either.

    Grain: one row per customer in a household of two or more: household_id, customer_id, evidence, since.
    Reads: records as in records.py, links (record_key, customer_id), the previous households.
    Units: name, address and phone may stand on different records of a customer. An address of more than
           shared_by_at_most family names is an institution, a phone or e-mail of more customers a till's or an
           office's: neither makes a household; nor do records that their source has deleted. Ids survive as those of
           customers do.
    """
    with workbench() as engine:
        orient(engine, records)
        engine.register("links", links)
        engine.execute(ALIKE)
        for statement in (KNOWN, HOMES, SHARED, TOGETHER_BY):
            engine.execute(statement, {"limit": shared_by_at_most} if "$limit" in statement else None)
        engine.register("grouped", _grouped(engine))
        members = engine.sql(MEMBERS).to_arrow_table()
        founders = engine.sql(FOUNDERS).to_arrow_table()
    before = previous.select(["customer_id", "household_id", "since"]).rename_columns(
        ["record_key", "customer_id", "since"]
    )
    found = identities(members, founders, before, night=night, key=key, kind="household").links
    return found.select(["customer_id", "record_key", "evidence", "since"]).rename_columns(COLUMNS)


COLUMNS = ["household_id", "customer_id", "evidence", "since"]


def _grouped(engine: duckdb.DuckDBPyConnection) -> pa.Table:
    """(place, household): customers by their place, with the smallest place of their household; those alone too.

    Average linkage, as for records: a child with a flat of its own does not tie the parents to whoever shares the flat.
    """
    people = engine.execute("select count(*) from known").fetchall()[0][0]
    ends = engine.execute("select a, b from together order by a, b").fetchnumpy()
    left, right = (np.asarray(ends[side], dtype=np.int64) for side in ("a", "b"))
    pairs = Pairs(left, right, np.ones(len(left)))
    groups = groups_at(average_linkage(np.arange(people), pairs), TOGETHER)
    return pa.table({"place": np.arange(people), "household": groups})


KNOWN = """
create temp table known as
select customer_id, row_number() over (order by customer_id) - 1 as place
from (select distinct customer_id from links join oriented using (record_key));
create temp table said as
select place, last, phone, email, street || '|' || house || '|' || postcode as address
from oriented join links using (record_key) join known using (customer_id)
where not is_deleted
"""
HOMES = """
create temp table homes as
with lived as (select distinct place, last, address from said where address is not null),
institutions as (select address from lived group by address having count(distinct last) > $limit),
crowds as (select address, last from lived group by address, last having count(distinct place) > $limit)
select * from lived anti join institutions using (address) anti join crowds using (address, last)
"""
SHARED = """
create temp table shared as
with held as (
    select distinct place, kind, value from said unpivot (value for kind in (phone, email))
), offices as (select kind, value from held group by kind, value having count(*) > $limit)
select x.place as a, y.place as b, kind
from held x join held y using (kind, value) anti join offices using (kind, value)
where x.place < y.place
group by all
"""
TOGETHER_BY = """
create temp table together as
with named as (select distinct place, last from said where last is not null),
lived as (select distinct place, address from said where address is not null),
found as (
    select x.place as a, y.place as b, 'name_address' as evidence
    from homes x join homes y on x.address = y.address and x.place < y.place and alike(x.last, y.last)
    union
    select a, b, 'name_' || kind from shared
    join named x on x.place = a join named y on y.place = b and alike(x.last, y.last)
    union
    select a, b, 'address_' || kind from shared
    join lived x on x.place = a join lived y on y.place = b and x.address = y.address
)
select a, b, string_agg(evidence, ',' order by evidence) as evidence from found group by a, b
"""
MEMBERS = """
with several as (
    select household from grouped group by household having count(*) > 1
), why as (
    select place, string_agg(distinct evidence, ',' order by evidence) as evidence
    from (select a as place, unnest(string_split(evidence, ',')) as evidence, b as other from together
          union all select b, unnest(string_split(evidence, ',')), a from together)
    join grouped x using (place) join grouped y on y.place = other and y.household = x.household
    group by place
)
select customer_id as key, household as cluster, 'customer' as kind, true as is_record, evidence
from grouped semi join several using (household) join known using (place) join why using (place)
order by key
"""
FOUNDERS = """
select customer_id as record_key, min(first_seen) as first_seen
from records join links using (record_key) group by customer_id
"""
