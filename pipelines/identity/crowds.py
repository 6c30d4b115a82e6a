"""How many records one value may join before it is a household's, a till's or a desk's, learned from the data."""

import duckdb
import pyarrow as pa

from pipelines.identity.workbench import workbench

FEWEST_VALUES, SHARE_OF_VALUES = 20, 0.001
"""So many values, and this share of those that are shared, must join as many records before that number is usual."""
LARGEST = 50
"""No value joins more records, however usual that is: whole offices have one telephone."""


def shared_by_at_most(records: pa.Table, *, floor: int) -> int:
    """The number of living records that a card, an e-mail or a phone may join: what is usual here, not below floor.

    Reads: records as in records.py.
    Units: a single value on half of all records is not usual, whatever their number; a person in each of twelve
           systems is, where most people are.
    """
    with workbench() as engine:
        engine.register("records", records)
        engine.execute(HELD_BY)
        usual = _usual(engine)
    return max(floor, min(usual, LARGEST))


def _usual(engine: duckdb.DuckDBPyConnection) -> int:
    found = engine.execute(USUAL, {"fewest": FEWEST_VALUES, "share": SHARE_OF_VALUES}).fetchall()[0][0]
    return int(found or 0)


HELD_BY = """
create temp table held_by as
select value, count(*) as records
from (unpivot (select loyalty_id_key, email_key, phone_key from records where not is_test and not is_deleted)
      on loyalty_id_key, email_key, phone_key into name kind value value)
group by kind, value having count(*) > 1
"""
USUAL = """
select max(records) from (
    select records, sum(count(*)) over (order by records desc) as as_many_or_more from held_by group by records
)
where as_many_or_more >= greatest($fewest, $share * (select count(*) from held_by))
"""
