"""unified.*: one person, one id; the golden record, the history with customer ids, the state of consent."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import dagster as dg
from pyspark import StorageLevel

from activation.tables import TOOL_REFUSALS
from lakehouse.change import Change
from lakehouse.table import Table
from orchestration.assets.arrivals_gate import check_matched
from orchestration.assets.conformed import mapped_entities
from orchestration.assets.identity_metadata import identity_metadata
from orchestration.assets.step import Steps, spec, tables_asset
from orchestration.night import NightRun
from orchestration.publishing import publish_together, publish_tonight
from orchestration.retailer import Retailer
from pipelines import tables
from pipelines.canonical import CONSENTS, CONTACTS, ENTITIES, MESSAGES, PRODUCTS
from pipelines.consent import consent_state, objections
from pipelines.customers import profiles
from pipelines.golden import golden_records
from pipelines.history import unified
from pipelines.identity.events import living_ids
from pipelines.identity.resolve import resolve
from pipelines.identity.second_level import second_level
from quality.publish import Published

IDENTITY = (
    *(tables.PERSON_RECORDS, tables.IDENTITY_TIES, tables.IDENTITY_PAIRS, tables.IDENTITY_LINKS),
    *(tables.IDENTIFIERS, tables.IDENTITY_EVENTS, tables.IDENTITY_MODELS),
)

SECOND_LEVEL = (tables.HOUSEHOLDS, tables.SUSPICIOUS_CLUSTERS)


def unified_assets(retailer: Retailer, steps: Steps) -> list[dg.AssetsDefinition]:
    """Who is who and who lives with whom, then consent, then facts with their customer, then the customers."""
    conformed = [entity.conformed.name for entity in mapped_entities(retailer)]
    whose = [tables.IDENTIFIERS.name]
    identity = [spec(table, after=[*conformed, "ops.reconciliation"]) for table in IDENTITY]
    second = [spec(table, after=[table.name for table in IDENTITY]) for table in SECOND_LEVEL]
    said = [*_kept(conformed, CONSENTS.name, MESSAGES.name, CONTACTS.name), TOOL_REFUSALS.name]
    consent = spec(tables.CONSENTS, after=[*whose, *said])
    whole = (
        *(tables.IDENTITY_LINKS, tables.IDENTITY_EVENTS, tables.PERSON_RECORDS),
        *(tables.CONSENTS, tables.ORDERS),
    )
    known = [*(table.name for table in whole), *_kept(conformed, CONTACTS.name)]
    people = [spec(table, after=known) for table in (tables.CUSTOMERS, tables.CUSTOMER_PROFILE)]
    return [
        tables_asset("unified__identity_links", identity, _identity, steps),
        tables_asset("unified__households", second, _second_level, steps, tells=identity_metadata),
        tables_asset("unified__consents", [consent], _consents, steps),
        *(_fact_asset(table, conformed, steps) for table in tables.UNIFIED_FACTS),
        tables_asset("unified__customers", people, _customers, steps),
    ]


def _kept(conformed: Sequence[str], *entities: str) -> list[str]:
    return [name for name in (f"conformed.{entity}" for entity in entities) if name in conformed]


def _fact_asset(table: Table, conformed: Sequence[str], steps: Steps) -> dg.AssetsDefinition:
    name = table.name.split(".")[1]
    lines = [tables.ORDERS.name, *_kept(conformed, PRODUCTS.name)] if table is tables.ORDER_LINES else []
    after = [tables.IDENTIFIERS.name, *_kept(conformed, name), *lines]
    return tables_asset(f"unified__{name}", [spec(table, after=after)], partial(_fact, table, name), steps)


def _identity(run: NightRun) -> Sequence[Published]:
    anew = run.rebuild_from is not None
    with resolve(run.lake, run.retailer.identity, night=run.night, key=run.key, anew=anew) as found:
        run.record.warnings.extend(found.warnings)
        run.record.blocking = found.blocking
        changes = (
            (tables.PERSON_RECORDS, found.records),
            (tables.IDENTITY_TIES, found.ties),
            (tables.IDENTITY_PAIRS, found.pairs),
            (tables.IDENTITY_LINKS, found.links),
            (tables.IDENTIFIERS, found.identifiers),
            (tables.IDENTITY_EVENTS, found.events),
            (tables.IDENTITY_MODELS, found.models),
        )
        works = [partial(publish_tonight, run, table, change) for table, change in changes]
        return publish_together(works, threads=run.ahead.threads)


def _second_level(run: NightRun) -> Sequence[Published]:
    with second_level(run.lake, run.retailer.identity, night=run.night, key=run.key) as found:
        run.record.who_is_who = replace(found.figures, blocking=run.record.blocking)
        homes, doubts = SECOND_LEVEL
        return [publish_tonight(run, homes, found.households), publish_tonight(run, doubts, found.suspicious)]


def _consents(run: NightRun) -> Sequence[Published]:
    state = consent_state(
        run.lake.read(CONSENTS.conformed),
        run.lake.read(MESSAGES.conformed),
        run.lake.read(CONTACTS.conformed),
        run.lake.read(tables.IDENTIFIERS),
        night=run.night,
        key=run.key,
        region=run.retailer.identity.country,
        told=run.lake.read(TOOL_REFUSALS),
    )
    return [publish_tonight(run, tables.CONSENTS, state)]


def _fact(table: Table, entity: str, run: NightRun) -> Sequence[Published]:
    found = unified(run.lake, entity, key=run.key, region=run.retailer.identity.country)
    if table is not tables.ORDERS:
        return [publish_tonight(run, table, Change(found.frame, found.gone))]
    changed = found.frame.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        check_matched(run, changed)
        return [publish_tonight(run, table, Change(changed, found.gone))]
    finally:
        changed.unpersist()


def _customers(run: NightRun) -> Sequence[Published]:
    links, contacts = run.lake.read(tables.IDENTITY_LINKS), run.lake.read(ENTITIES["contacts"].conformed)
    trust, retailer = run.retailer.identity.trust, run.retailer
    records = run.lake.read(tables.PERSON_RECORDS)
    heirs = living_ids(run.lake.read(tables.IDENTITY_EVENTS))
    golden = golden_records(links, contacts, records, heirs, trust=trust, region=retailer.identity.country)
    people = publish_tonight(run, tables.CUSTOMERS, golden)
    profile = profiles(
        links,
        contacts,
        run.lake.read(tables.ORDERS),
        objections(run.lake.read(tables.CONSENTS)),
        run.lake.read(tables.CUSTOMERS),
        night=run.night,
        trust=trust,
        timezone=retailer.timezone,
    )
    return [people, publish_tonight(run, tables.CUSTOMER_PROFILE, profile)]
