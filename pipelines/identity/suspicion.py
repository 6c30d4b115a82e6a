"""Customers that may be two people: too many records, records that hardly look alike, facts that contradict.

What people of one card or one account look like is no proof against them: marriages, typing errors and nicknames are
more frequent than cards handed on. So nothing is changed here; a person decides (`identity.overrides`).
"""

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity import compatibility
from pipelines.identity.linkage import LOWEST_CUT, Members, Pairs, average_linkage, groups_at
from pipelines.identity.workbench import workbench

REASONS = {
    "size": "far more records than is usual",
    "density": "other names, and records that hardly look like one person",
    "contradiction": "birth dates and given names that contradict one another",
}
"""Why a customer is suspicious, by the word in unified.suspicious_clusters."""

FEWEST_RECORDS = 5
"""No customer of so many records or fewer is suspected for their number alone."""
FAR_BEYOND = 1.5
"""How many times the records that 95 of 100 customers have at most are suspicious."""
THIN = LOWEST_CUT
"""Below this mean probability records are never brought together by likeness."""
WEAK = 0.1
"""Two parts fall apart cleanly where the mean probability between them is lower, while neither is THIN."""
LOOKED_THROUGH = 100
"""In larger customers names and birth dates are not compared: their size tells enough."""


def suspicious_clusters(records: pa.Table, links: pa.Table, pairs: pa.Table, *, night: date) -> pa.Table:
    """The customers that may be two people, with the reasons and, where they fall apart cleanly, what to part.

    Grain: one row per suspicious customer: night, customer_id, records_count, density, reasons, part.
    Units: records without a name are not counted; density is the mean probability over all pairs of records, those
           that were not matched being 0; reasons are of REASONS; part are the keys of the smaller of two parts.
    Reads: records as in records.py, links (record_key, customer_id), pairs (record_a, record_b, probability).
    """
    with workbench() as engine:
        for name, table in (("records", records), ("links", links), ("matched", pairs)):
            engine.register(name, table)
        for statement in (*compatibility.MACROS, PEOPLE, INSIDE, COUNTED, DOUBTED, compatibility.COMPARED):
            engine.execute(statement, {"most": LOOKED_THROUGH, "thin": THIN} if "$most" in statement else None)
        engine.execute(SUSPECTED, {"most": _most_records(engine), "thin": THIN})
        engine.register("grouped", _grouped(engine))
        return engine.sql(LISTED, params={"night": night, "thin": THIN}).to_arrow_table()


def _most_records(engine: duckdb.DuckDBPyConnection) -> float:
    """The largest number of records that is not suspicious by itself."""
    usual = engine.execute("select quantile_disc(records_count, 0.95) from counted").fetchall()[0][0]
    return max(float(FEWEST_RECORDS), FAR_BEYOND * (usual or 0))


def _grouped(engine: duckdb.DuckDBPyConnection) -> pa.Table:
    """(id, part): the records of suspicious customers, grouped again without those that contradict one another."""
    ids = engine.execute("select id from people semi join suspected using (customer_id) order by id").fetchnumpy()["id"]
    found = engine.execute(LIKELY).fetchnumpy()
    left, right = (np.searchsorted(ids, found[side]) for side in ("a", "b"))
    pairs = Pairs(left, right, np.asarray(found["p"], dtype=np.float64))
    contradicting = engine.execute("select a, b from contradicting order by a, b").fetchnumpy()
    apart: Members = np.zeros((len(ids), len(contradicting["a"])), dtype=bool)
    for side in ("a", "b"):
        apart[np.searchsorted(ids, contradicting[side]), np.arange(apart.shape[1])] = True
    groups = groups_at(average_linkage(np.arange(len(ids)), pairs, once=apart), WEAK)
    return pa.table({"id": pa.array(ids, pa.int64()), "part": groups})


PEOPLE = """
create temp table people as
select row_number() over (order by record_key) - 1 as id, customer_id, record_key, records.source, is_deleted,
    given, family, tokens, born_on
from records join links using (record_key)
where not is_test and len(tokens) > 0
"""
INSIDE = """
create temp table inside as
select x.customer_id, least(x.id, y.id) as a, greatest(x.id, y.id) as b, max(probability) as p
from matched join people x on x.record_key = record_a join people y on y.record_key = record_b
where x.customer_id = y.customer_id
group by all
"""
COUNTED = """
create temp table counted as
select customer_id, records_count,
    if(records_count = 1, 1.0, coalesce(likely, 0) / (records_count * (records_count - 1) / 2)) as density
from (select customer_id, count(*) as records_count from people group by customer_id)
left join (select customer_id, sum(p) as likely from inside group by customer_id) using (customer_id)
"""
DOUBTED = """
create temp table pairs as
with small as (select customer_id, density from counted where records_count between 2 and $most)
select x.id as a, y.id as b
from people x join small using (customer_id) join people y on x.customer_id = y.customer_id and x.id < y.id
where density < $thin or not near_dates(x.born_on, y.born_on)
"""
"""The pairs whose names and dates are compared."""
SUSPECTED = """
create temp table contradicting as
select a, b, customer_id from compared join people on id = a
where far_birth and not same_given and not same_words;
create temp table unlike as
select customer_id from compared join people on id = a
where not same_words and not (same_given and same_family);
create temp table suspected as
select *, list_filter([
    if(records_count > $most, 'size', null),
    if(density < $thin and customer_id in (select customer_id from unlike), 'density', null),
    if(customer_id in (select customer_id from contradicting), 'contradiction', null)],
    lambda reason: reason is not null) as reasons
from counted
where len(reasons) > 0
"""
LIKELY = "select a, b, p from inside semi join suspected using (customer_id) order by a, b"
LISTED = """
with inner_pairs as (
    select part, sum(p) as likely
    from inside join grouped x on x.id = a join grouped y using (part)
    where y.id = b group by part
), parts as (
    select customer_id, part, count(*) as size, list(record_key order by record_key) as keys,
        if(size = 1, 1.0, coalesce(any_value(likely), 0) / (size * (size - 1) / 2)) as density
    from people join grouped using (id) left join inner_pairs using (part)
    group by customer_id, part
), halves as (
    select customer_id, arg_min(keys, (size, keys[1])) as part
    from parts group by customer_id having count(*) = 2 and min(density) >= $thin
)
select $night::date as night, customer_id, records_count, density, reasons, halves.part
from suspected left join halves using (customer_id)
order by customer_id
"""
