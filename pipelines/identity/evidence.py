"""What a night has to go by: every person record, made anew only where it says something new, and what ties them."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
from pyspark.sql import DataFrame

from pipelines.identity.candidates import identified, keyed, phone_holders, ties
from pipelines.identity.changes import typed
from pipelines.identity.handover import Handover
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import MADE_OF, fingerprint_in_sql, one_each, records
from pipelines.identity.workbench import attach, workbench
from pipelines.mapping import IdentitySettings
from pipelines.tables import PERSON_RECORDS


@dataclass(frozen=True)
class Evidence:
    """What the night has to go by: records and ties, as clusters() reads them, beside those of the night before.

    Shape: unchanged (record_key) are the records as an earlier night kept them, which records holds first; changed is a
           frame of the others, and gone (record_key) are those that no source has any more.
    """

    records: pa.Table
    ties: pa.Table
    before: pa.Table
    ties_before: pa.Table
    unchanged: pa.Table
    changed: DataFrame
    gone: pa.Table

    @property
    def only_adds(self) -> bool:
        """Whether every record of the night before is there as it was."""
        return bool(self.unchanged.num_rows == self.before.num_rows)

    @property
    def made(self) -> pa.Table:
        """The records of `changed`."""
        return self.records.slice(self.unchanged.num_rows)


@dataclass(frozen=True)
class Parted:
    """Contacts told apart by what an earlier night knew of them.

    Shape: known are unified.person_records as that night left them, kept those that are there as they were, lost
           (record_key) the others; new is a frame of the contacts that are new or say something new.
    """

    known: pa.Table
    kept: pa.Table
    lost: pa.Table
    new: DataFrame


def evidence(
    contacts: Parted,
    links: DataFrame,
    facts: Sequence[DataFrame],
    ties_before: pa.Table,
    settings: IdentitySettings,
    *,
    folder: Handover,
    key: str,
) -> Evidence:
    """Records and ties of conformed frames; only contacts that are new or say something new are normalised.

    Reads: ties_before is unified.identity_ties as an earlier night left it.
    """
    region = settings.country
    known, kept, lost, new = contacts.known, contacts.kept, contacts.lost, contacts.new
    carried = folder.written(identified(facts), "carried")
    phones = folder.written(phone_forms(phone_holders(new, links, carried), region), "phones")
    pointed = folder.written(keyed(carried, key=key, region=region, phones=phones), "keyed")
    changed, made = _made(typed(records(new, key=key, region=region, phones=phones), PERSON_RECORDS), folder)
    made = made.cast(known.schema)
    return Evidence(
        records=pa.concat_tables([kept, made]),
        ties=_distinct(folder.table(ties(links, pointed, key=key, region=region, phones=phones), "ties")),
        before=known,
        ties_before=ties_before,
        unchanged=kept.select(["record_key"]),
        changed=changed,
        gone=lost.filter(pc.invert(pc.is_in(lost["record_key"], value_set=made["record_key"].combine_chunks()))),
    )


def parted(
    contacts: DataFrame,
    scan: pyarrow.dataset.Dataset,
    reading: Future[pa.Table],
    *,
    folder: Handover,
    region: str | None,
    anew: bool,
) -> Parted:
    """The contacts, told apart without Spark: nearly all are as they were.

    Units: anew takes all for new, as if nothing were known.
    Reads: scan are the contacts once more, for an engine beside Spark; reading brings unified.person_records as an
           earlier night left them.
    """
    said, values = fingerprint_in_sql(region)
    with workbench() as engine:
        attach(engine, "contacts", scan, MADE_OF)
        engine.execute(THERE.format(fingerprint=said), values)
        known = reading.result()
        if anew or not known.num_rows:
            return Parted(known, known.slice(0, 0), known.select(["record_key"]), contacts)
        engine.register("known", known.select(["record_key", "fingerprint"]))
        engine.execute(KEPT)
        lost = engine.sql(LOST).to_arrow_table()
        delivered = engine.sql(DELIVERED).to_arrow_table()
    delivered = delivered.cast(pa.schema([scan.schema.field(name) for name in MADE_OF]))
    new = folder.frame(delivered, "delivered", contacts.sparkSession)
    is_lost = pc.is_in(known["record_key"], value_set=lost["record_key"].combine_chunks())
    return Parted(known, known.filter(pc.invert(is_lost)) if lost.num_rows else known, lost, new)


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


RECORD_KEY = "'contact:' || source || ':' || nullif(trim(source_contact_id, ' '), '')"
"""As `keys.contact_key`."""
THERE = f"""
create temp table there as select {RECORD_KEY} as record_key, {{fingerprint}} as fingerprint from contacts
"""
KEPT = """
create temp table kept as select record_key from known semi join there using (record_key, fingerprint);
create temp table fresh as select distinct record_key from there anti join kept using (record_key)
"""
LOST = "select record_key from known anti join kept using (record_key)"
DELIVERED = f"select {', '.join(MADE_OF)} from contacts where {RECORD_KEY} in (from fresh)"
