"""`habitue plan` and `habitue deliver`: the last night's records, as a dry run and for real."""

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import Any

from activation.deliver import DeliveriesFailed
from activation.ledger import Ledger
from activation.plan import Plan
from activation.plan import plan as planned
from activation.tables import AUDIENCE_MEMBERS
from lakehouse.errors import WrongCall
from lakehouse.keys import lake_key
from lakehouse.names import nearest
from lakehouse.nights import has_ended, last_started
from models.registry import Registry
from orchestration.assets.activation import delivery_counts, frames, send
from orchestration.effect import foreseen_lift
from orchestration.night import NightRun, open_lake
from orchestration.record import NightRecord
from orchestration.retailer import load_retailer
from orchestration.running import place_of
from report.lift import beforehand
from report.terminal import sent_lines


def plan(asked: argparse.Namespace) -> int:
    """`habitue plan NAME`: what would be added, updated and removed, who is held out and who refused, and why.

    Raises: WrongCall if the retailer file has no such audience or sync, or no night has ended.
    """
    with last_night(asked) as run:
        if asked.name not in run.retailer.sendings:
            raise _unknown(asked, run)
        members = run.lake.read(AUDIENCE_MEMBERS).where(f"night = DATE'{run.night}'")
        found = planned(
            run.retailer,
            asked.name,
            frames=frames(run),
            members=members,
            deliveries=Ledger.opened(run.lake, run.place.state).deliveries(),
            night=run.night,
            key=run.key,
        )
        is_audience = asked.name in run.retailer.audiences
        expected = foreseen_lift(run, asked.name, members=members) if is_audience else None
    if asked.json:
        print(json.dumps(_as_json(found, run.night) | {"foreseen_lift": asdict(expected) if expected else None}))
    else:
        print("\n".join([_in_words(found, run.night), *([f"  {beforehand(expected)}"] if expected else [])]))
    return 0


def deliver(asked: argparse.Namespace) -> int:
    """`habitue deliver`: send what the last night decided and no destination has acknowledged yet.

    Raises: DeliveriesFailed, MissingCredentials, WrongCall.
    """
    with last_night(asked) as run:
        try:
            counts = delivery_counts(send(run, really=True), sent=True)
        except DeliveriesFailed as error:
            _print(asked, delivery_counts(error.delivered, sent=True))
            raise
    _print(asked, counts)
    return 0


@contextmanager
def last_night(asked: argparse.Namespace) -> Iterator[NightRun]:
    """The last night of the lake, to send or to measure.

    Raises: WrongCall if no night has ended.
    """
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    with open_lake(place, purpose="sending") as lake:
        night = last_started(lake)
        if night is None or not has_ended(lake, night):
            raise WrongCall(
                "no night has ended on this lake" if night is None else f"night {night} did not end",
                where=place.lake,
                still_true="Nothing was sent.",
                next_step=f"Run `habitue night --date {night or 'D'}` first.",
            )
        yield NightRun(
            place=place,
            retailer=retailer,
            lake=lake,
            night=night,
            key=lake_key(place.state),
            registry=Registry(place.state),
            send=True,
            rebuild_from=None,
            record=NightRecord(),
        )


def _print(asked: argparse.Namespace, counts: Mapping[str, Any]) -> None:
    print(json.dumps({"deliveries": counts}) if asked.json else "\n".join(sent_lines(counts)))


def _as_json(found: Plan, night: date) -> dict[str, object]:
    lines = [asdict(line) for line in found.lines]
    return {"night": night.isoformat(), "name": found.name, "destination": found.destination, "lines": lines}


def _in_words(found: Plan, night: date) -> str:
    head = f"{found.name} to {found.destination}, as night {night} decided (nothing is sent):"
    rows = [
        f"  {line.count:>8,}  {line.what.replace('_', ' ')}{f': {line.reason}' if line.reason else '':<24}"
        f"  for example {line.example_customer_id}"
        for line in found.lines
    ]
    return "\n".join([head, *(rows or ["  nobody"])])


def _unknown(asked: argparse.Namespace, run: NightRun) -> WrongCall:
    return WrongCall(
        f"there is no audience or sync {asked.name}{nearest(asked.name, run.retailer.sendings)}",
        where=str(run.place.retailer_file),
        still_true="Nothing was sent.",
        next_step="Name one that the file has: `habitue plan NAME`.",
    )
