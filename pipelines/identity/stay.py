"""What was one customer the night before stays one, unless what its records say speaks against it.

People move, marry, change their e-mail and phone. Their record then says little that the others of theirs say, so that
no likeness holds it to them; but its source knows it by the same id as before, and it says of itself much of what it
said. A record that is another person now is let go, and so are records whose birth dates or names contradict.
Source: benchmarks/identity_changes.py, told in docs/decisions/0017.
"""

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity import compatibility
from pipelines.identity.evidence import Evidence
from pipelines.identity.linkage import Ids, Members, exact_groups
from pipelines.identity.overrides import Overrides
from pipelines.identity.workbench import workbench
from pipelines.tables import IDENTIFIERS, IDENTITY_LINKS

FORMER = pa.schema([("record_key", pa.string()), ("customer_id", pa.string()), ("stays", pa.bool_())])
NOBODY = FORMER.empty_table()


def former_customers(given: Evidence, began: Mapping[str, pa.Table], decided: Overrides) -> pa.Table:
    """Whose each record was the night before, and whether it may stay: record_key, customer_id, stays.

    Units: a record that is another person now may not, nor one of a customer whom a source or a person took back what
           tied it.
    Reads: unified.identity_links and .identifiers as the night began.
    """
    if not began[IDENTITY_LINKS.name].num_rows:
        return NOBODY
    tables = {"earlier": given.before, "now": given.made, "ties": given.ties, "ties_before": given.ties_before}
    tables |= {"links": began[IDENTITY_LINKS.name], "owners": began[IDENTIFIERS.name]}
    joined = sorted({key for pair in decided.always for key in pair})
    with workbench() as engine:
        for name, table in tables.items():
            engine.register(name, table)
        engine.register("joined", pa.table({"record_key": pa.array(joined, pa.string())}))
        for statement in (*compatibility.MACROS, VERSIONS, compatibility.COMPARED, TAKEN_BACK):
            engine.execute(statement)
        return engine.sql(STILL).to_arrow_table()


def together_again(engine: duckdb.DuckDBPyConnection, ids: Ids, groups: Ids, once: Members) -> Ids:
    """The groups (the place of the smallest of ids), those of one former customer in one where nothing contradicts.

    Reads: the tables persons (id, cluster) of these groups, people, nodes, former (as from former_customers); adds to
           accepted what stays together.
    Units: a group with records of two former customers stays as it was cut: what was apart is never merged here.
    """
    for statement in (APART, compatibility.COMPARED, STAYING, KEPT_EVIDENCE):
        engine.execute(statement)
    ends = engine.execute("select distinct one, other from pairs semi join staying using (customer_id)").fetchnumpy()
    left, right = (np.searchsorted(ids, ends[side]).astype(np.int64) for side in ("one", "other"))
    return exact_groups(groups, left, right, once=once)


VERSIONS = """
create temp table versions as
select row_number() over (order by record_key) as place, record_key,
    earlier.email = now.email or earlier.phone = now.phone or earlier.card = now.card as keeps_own,
    earlier.linked_key is distinct from now.linked_key and earlier.linked_key is not null as is_parted
from earlier join now using (record_key)
where (earlier.tokens, earlier.born_on, earlier.email, earlier.phone, earlier.card, earlier.linked_key)
    is distinct from (now.tokens, now.born_on, now.email, now.phone, now.card, now.linked_key);
create temp table people as
select 2 * place as id, source, is_deleted, given, family, tokens, born_on from versions join earlier using (record_key)
union all
select 2 * place + 1, source, is_deleted, given, family, tokens, born_on from versions join now using (record_key);
create temp table pairs as select 2 * place as a, 2 * place + 1 as b from versions
"""
"""What changed records say beside what they said, as two people; a new home alone makes nobody another person."""

TAKEN_BACK = """
create temp table taken_back as
with gone as (from ties_before except from ties)
select customer_id from owners
where identifier_key in (select left_key from gone union all select right_key from gone)
union
select customer_id from links
where list_contains(string_split(evidence, ','), 'decided') and record_key not in (from joined)
"""
"""Customers that a source or a fact tied, or a person, and no longer does."""

STILL = """
select record_key, customer_id, customer_id not in (from taken_back) and record_key not in (
    select record_key from versions join compared on a = 2 * place
    where is_parted or far_birth or not (
        same_words
        or (same_given and (same_family or same_birth or coalesce(keeps_own, false)))
        or (same_birth and any_word)
    )
) as stays
from links
"""
"""A record is another person's now where its birth date is wholly other, or too little of it is as it was.

Its home may change, and one of family name and contact data, or the given name beside an equal birth date. A wife who
takes over the record of her husband keeps family name and home alone.
"""

APART = """
create or replace temp table pure as
select cluster, min(customer_id) as customer_id
from persons join nodes using (id) left join former on record_key = key
group by cluster having count(distinct customer_id) = 1 and bool_and(coalesce(stays, true));
create or replace temp table pairs as
select x.id as a, y.id as b, p.cluster as one, q.cluster as other, customer_id
from pure p join pure q using (customer_id)
join persons x on x.cluster = p.cluster join persons y on y.cluster = q.cluster
where p.cluster < q.cluster
"""
"""The pairs between groups of records that may stay with one former customer, and perhaps new ones."""

STAYING = """
create or replace temp table staying as
with judged as (
    select customer_id, bool_or(same_given or same_words or same_birth)
        and coalesce(bool_or(not far_birth) filter (x.born_on is not null and y.born_on is not null), true) as may_be
    from pairs join compared using (a, b) join people x on x.id = a join people y on y.id = b
    group by customer_id, one, other
)
select customer_id from judged group by customer_id having bool_and(may_be)
"""
"""Former customers between whose groups no birth dates are all wholly other, nor all given names."""

KEPT_EVIDENCE = "insert into accepted select a, b, 'kept', false from pairs semi join staying using (customer_id)"
