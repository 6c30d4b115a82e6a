"""How many records one value may join before it is a household's, a till's or a desk's, learned from the data."""

import pyarrow as pa

from pipelines.identity.model import Model
from pipelines.identity.workbench import workbench
from pipelines.mapping import IdentitySettings

FEWEST_VALUES, SHARE_OF_VALUES = 20, 0.001
"""So many values, and this share of those that are shared, must join as many records before that number is usual."""
LARGEST = 50
"""No value joins more records, however usual that is: whole offices have one telephone."""


def shared_by_at_most(records: pa.Table, *, floor: int) -> int:
    """The number of living records that a card, an e-mail or a phone may join: what is usual here, not below floor.

    Reads: records as in records.py.
    """
    return max(floor, usually_share(records))


def in_force(settings: IdentitySettings, model: Model | None) -> IdentitySettings:
    """The settings that records are grouped by: shared_by_at_most is the floor of what the model learned.

    Units: where nothing was learned (no model, or one kept before this was learned), the setting holds as it is.
    """
    learned = (model.usually_share if model else None) or 0
    return settings.model_copy(update={"shared_by_at_most": max(settings.shared_by_at_most, learned)})


def usually_share(records: pa.Table) -> int:
    """The largest number of living records that enough cards, e-mails or phones stand on, at most LARGEST; 0 for none.

    Reads: records as in records.py.
    Units: a single value on half of all records is not usual, whatever their number; a person in each of twelve
           systems is, where most people are.
    """
    with workbench() as engine:
        engine.register("records", records)
        engine.execute(HELD_BY)
        found = engine.execute(USUAL, {"fewest": FEWEST_VALUES, "share": SHARE_OF_VALUES}).fetchall()[0][0]
    return min(int(found or 0), LARGEST)


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
