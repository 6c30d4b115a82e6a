"""Who is who: which records of all sources are one person, under an id that stays."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import arrow_as_night_began, scan_now
from lakehouse.arrow_writes import InArrow
from lakehouse.change import Change
from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from pipelines import canonical
from pipelines.identity.ahead import Ahead, ahead
from pipelines.identity.blocking import KeyYield
from pipelines.identity.changes import Frames
from pipelines.identity.cluster import Clusters, clusters
from pipelines.identity.crowds import in_force, usually_share
from pipelines.identity.evidence import Evidence, evidence, parted
from pipelines.identity.handover import handover
from pipelines.identity.match import FEWEST_RECORDS, Known, Matched, match
from pipelines.identity.model import Model, as_json, from_json, with_cut
from pipelines.identity.overrides import NONE, Overrides, lines_about, read_overrides, waiting
from pipelines.identity.scene import Scene, moved, whole
from pipelines.identity.stable_ids import Identities, identities
from pipelines.identity.stay import former_customers
from pipelines.mapping import IdentitySettings
from pipelines.tables import (
    IDENTIFIERS,
    IDENTITY_EVENTS,
    IDENTITY_LINKS,
    IDENTITY_MODELS,
    IDENTITY_PAIRS,
    IDENTITY_TIES,
    PERSON_RECORDS,
)

KEPT = (PERSON_RECORDS, IDENTITY_TIES, IDENTITY_PAIRS, IDENTITY_LINKS, IDENTIFIERS)
"""What a night finds of the nights before."""
FACTS = ("orders", "visits", "loyalty_movements", "messages", "consents", "feedback")
"""The entities whose rows point to a person."""


@dataclass(frozen=True)
class Resolved:
    """The outcome of a night: changes of records, ties, pairs, links and identifiers; events; models learned.

    Units: warnings are sentences about overrides that name a record which no source has; blocking is what each key of
           tonight's comparison gave and left out.
    """

    records: Change
    ties: Change
    pairs: Change
    links: Change
    identifiers: Change
    events: Change
    models: Change
    warnings: tuple[str, ...] = ()
    blocking: tuple[KeyYield, ...] = ()


@dataclass(frozen=True)
class WhoIsWho:
    """Identities with the pairs of records behind them and the model that matched them.

    Shape: pairs (record_a, record_b, probability); before are the rows, by table, that identities and pairs replace.
    Units: is_new where the model was learned just now; unknown are the lines of overrides that name a record which no
           source has.
    """

    identities: Identities
    pairs: pa.Table
    before: Mapping[str, pa.Table]
    model: Model | None
    is_new: bool
    unknown: tuple[int, ...] = ()
    blocking: tuple[KeyYield, ...] = ()


@contextmanager
def resolve(
    lake: Lakehouse, settings: IdentitySettings, *, night: date, key: str, anew: bool = False
) -> Iterator[Resolved]:
    """Who is who in the conformed tables of the lake, as this night sees them; to be written before the block ends.

    Units: anew learns from all records as if it were the first night; the links of the night before keep the ids.

    Reads: conformed.contacts, .identifier_links, the facts that carry identifiers; records, ties, pairs, links,
           identifiers and models as the night began.
    """
    contacts, links = (lake.read(canonical.ENTITIES[name].conformed) for name in ("contacts", "identifier_links"))
    scan = scan_now(lake, canonical.ENTITIES["contacts"].conformed)
    facts = [lake.read(canonical.ENTITIES[name].conformed) for name in FACTS]
    with handover(lake.path, f"resolve-{night.isoformat()}") as folder, ThreadPoolExecutor(max_workers=1) as beside:
        reading = {table.name: beside.submit(arrow_as_night_began, lake, table) for table in KEPT}
        learned = beside.submit(newest_model, lake.read_as_night_began(IDENTITY_MODELS))
        known, ties = (reading[table.name] for table in (PERSON_RECORDS, IDENTITY_TIES))
        told = parted(contacts, scan, known, folder=folder, region=settings.country, anew=anew)
        with ahead(told.kept) as others:
            given = evidence(told, links, facts, ties.result(), settings, folder=folder, key=key)
            began = {name: read.result() for name, read in reading.items()}
            model = None if anew else learned.result()
            found = resolved(given, began, settings, night=night, key=key, model=model, others=others)
        frames = Frames(folder, lake.spark)

        def changed(table: Table, now: pa.Table) -> Change:
            return frames.change(found.before[table.name], now, table, among=began[table.name])

        yield Resolved(
            records=_of_records(given, frames),
            ties=changed(IDENTITY_TIES, given.ties),
            pairs=_of_all(changed(IDENTITY_PAIRS, found.pairs)),
            links=changed(IDENTITY_LINKS, found.identities.links),
            identifiers=changed(IDENTIFIERS, found.identities.identifiers),
            events=frames.rows(_with_version(found.identities.events, found.model), IDENTITY_EVENTS),
            models=frames.rows(_learned(found, night), IDENTITY_MODELS),
            warnings=waiting(settings.overrides, found.unknown),
            blocking=found.blocking,
        )


def _of_records(given: Evidence, frames: Frames) -> Change:
    gone = frames.gone(given.gone, PERSON_RECORDS)
    return Change(given.changed, gone, given.only_adds, InArrow(given.made, given.gone, given.before))


def _of_all(pairs: Change) -> Change:
    """The change of pairs: those before are all that hold a record of these, so a pair that is not there is new."""
    return replace(pairs, adds=pairs.adds is None)


def newest_model(models: DataFrame) -> Model | None:
    """The model that was learned last; None where none was."""
    last = models.orderBy(F.col("night").desc()).select("parameters").limit(1).collect()
    return from_json(last[0]["parameters"]) if last else None


def model_behind(models: DataFrame, records: pa.Table) -> Model | None:
    """The model that these records were linked by; None where they are too few, so that exact evidence links alone."""
    return newest_model(models) if records.num_rows >= FEWEST_RECORDS else None


def resolved(
    given: Evidence,
    began: Mapping[str, pa.Table],
    settings: IdentitySettings,
    *,
    night: date,
    key: str,
    model: Model | None = None,
    others: Ahead | None = None,
) -> WhoIsWho:
    """Who is who by the evidence, with the links and pairs as the night began and the model learned before.

    Units: records out of reach of what is new are left out, where the model and the settings are as they were; others
           prepares the unchanged records, where it began.
    """
    decided = read_overrides(settings.overrides) if settings.overrides else NONE
    matched = _matched(given, began, settings, decided=decided, model=model, key=key, others=others)
    settings = in_force(settings, matched.model if matched else None)
    scene = _scene(given, began, matched, settings, model=model, decided=decided)
    found = clusters(
        scene.records,
        scene.ties,
        shared_by_at_most=settings.shared_by_at_most,
        matched=scene.matched,
        duplicate_free=settings.duplicate_free,
        overrides=decided,
        crowded=scene.others,
        former=former_customers(given, scene.before, decided),
    )
    used = _used(matched, found, settings)
    links_before = scene.before[IDENTITY_LINKS.name]
    return WhoIsWho(
        identities(scene.mine(found.members), scene.records, links_before, night=night, key=key),
        scene.pairs,
        {**began, **scene.before},
        used,
        is_new=_is_worth_keeping(used, model),
        unknown=_unknown(decided, given.records),
        blocking=matched.yields if matched else (),
    )


def _matched(
    given: Evidence,
    began: Mapping[str, pa.Table],
    settings: IdentitySettings,
    *,
    decided: Overrides,
    model: Model | None,
    key: str,
    others: Ahead | None,
) -> Matched | None:
    """The pairs that match; None where there are too few records to learn from.

    Units: a model that is learned tonight knows how many records usually share a value, too; later nights go by that.
    """
    if given.records.num_rows < FEWEST_RECORDS:
        return None
    fresh = given.made.select(["record_key"])
    known = Known(began[IDENTITY_PAIRS.name], fresh, others) if given.unchanged.num_rows else None
    found = match(given.records, model=model, known=known, decided=decided, thorough=settings.thorough, key=key)
    if not found.is_new:
        return found
    return replace(found, model=replace(found.model, usually_share=usually_share(given.records)))


def _scene(
    given: Evidence,
    began: Mapping[str, pa.Table],
    matched: Matched | None,
    settings: IdentitySettings,
    *,
    model: Model | None,
    decided: Overrides,
) -> Scene:
    """What is grouped anew: all records where the model, a setting or a decision is not that of the night before."""
    is_as_before = matched is not None and matched.model == model and model.grouping == _grouping(settings)
    if matched is None or not is_as_before or not given.unchanged.num_rows:
        return whole(given, began, matched)
    return moved(given, began, matched, decided=decided, shared_by_at_most=settings.shared_by_at_most)


def _grouping(settings: IdentitySettings) -> str:
    """Names the settings by which records are grouped."""
    said = json.dumps([settings.shared_by_at_most, sorted(settings.duplicate_free)])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _used(matched: Matched | None, found: Clusters, settings: IdentitySettings) -> Model | None:
    """The model behind the matched pairs, with the cut that was chosen and the settings that it serves."""
    if matched is None:
        return None
    model = replace(matched.model, grouping=_grouping(settings))
    return model if found.cut is None else with_cut(model, found.cut.height)


def _is_worth_keeping(used: Model | None, before: Model | None) -> bool:
    """Whether the model is another than before; one that has learned nothing only takes the place of one that had."""
    return used is not None and used != before and bool(used.match or (before and before.match))


def _unknown(decided: Overrides, records: pa.Table) -> tuple[int, ...]:
    named = pa.array(decided.record_keys, pa.string())
    is_there = pc.is_in(named, value_set=records["record_key"].combine_chunks())
    return lines_about(decided, named.filter(pc.invert(is_there)).to_pylist())


def _with_version(events: pa.Table, model: Model | None) -> pa.Table:
    version = pa.repeat(pa.scalar(model.version if model else None, pa.string()), events.num_rows)
    return events.append_column("model_version", version)


def _learned(found: WhoIsWho, night: date) -> pa.Table:
    rows = [(night, found.model.version, as_json(found.model))] if found.model and found.is_new else []
    names = ("night", "version", "parameters")
    types = (pa.date32(), pa.string(), pa.string())
    return pa.table(
        {
            name: pa.array([row[at] for row in rows], kind)
            for at, (name, kind) in enumerate(zip(names, types, strict=True))
        }
    )
