"""What a night has to go by: every person record, made anew only where it says something new, and what ties them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.table import Table
from pipelines.identity.candidates import identified, keyed, phone_holders, ties
from pipelines.identity.handover import Handover
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import one_each, records, with_fingerprint
from pipelines.identity.workbench import workbench
from pipelines.mapping import IdentitySettings
from pipelines.tables import PERSON_RECORDS


@dataclass(frozen=True)
class Evidence:
    """What the night has to go by: records and ties, as clusters() reads them.

    Shape: unchanged (record_key) are the records as an earlier night kept them; changed is a frame of the others, and
           gone (record_key) are those that no source has any more.
    """

    records: pa.Table
    ties: pa.Table
    unchanged: pa.Table
    changed: DataFrame
    gone: pa.Table


def evidence(
    contacts: DataFrame,
    links: DataFrame,
    facts: Sequence[DataFrame],
    known: pa.Table,
    settings: IdentitySettings,
    *,
    folder: Handover,
    key: str,
) -> Evidence:
    """Records and ties of conformed frames; only contacts that are new or say something new are normalised.

    Reads: known are unified.person_records as an earlier night left them.
    """
    region = settings.country
    delivered = with_fingerprint(contacts, region)
    there = folder.table(delivered.select("record_key", "fingerprint"), "fingerprints")
    kept, fresh, gone = _parted(known, there)
    keys = folder.frame(fresh, "fresh", contacts.sparkSession)
    new = folder.written(one_each(delivered.join(keys, "record_key", "left_semi")), "delivered")
    carried = folder.written(identified(facts), "carried")
    phones = folder.written(phone_forms(phone_holders(new, links, carried), region), "phones")
    pointed = folder.written(keyed(carried, key=key, region=region, phones=phones), "keyed")
    made = folder.written(typed(records(new, key=key, region=region, phones=phones), PERSON_RECORDS), "changed")
    return Evidence(
        records=pa.concat_tables([kept, folder.arrow("changed").cast(kept.schema)]),
        ties=folder.table(ties(links, pointed, key=key, region=region, phones=phones), "ties"),
        unchanged=kept.select(["record_key"]),
        changed=made,
        gone=gone,
    )


def _parted(known: pa.Table, there: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The known records that are there as they were, the keys of new and changed ones, and the keys that are gone."""
    with workbench() as engine:
        engine.register("known", known)
        engine.register("there", there)
        kept = engine.sql("from known semi join there using (record_key, fingerprint)").to_arrow_table()
        engine.register("kept", kept)
        fresh = engine.sql("select distinct record_key from there anti join kept using (record_key)").to_arrow_table()
        gone = engine.sql("select record_key from known anti join there using (record_key)").to_arrow_table()
        return kept.cast(known.schema), fresh, gone


def typed(frame: DataFrame, table: Table) -> DataFrame:
    """The frame with the columns and types of the table."""
    return frame.select(*(F.col(column.name).cast(column.type) for column in table.columns))
