"""activation.*: who is contacted and who is not, and one outcome per record sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from activation.audience import audience_members
from activation.deliver import ConsentsNow, Delivered, DeliveriesFailed, deliver, destinations
from activation.destination import Operation
from activation.frames import CONTACTS_SCHEMA, Frames
from activation.frequency import contacted
from activation.holdout import control_until, moved, new_assignments, sides
from activation.ledger import Ledger
from activation.refusals import changed, reported
from activation.tables import AUDIENCE_MEMBERS, DELIVERIES, HELD_ADDRESSES, HOLDOUTS, TOOL_REFUSALS
from features import CUSTOMER_FEATURES
from lakehouse.delta import Lakehouse
from lakehouse.nights import NIGHTS_ENDED
from models.tables import CUSTOMER_SCORES
from orchestration.assets.sendings import sendings_told, tell_silence
from orchestration.assets.step import Steps, spec, tables_asset
from orchestration.effect import adoption_of, lifts
from orchestration.night import NightRun
from orchestration.publishing import publish_tonight
from pipelines import tables as unified
from pipelines.canonical import CONTACTS
from pipelines.identity.events import living_ids
from pipelines.identity.keys import with_identifier_keys
from quality.publish import Published
from report.adoption import adoption_as_json, use_as_json
from report.lift import as_json


def activation_assets(steps: Steps) -> list[dg.AssetsDefinition]:
    """Asking tools, deciding, and sending: apart, so that a dead tool does not undo a decision."""
    known = (unified.CUSTOMER_PROFILE, unified.CONSENTS, unified.IDENTITY_LINKS, CUSTOMER_FEATURES, CUSTOMER_SCORES)
    read = (*known, unified.IDENTITY_EVENTS, unified.ORDERS, unified.MESSAGES)
    decided = [spec(table, after=[one.name for one in read]) for table in (AUDIENCE_MEMBERS, HOLDOUTS)]
    before = [AUDIENCE_MEMBERS.name, NIGHTS_ENDED.name]
    sent = [spec(DELIVERIES, after=before)]
    held = {HELD_ADDRESSES: spec(HELD_ADDRESSES, after=[*before, CONTACTS.conformed.name])}
    asked = [spec(TOOL_REFUSALS, after=())]
    return [
        tables_asset("activation__tool_refusals", asked, _refused, steps),
        tables_asset("activation__audience_members", decided, _decided, steps),
        tables_asset("activation__deliveries", sent, _sent, steps, tells=sendings_told, beside=held),
    ]


def frames(run: NightRun) -> Frames:
    """What this night knows about its customers, as activation takes it."""
    found = frames_of(run.lake, night=run.night.isoformat(), key=run.key, region=run.retailer.identity.country)
    controls = control_until(run.lake.read(HOLDOUTS), run.retailer, night=run.night)
    return replace(found, controls=controls)


def _contacted(run: NightRun, *, deliveries: DataFrame, heirs: DataFrame) -> DataFrame | None:
    """Who was contacted when, where an audience has a frequency cap.

    What this night itself sends does not count, so that its rerun decides alike.
    """
    if not any(run.retailer.cap_of(audience) for audience in run.retailer.audiences.values()):
        return None
    before = deliveries.where(F.col("night") < F.lit(run.night))
    return contacted(run.lake.read(unified.MESSAGES), before, heirs, run.retailer)


def frames_of(lake: Lakehouse, *, night: str, key: str, region: str | None) -> Frames:
    """What a night knows about its customers, from the tables as they stand."""
    contacts = with_identifier_keys(lake.read(CONTACTS.conformed), key=key, region=region)
    names = [field.split()[0] for field in CONTACTS_SCHEMA.split(", ")]
    contacts = contacts.withColumnsRenamed({"contact_key": "record_key"}).drop("email", "phone")
    return Frames(
        profile=lake.read(unified.CUSTOMER_PROFILE),
        features=lake.read(CUSTOMER_FEATURES).where(f"night = DATE'{night}'"),
        scores=lake.read(CUSTOMER_SCORES).where(f"night = DATE'{night}'"),
        links=lake.read(unified.IDENTITY_LINKS),
        contacts=contacts.withColumnsRenamed({"email_form": "email", "phone_form": "phone"}).select(*names),
        consents=lake.read(unified.CONSENTS),
    )


def _refused(run: NightRun) -> Sequence[Published]:
    """Ask the tools who refused there; a night that sends nothing calls no tool."""
    known, rows = run.lake.read(TOOL_REFUSALS), 0
    for name, said in reported(run.retailer, run.place.out) if run.send else ():
        if isinstance(said, str):
            run.record.warnings.append(f"{name}: who refused there since the last night is not known, {said}")
            continue
        source = run.retailer.destinations[name].source
        news = changed(run.lake.spark, said, known, destination=name, source=source, night=run.night).localCheckpoint()
        if count := news.count():
            run.lake.append_once(TOOL_REFUSALS, news, batch=f"{run.night}-{name}")
            rows += count
    version, total = run.lake.version(TOOL_REFUSALS), run.lake.rows(TOOL_REFUSALS)
    return [Published(TOOL_REFUSALS.name, rows, {}, 0, (), version, (), total)]


def _decided(run: NightRun) -> Sequence[Published]:
    stored = run.lake.read_as_night_began(HOLDOUTS)
    heirs = living_ids(run.lake.read(unified.IDENTITY_EVENTS))
    held, deliveries = sides(stored, heirs, night=run.night), run.lake.read_as_night_began(DELIVERIES)
    known = replace(frames(run), contacted=_contacted(run, deliveries=deliveries, heirs=heirs))
    members = audience_members(run.retailer, known, holdouts=held, night=run.night, key=run.key)
    published = publish_tonight(run, AUDIENCE_MEMBERS, members)
    decided = run.lake.read(AUDIENCE_MEMBERS).where(f"night = DATE'{run.night}'")
    fresh = new_assignments(decided, held, activation=run.retailer, night=run.night)
    run.record.audiences.update(audience_counts(run, decided))
    customers = run.lake.rows(unified.CUSTOMER_PROFILE)
    for counts in run.record.audiences.values():
        if note := selects_strangely(counts, customers):
            counts["note"] = note
    for name, found in lifts(run, held=held, deliveries=deliveries, heirs=heirs).items():
        run.record.audiences[name]["lift"] = as_json(found)
    used = adoption_of(run, deliveries=deliveries, heirs=heirs)
    for name, use in used.audiences.items():
        run.record.audiences[name]["adoption"] = use_as_json(use)
    run.record.adoption.update(adoption_as_json(used))
    return [published, publish_tonight(run, HOLDOUTS, fresh.unionByName(moved(held, stored)))]


def audience_counts(run: NightRun, decided: Any) -> dict[str, Any]:
    """Members, held out and refused by reason, per audience of the retailer file."""
    counts: dict[str, Any] = {name: {"members": 0, "held_out": 0, "refused": {}} for name in run.retailer.audiences}
    for row in decided.groupBy("audience", "decision", "reason").count().orderBy("audience", "reason").collect():
        mine = counts[row["audience"]]
        if row["decision"] == "refused":
            mine["refused"][row["reason"]] = row["count"]
        else:
            mine["members" if row["decision"] == "member" else "held_out"] += row["count"]
    return counts


def selects_strangely(counts: Mapping[str, Any], customers: int) -> str | None:
    """What to tell of a condition that nobody meets, or everybody does: it is rarely meant."""
    meeting = counts["members"] + counts["held_out"] + sum(counts["refused"].values())
    if customers and not meeting:
        return f"its condition holds for none of {customers:,} customers: nobody is contacted; look at `where`"
    if customers and meeting == customers:
        return f"its condition holds for every one of {customers:,} customers; look at `where`"
    return None


def _sent(run: NightRun) -> Sequence[Published]:
    try:
        delivered = send(run, really=run.send)
    except DeliveriesFailed as error:
        run.record.deliveries.update(delivery_counts(error.delivered, sent=True))
        tell_silence(run)
        raise
    run.record.deliveries.update(delivery_counts(delivered, sent=run.send))
    if run.send:
        tell_silence(run)
    version, total = run.lake.version(DELIVERIES), run.lake.rows(DELIVERIES)
    rows = sum(sum(one.outcomes.values()) for one in delivered)
    return [Published(DELIVERIES.name, rows, {}, 0, (), version, (), total)]


def send(run: NightRun, *, really: bool) -> tuple[Delivered, ...]:
    """Plan and, if `really`, send every sync and audience of the night.

    Raises: DeliveriesFailed, MissingCredentials.
    """
    return deliver(
        run.retailer,
        destinations(run.retailer, run.place.out) if really else {},
        frames=frames(run),
        members=run.lake.read(AUDIENCE_MEMBERS).where(f"night = DATE'{run.night}'"),
        holdouts=run.lake.read(HOLDOUTS),
        ledger=Ledger.opened(run.lake, run.place.state),
        night=run.night,
        key=run.key,
        consents_now=ConsentsNow(
            lambda: run.lake.read(unified.CONSENTS), lambda: run.lake.newest_version(unified.CONSENTS)
        ),
        send=really,
        accepted=run.accepted,
    )


def delivery_counts(delivered: Sequence[Delivered], *, sent: bool) -> dict[str, Mapping[str, Any]]:
    """Planned and sent records per sync and audience."""
    operations: tuple[Operation, ...] = ("add", "update", "remove")
    return {
        one.plan.name: {
            "destination": one.plan.destination,
            "planned": {operation: one.plan.count(operation) for operation in operations},
            "unchanged": one.plan.count("unchanged"),
            "sent": {operation: one.count("acknowledged", operation) for operation in operations},
            "withheld": one.count("withheld"),
            "rejected": one.count("rejected"),
            "failed": one.count("failed"),
            "dead": one.plan.count("dead"),
            "delivers": sent,
            "problem": one.problem,
        }
        for one in delivered
    }
