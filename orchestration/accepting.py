"""`habitue accept`: a person lets one night through although what came or what is to be sent is far from usual."""

import argparse
import getpass
import json
from datetime import UTC, date, datetime

from activation.tables import DELIVERIES
from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from lakehouse.nights import last_started
from orchestration.assets.conformed import mapped_entities
from orchestration.night import open_lake
from orchestration.retailer import Retailer, load_retailer
from orchestration.running import place_of
from quality.accepted import accept


def let_through(asked: argparse.Namespace) -> int:
    """Record who let which table, sync or audience through on which night, and why; the next try of the night reads it.

    Raises: WrongCall for a table that no delivery fills, an empty reason, or a night before the last one.
    """
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    tables = [entity.conformed.name for entity in mapped_entities(retailer)]
    with open_lake(place, purpose="accept") as lake:
        known = [*tables, *retailer.sendings, *_left_the_file(lake, retailer)]
        if asked.table not in known:
            raise _wrong(f"no delivery fills a table {asked.table}{nearest(asked.table, known)}", place.lake)
        if not asked.because.strip():
            raise _wrong("no reason is given", place.lake)
        _check_night(lake, asked.night)
        who = asked.who or getpass.getuser()
        accept(lake, asked.table, asked.night, who=who, why=asked.because.strip(), decided_at=datetime.now(UTC))
    told = {"table": asked.table, "night": asked.night.isoformat(), "who": who, "why": asked.because.strip()}
    print(json.dumps(told) if asked.json else _in_words(asked, who))
    return 0


def _left_the_file(lake: Lakehouse, retailer: Retailer) -> list[str]:
    """Syncs and audiences that a destination may still hold: their removal may need a person, too."""
    sent = lake.read(DELIVERIES).select("name").distinct().collect()
    return sorted({row["name"] for row in sent} - retailer.sendings.keys())


def _in_words(asked: argparse.Namespace, who: str) -> str:
    return (
        f"{asked.table} is let through on the night of {asked.night}, decided by {who}: {asked.because.strip()}\n"
        f"Now run `habitue night --date {asked.night}` again."
    )


def _check_night(lake: Lakehouse, night: date) -> None:
    last = last_started(lake)
    if last is not None and night < last:
        raise _wrong(f"the night of {night} lies before the last one, {last}, and is not run again", lake.path)


def _wrong(what: str, where: str) -> WrongCall:
    return WrongCall(
        what,
        where=where,
        still_true="Nothing was let through.",
        next_step='Type `habitue accept --table conformed.orders --night 2026-03-02 --because "..."`.',
    )
