"""What a night has to go by: every person record, made anew only where it says something new, and what ties them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.table import Table
from pipelines.identity.candidates import identified, phone_holders, ties
from pipelines.identity.handover import Handover
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import changed, records, with_fingerprint
from pipelines.mapping import IdentitySettings
from pipelines.tables import PERSON_RECORDS


@dataclass(frozen=True)
class Evidence:
    """What the night has to go by: records and ties, as clusters() reads them.

    Shape: unchanged (record_key) are the records as an earlier night kept them; changed and keys are frames of the
           new and changed records, and of the keys of all.
    """

    records: pa.Table
    ties: pa.Table
    unchanged: pa.Table
    changed: DataFrame
    keys: DataFrame


def evidence(
    contacts: DataFrame,
    links: DataFrame,
    facts: Sequence[DataFrame],
    known: DataFrame,
    settings: IdentitySettings,
    *,
    folder: Handover,
    key: str,
) -> Evidence:
    """Records and ties of conformed frames; only contacts that are new or say something new are normalised."""
    region = settings.country
    delivered = with_fingerprint(contacts, region)
    same = delivered.select("record_key", "fingerprint").distinct()
    unchanged = folder.written(known.join(same, ["record_key", "fingerprint"], "left_semi"), "unchanged")
    new = folder.written(changed(delivered, unchanged), "delivered")
    carried = folder.written(identified(facts), "carried")
    phones = folder.written(phone_forms(phone_holders(new, links, carried), region), "phones")
    made = folder.written(typed(records(new, key=key, region=region, phones=phones), PERSON_RECORDS), "changed")
    both = [folder.arrow("unchanged").select(PERSON_RECORDS.column_names), folder.arrow("changed")]
    return Evidence(
        records=pa.concat_tables(both, promote_options="permissive"),
        ties=folder.table(ties(links, carried, key=key, region=region, phones=phones), "ties"),
        unchanged=both[0].select(["record_key"]),
        changed=made,
        keys=unchanged.select("record_key").unionByName(made.select("record_key")),
    )


def typed(frame: DataFrame, table: Table) -> DataFrame:
    """The frame with the columns and types of the table."""
    return frame.select(*(F.col(column.name).cast(column.type) for column in table.columns))
