"""Nights that end where tables are conformed: taken, gated and published as every night does, without Dagster."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import partial
from graphlib import TopologicalSorter

import dagster as dg

from lakehouse.errors import HabitueError
from lakehouse.nights import end_night
from orchestration.ahead import Work
from orchestration.assets.conformed import conformed_assets
from orchestration.assets.raw import files_asset, raw_assets
from orchestration.assets.step import Steps
from orchestration.night import NightRun, Place, open_night
from orchestration.record import NightRecord
from orchestration.retailer import load_retailer
from quality.rule_check import references


@dataclass(frozen=True)
class ConformedNight:
    """What one such night did.

    Units: stopped are the errors by step; a step after a stopped one was not begun.
    """

    night: date
    record: NightRecord
    stopped: dict[str, HabitueError]


class _StepsAlone(Steps):
    """The declared steps of a night, begun as soon as what they read is made."""

    def done(self, run: NightRun, entities: Collection[str]) -> dict[str, HabitueError]:
        """Do every step whose forerunners were done; the errors of those that stopped."""
        asked = {name for name in self._declared if _is_asked(name, entities)}
        needs = {name: before & asked for name, before in self._forerunners().items() if name in asked}
        run.ahead.plan({name: Work(partial(self._done, name, run), frozenset(needs[name])) for name in needs})
        stopped: dict[str, HabitueError] = {}
        idle: set[str] = set()
        for name in TopologicalSorter(needs).static_order():
            if idle & needs[name]:
                idle.add(name)
                continue
            try:
                run.ahead.result(name, partial(self._done, name, run))
            except HabitueError as error:
                run.record.gates.extend(getattr(error, "gates", ()))
                stopped[name] = error
                idle.add(name)
        return stopped

    def _forerunners(self) -> dict[str, set[str]]:
        made_by = {asset.key: name for name, (specs, _) in self._declared.items() for asset in specs}
        return {
            name: {made_by[dep.asset_key] for asset in specs for dep in asset.deps if dep.asset_key in made_by} - {name}
            for name, (specs, _) in self._declared.items()
        }


def conformed_night(place: Place, night: date, *, entities: Collection[str] = ()) -> ConformedNight:
    """Take, gate and publish what was delivered for the night, up to the conformed tables; end the night if it may.

    Units:  entities are those that are conformed, all of them where none is named; with some the night is not ended.
    Raises: NightOutOfOrder.
    """
    retailer = load_retailer(place.retailer_file)
    partitions = dg.DailyPartitionsDefinition(start_date=retailer.first_night.isoformat())
    steps = _StepsAlone(partitions, references(retailer.rules))
    raw_assets(retailer, steps)
    files_asset(retailer, steps)
    conformed_assets(retailer, steps)
    with open_night(place, night, send=False) as run:
        stopped = steps.done(run, entities)
        if not stopped and not entities:
            end_night(run.lake, night)
    return ConformedNight(night, run.record, stopped)


def _is_asked(step: str, entities: Collection[str]) -> bool:
    """Whether a step is one of the night: deliveries always are."""
    return not entities or step.startswith("raw") or step.removeprefix("conformed__") in entities
