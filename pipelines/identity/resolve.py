"""Who is who: which records of all sources are one person, under an id that stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from pipelines import canonical
from pipelines.identity.candidates import identified, phone_holders, records, ties
from pipelines.identity.cluster import clusters
from pipelines.identity.handover import Handover, handover
from pipelines.identity.phones import phone_forms
from pipelines.identity.stable_ids import Identities, identities
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_EVENTS, IDENTITY_LINKS

FACTS = ("orders", "visits", "loyalty_movements", "messages", "consents", "feedback")
"""The entities whose rows point to a person."""


@dataclass(frozen=True)
class Resolved:
    """The outcome of a night: links to merge (and links that are gone), all identifiers, the night's events."""

    links: DataFrame
    gone: DataFrame
    identifiers: DataFrame
    events: DataFrame


def resolve(lake: Lakehouse, settings: IdentitySettings, *, night: date, key: str) -> Resolved:
    """Who is who in the conformed tables of the lake, as this night sees them.

    Reads: conformed.contacts, .identifier_links, the facts that carry identifiers, the links as the night began.
    """
    entities = {
        name: lake.read(canonical.ENTITIES[name].conformed) for name in ("contacts", "identifier_links", *FACTS)
    }
    previous = lake.read_as_night_began(IDENTITY_LINKS)
    with handover(lake.path, f"resolve-{night.isoformat()}") as folder:
        found = resolved(entities, previous, settings, folder=folder, night=night, key=key)
    links = _frame(lake, found.links, IDENTITY_LINKS)
    return Resolved(
        links=links,
        gone=previous.select("record_key").join(links.select("record_key"), "record_key", "left_anti"),
        identifiers=_frame(lake, found.identifiers, IDENTIFIERS),
        events=_frame(lake, found.events, IDENTITY_EVENTS),
    )


def resolved(
    entities: Mapping[str, DataFrame],
    previous: DataFrame,
    settings: IdentitySettings,
    *,
    folder: Handover,
    night: date,
    key: str,
) -> Identities:
    """Who is who in conformed frames by entity name, given the previous links."""
    contacts, links = entities["contacts"], entities["identifier_links"]
    facts = [frame for name, frame in entities.items() if name not in ("contacts", "identifier_links")]
    carried = folder.written(identified(facts), "carried")
    phones = folder.written(phone_forms(phone_holders(contacts, links, carried), settings.country), "phones")
    people = folder.table(records(contacts), "records")
    tied = folder.table(ties(contacts, links, carried, key=key, region=settings.country, phones=phones), "ties")
    before = folder.table(previous.select("record_key", "customer_id", "since"), "previous")
    members = clusters(people, tied, shared_by_at_most=settings.shared_by_at_most)
    return identities(members, people, before, night=night, key=key)


def _frame(lake: Lakehouse, rows: pa.Table, table: Table) -> DataFrame:
    """Rows without personal values as a frame of the table's types."""
    frame = lake.spark.createDataFrame(rows)
    return frame.select(*(F.col(column.name).cast(column.type) for column in table.columns))
