"""Who is who: which records of all sources are one person, under an id that stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from pipelines import canonical
from pipelines.identity.candidates import identified, phone_holders, ties
from pipelines.identity.cluster import Clusters, clusters
from pipelines.identity.handover import Handover, handover
from pipelines.identity.match import FEWEST_RECORDS, Matched, match
from pipelines.identity.model import Model, as_json, from_json, with_cut
from pipelines.identity.overrides import NONE, read_overrides
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import records
from pipelines.identity.stable_ids import Identities, identities
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_EVENTS, IDENTITY_LINKS, IDENTITY_MODELS

FACTS = ("orders", "visits", "loyalty_movements", "messages", "consents", "feedback")
"""The entities whose rows point to a person."""


@dataclass(frozen=True)
class Resolved:
    """The outcome of a night: links to merge (and links that are gone), all identifiers, events, models learned.

    Units: warnings are sentences about overrides that name a record which no source has.
    """

    links: DataFrame
    gone: DataFrame
    identifiers: DataFrame
    events: DataFrame
    models: DataFrame
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class WhoIsWho:
    """Identities with the model that matched their records; is_new where it was learned just now.

    Units: unknown are the records that overrides name and no source has.
    """

    identities: Identities
    model: Model | None
    is_new: bool
    unknown: tuple[str, ...] = ()


def resolve(lake: Lakehouse, settings: IdentitySettings, *, night: date, key: str) -> Resolved:
    """Who is who in the conformed tables of the lake, as this night sees them.

    Reads: conformed.contacts, .identifier_links, the facts that carry identifiers, the links as the night began.
    """
    entities = {
        name: lake.read(canonical.ENTITIES[name].conformed) for name in ("contacts", "identifier_links", *FACTS)
    }
    previous = lake.read_as_night_began(IDENTITY_LINKS)
    model = newest_model(lake.read_as_night_began(IDENTITY_MODELS))
    with handover(lake.path, f"resolve-{night.isoformat()}") as folder:
        whole = resolved(entities, previous, settings, folder=folder, night=night, key=key, model=model)
    found = whole.identities
    links = _frame(lake, found.links, IDENTITY_LINKS)
    return Resolved(
        links=links,
        gone=previous.select("record_key").join(links.select("record_key"), "record_key", "left_anti"),
        identifiers=_frame(lake, found.identifiers, IDENTIFIERS),
        events=_frame(lake, _with_version(found.events, whole.model), IDENTITY_EVENTS),
        models=_frame(lake, _learned(whole, night), IDENTITY_MODELS),
        warnings=tuple(_unknown(settings.overrides, name) for name in whole.unknown),
    )


def newest_model(models: DataFrame) -> Model | None:
    """The model that was learned last; None where none was."""
    last = models.orderBy(F.col("night").desc()).select("parameters").limit(1).collect()
    return from_json(last[0]["parameters"]) if last else None


def resolved(
    entities: Mapping[str, DataFrame],
    previous: DataFrame,
    settings: IdentitySettings,
    *,
    folder: Handover,
    night: date,
    key: str,
    model: Model | None = None,
) -> WhoIsWho:
    """Who is who in conformed frames by entity name, given the previous links and what was learned before."""
    contacts, links = entities["contacts"], entities["identifier_links"]
    facts = [frame for name, frame in entities.items() if name not in ("contacts", "identifier_links")]
    carried = folder.written(identified(facts), "carried")
    phones = folder.written(phone_forms(phone_holders(contacts, links, carried), settings.country), "phones")
    people = folder.table(records(contacts, key=key, region=settings.country, phones=phones), "records")
    tied = folder.table(ties(links, carried, key=key, region=settings.country, phones=phones), "ties")
    before = folder.table(previous.select("record_key", "customer_id", "since"), "previous")
    decided = read_overrides(settings.overrides) if settings.overrides else NONE
    matched = match(people, model=model) if people.num_rows >= FEWEST_RECORDS else None
    found = clusters(
        people,
        tied,
        shared_by_at_most=settings.shared_by_at_most,
        matched=matched,
        duplicate_free=settings.duplicate_free,
        overrides=decided,
    )
    used = _used(matched, found)
    known = set(people["record_key"].to_pylist())
    return WhoIsWho(
        identities(found.members, people, before, night=night, key=key),
        used,
        is_new=used is not None and used != model,
        unknown=tuple(name for name in decided.record_keys if name not in known),
    )


def _used(matched: Matched | None, found: Clusters) -> Model | None:
    """The model behind the matched pairs, with the cut that was chosen."""
    if matched is None:
        return None
    if found.cut is None:
        return matched.model
    return with_cut(matched.model, found.cut.height)


def _unknown(file: Path | None, record_key: str) -> str:
    return f"{file}: no source has the record {record_key.removeprefix('contact:')}; decisions about it wait for it"


def _with_version(events: pa.Table, model: Model | None) -> pa.Table:
    version = pa.repeat(pa.scalar(model.version if model else None, pa.string()), events.num_rows)
    return events.append_column("model_version", version)


def _learned(whole: WhoIsWho, night: date) -> pa.Table:
    rows = [(night, whole.model.version, as_json(whole.model))] if whole.model and whole.is_new else []
    names = ("night", "version", "parameters")
    types = (pa.date32(), pa.string(), pa.string())
    return pa.table(
        {
            name: pa.array([row[at] for row in rows], kind)
            for at, (name, kind) in enumerate(zip(names, types, strict=True))
        }
    )


def _frame(lake: Lakehouse, rows: pa.Table, table: Table) -> DataFrame:
    """Rows without personal values as a frame of the table's types."""
    frame = lake.spark.createDataFrame(rows)
    return frame.select(*(F.col(column.name).cast(column.type) for column in table.columns))
