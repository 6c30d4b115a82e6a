"""What a night has to go by: every person record, made anew only where it says something new, and what ties them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.identity.candidates import identified, keyed, phone_holders, ties
from pipelines.identity.changes import typed
from pipelines.identity.handover import Handover
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import fingerprint, one_each, records, with_record_key
from pipelines.identity.workbench import workbench
from pipelines.mapping import IdentitySettings
from pipelines.tables import PERSON_RECORDS


@dataclass(frozen=True)
class Evidence:
    """What the night has to go by: records and ties, as clusters() reads them, beside those of the night before.

    Shape: unchanged (record_key) are the records as an earlier night kept them; changed is a frame of the others, and
           gone (record_key) are those that no source has any more.
    """

    records: pa.Table
    ties: pa.Table
    before: pa.Table
    ties_before: pa.Table
    unchanged: pa.Table
    changed: DataFrame
    gone: pa.Table


def evidence(
    contacts: DataFrame,
    links: DataFrame,
    facts: Sequence[DataFrame],
    known: pa.Table,
    ties_before: pa.Table,
    settings: IdentitySettings,
    *,
    folder: Handover,
    key: str,
    anew: bool = False,
) -> Evidence:
    """Records and ties of conformed frames; only contacts that are new or say something new are normalised.

    Units: anew normalises all, as if nothing were known.
    Reads: known and ties_before are unified.person_records and .identity_ties as an earlier night left them.
    """
    region = settings.country
    kept, new = _parted(contacts, known.slice(0, 0) if anew else known, folder=folder, region=region)
    carried = folder.written(identified(facts), "carried")
    phones = folder.written(phone_forms(phone_holders(new, links, carried), region), "phones")
    pointed = folder.written(keyed(carried, key=key, region=region, phones=phones), "keyed")
    changed, made = _made(typed(records(new, key=key, region=region, phones=phones), PERSON_RECORDS), folder)
    now = pa.concat_tables([kept, made.cast(kept.schema)])
    is_there = pc.is_in(known["record_key"], value_set=now["record_key"].combine_chunks())
    return Evidence(
        records=now,
        ties=_distinct(folder.table(ties(links, pointed, key=key, region=region, phones=phones), "ties")),
        before=known,
        ties_before=ties_before,
        unchanged=kept.select(["record_key"]),
        changed=changed,
        gone=known.select(["record_key"]).filter(pc.invert(is_there)),
    )


def _parted(
    contacts: DataFrame, known: pa.Table, *, folder: Handover, region: str | None
) -> tuple[pa.Table, DataFrame]:
    """The known records that are there as they were, and the contacts that are new or changed."""
    if not known.num_rows:
        return known, contacts
    every = with_record_key(contacts)
    there = folder.table(every.select("record_key", fingerprint(region).alias("fingerprint")), "fingerprints")
    with workbench() as engine:
        engine.register("known", known.select(["record_key", "fingerprint"]))
        engine.register("there", there)
        engine.execute(
            "create temp table kept as select record_key from known semi join there using (record_key, fingerprint)"
        )
        kept = engine.sql("from kept").to_arrow_table()["record_key"]
        fresh = engine.sql("select distinct record_key from there anti join kept using (record_key)").to_arrow_table()
    keys = F.broadcast(folder.frame(fresh, "fresh", contacts.sparkSession))
    new = folder.written(every.join(keys, "record_key", "left_semi"), "delivered")
    return known.filter(pc.is_in(known["record_key"], value_set=kept.combine_chunks())), new


def _made(found: DataFrame, folder: Handover) -> tuple[DataFrame, pa.Table]:
    """The records, computed once, each key once."""
    written = folder.written(found, "changed")
    table = folder.arrow("changed")
    if len(table["record_key"].unique()) == table.num_rows:
        return written, table
    return folder.written(one_each(written), "once"), folder.arrow("once")


def _distinct(found: pa.Table) -> pa.Table:
    with workbench() as engine:
        engine.register("found", found)
        return engine.sql("select distinct * from found").to_arrow_table().cast(found.schema)
