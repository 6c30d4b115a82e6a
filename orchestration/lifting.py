"""`habitue lift AUDIENCE`: what contact changed, as the last night knows it."""

import argparse
import json

from pyspark.sql import functions as F

from activation.holdout import sides
from activation.tables import DELIVERIES, HOLDOUTS
from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from orchestration.effect import lift_of
from orchestration.night import NightRun
from orchestration.sending import last_night
from pipelines import tables as unified
from pipelines.identity.events import living_ids
from report.lift import as_json, in_words


def lift(asked: argparse.Namespace) -> int:
    """`habitue lift AUDIENCE`: conversion and spend of those sent beside those held out.

    Raises: WrongCall if the retailer file has no such audience, nothing was ever sent for it, or no night has ended.
    """
    with last_night(asked) as run:
        if asked.name not in run.retailer.audiences:
            raise _unknown(asked.name, run)
        if asked.days is not None and asked.days < 1:
            raise _no_window(asked.name, asked.days)
        if not was_sent(run, asked.name):
            raise _never_sent(asked.name, run)
        heirs = living_ids(run.lake.read(unified.IDENTITY_EVENTS)).localCheckpoint()
        held = sides(run.lake.read(HOLDOUTS), heirs, night=run.night)
        deliveries = run.lake.read(DELIVERIES)
        found = lift_of(run, asked.name, held=held, deliveries=deliveries, heirs=heirs, days=asked.days)
    print(json.dumps(as_json(found)) if asked.json else "\n".join(in_words(found, run.retailer.currency)))
    return 0


def was_sent(run: NightRun, audience: str) -> bool:
    """Whether any destination acknowledged anything for an audience."""
    taken = "outcome = 'acknowledged' and operation != 'remove'"
    return not run.lake.read(DELIVERIES).where((F.col("name") == audience) & F.expr(taken)).isEmpty()


def _unknown(name: str, run: NightRun) -> WrongCall:
    return WrongCall(
        f"there is no audience {name}{nearest(name, run.retailer.audiences)}",
        where=str(run.place.retailer_file),
        still_true="Nothing was changed.",
        next_step="Name one that the file has: `habitue lift AUDIENCE`.",
    )


def _no_window(name: str, days: int) -> WrongCall:
    return WrongCall(
        f"a window of {days} days holds nothing",
        where=f"habitue lift {name} --days {days}",
        still_true="Nothing was changed.",
        next_step=f"Ask for one day or more: `habitue lift {name} --days 30`.",
    )


def _never_sent(name: str, run: NightRun) -> WrongCall:
    return WrongCall(
        f"nothing was ever acknowledged for the audience {name}, so there is no effect to measure",
        where=f"{DELIVERIES.name}, until night {run.night}",
        still_true="Nothing was changed; who is held out stays held out.",
        next_step=f"See with `habitue plan {name}` who would be sent, then `habitue deliver`.",
    )
