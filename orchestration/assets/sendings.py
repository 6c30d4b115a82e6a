"""syncs/*, audiences/* and destinations/*: one asset each, so that marketing finds what became of it by its name."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from activation.adoption import STEPS
from activation.settings import Activation
from activation.standing import Standing, silent, standings
from activation.tables import AUDIENCE_MEMBERS, DELIVERIES, HOLDOUTS
from orchestration.assets.keys import asset_key
from orchestration.assets.step import Told
from orchestration.night import NightRun
from quality.gate import GateOutcome

COUNTED = ("unchanged", "withheld", "rejected", "failed", "dead")


def sending_specs(activation: Activation, partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """An asset per sync, audience and destination of the retailer file; `activation/deliveries` tells of them.

    To send again what is missing, materialise activation/deliveries for today: acknowledged records stay as they are.
    """
    specs = []
    for name, audience in activation.audiences.items():
        words = f"{audience.channel}, {audience.purpose}: {audience.where}"
        read = (AUDIENCE_MEMBERS.name, HOLDOUTS.name, DELIVERIES.name)
        specs.append(_spec(f"audiences.{name}", words, read, partitions))
    for name, sync in activation.syncs.items():
        words = f"{', '.join(sync.fields)} onto the records of {sync.to}"
        specs.append(_spec(f"syncs.{name}", words, (DELIVERIES.name,), partitions))
    for name, settings in activation.destinations.items():
        fed = tuple(key for key, one in _sendings(activation).items() if one == name)
        words = f"{settings.type}, by the contact ids of {settings.source}"
        specs.append(_spec(f"destinations.{name}", words, fed or (DELIVERIES.name,), partitions))
    return specs


def sendings_told(run: NightRun) -> Told:
    """What became of every sync, audience and destination tonight, and what the tools hold."""
    if not run.record.deliveries:
        return {}
    known = run.record.standings or standings(run.lake.read(DELIVERIES))
    told: Told = {}
    for key, destination in _sendings(run.retailer).items():
        name = key.split(".")[1]
        counts = run.record.deliveries.get(name)
        if counts is not None:
            told[key] = _of_sending(counts, known.get(name, Standing(destination, name)), run)
            told[key] |= _of_audience(run.record.audiences.get(name, {}))
    for name in run.retailer.destinations:
        of_name = [one for one in known.values() if one.destination == name]
        held, newest = sum(one.held for one in of_name), [one.taken_at for one in of_name if one.taken_at]
        mine = [counts for counts in run.record.deliveries.values() if counts["destination"] == name]
        told[f"destinations.{name}"] = {
            "records held": held,
            "sent": sum(sum(counts["sent"].values()) for counts in mine),
            **{what: sum(counts[what] for counts in mine) for what in COUNTED},
            **_age(max(newest, default=None)),
        }
        told[f"destinations.{name}"] |= _used(run.record.adoption.get("destinations", {}).get(name))
    return told


def tell_silence(run: NightRun) -> None:
    """Warn of destinations where records are due and nothing arrives: in the night's warnings and its message."""
    patience = {name: one.silent_after_nights for name, one in run.retailer.destinations.items()}
    run.record.standings.update(standings(run.lake.read(DELIVERIES)))
    known = run.record.standings.values()
    for words in silent(run.record.deliveries, known, patience, run.night).values():
        run.record.warnings.append(words)
        run.record.gates.append(GateOutcome(DELIVERIES.name, words, "warn", 1, 0, "warned"))


def _sendings(activation: Activation) -> dict[str, str]:
    """The destination of every sync and audience, by its asset."""
    of = {f"audiences.{name}": audience.to for name, audience in activation.audiences.items()}
    return of | {f"syncs.{name}": sync.to for name, sync in activation.syncs.items()}


def _spec(name: str, words: str, read: tuple[str, ...], partitions: dg.PartitionsDefinition[str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(name),
        deps=[asset_key(one) for one in read],
        description=words[0].upper() + words[1:] + ".",
        group_name="reached",
        partitions_def=partitions,
    )


def _of_sending(counts: Mapping[str, Any], standing: Standing, run: NightRun) -> dict[str, Any]:
    done = {f"sent: {operation}": number for operation, number in counts["sent"].items()}
    problem = {"problem": counts["problem"]} if counts["problem"] else {}
    counted = {name: counts[name] for name in COUNTED}
    return {
        "destination": counts["destination"],
        "delivers": run.send,
        "records held": standing.held,
        **done,
        **counted,
        **problem,
        **_age(standing.taken_at),
    }


def _of_audience(counts: Mapping[str, Any]) -> dict[str, Any]:
    if not counts:
        return {}
    refused = {f"refused: {reason}": number for reason, number in counts["refused"].items()}
    return {"members": counts["members"], "held out": counts["held_out"], **refused, **_used(counts.get("adoption"))}


def _used(use: Mapping[str, Any] | None) -> dict[str, Any]:
    """How many of those put in lately were written to and what they did, where the tools tell."""
    if use is None:
        return {}
    return {f"put in within the last {use['days']} days": use["customers"]} | {
        step: use[step]["customers"] for step in STEPS if use[step]
    }


def _age(taken_at: datetime | None) -> dict[str, Any]:
    if taken_at is None:
        return {"last taken": "never"}
    hours = (datetime.now(UTC) - taken_at).total_seconds() / 3600
    return {"last taken": f"{taken_at:%Y-%m-%d %H:%M} UTC", "hours since": round(hours, 1)}
