"""The Dagster resources: the night that a run makes, and the lake that a training reads."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

import dagster as dg

from lakehouse.errors import InvalidRetailerFile, NightOutOfOrder
from orchestration.alerts.telling import night_begins, night_did_not_begin
from orchestration.closing import close_night
from orchestration.night import LAYERS, NightRun, Place, open_night
from orchestration.record import NightRecord
from orchestration.retailer import load_retailer
from orchestration.training import TrainingRun, open_training

SEND = "habitue/send"
REBUILD = "habitue/rebuild"
BECAUSE = "habitue/because"
PARTITION = "dagster/partition"


def night_resource(place: Place, record: NightRecord | None = None) -> dg.ResourceDefinition:
    """The resource `night`: opened once per run, for the partition of the run; closing it writes the summary."""

    @dg.resource(description="The night that this run makes: lake, retailer, lock and what stood when it began.")
    def opened(context: dg.InitResourceContext) -> Iterator[NightRun]:
        tags = context.run.tags if context.run else {}
        night, kept = date.fromisoformat(tags[PARTITION]), record or NightRecord()
        begun = False
        try:
            send = {"yes": True, "no": False}.get(tags.get(SEND, ""), is_today(night, place))
            rebuild_from = tags.get(REBUILD) if tags.get(REBUILD) in LAYERS else None
            with open_night(place, night, send=send, rebuild_from=rebuild_from, record=kept) as run:
                night_begins(run.retailer, night, kept, place.state)
                begun = True
                yield run
                close_night(run)
        except BaseException as error:
            kept.failed(f"night {night}", error)
            if not begun and isinstance(error, Exception) and not isinstance(error, NightOutOfOrder):
                _tell(place, night, error, kept)
            raise

    return opened


def lake_resource(place: Place, record: NightRecord | None = None) -> dg.ResourceDefinition:
    """The resource `lake`: opened once per training."""

    @dg.resource(description="The lake as the last night left it, and the model registry.")
    def opened(context: dg.InitResourceContext) -> Iterator[TrainingRun]:
        kept = record or NightRecord()
        because = context.run.tags.get(BECAUSE, "") if context.run else ""
        try:
            with open_training(place, kept, because=because) as run:
                yield run
        except BaseException as error:
            kept.failed("training", error)
            raise

    return opened


def _tell(place: Place, night: date, error: Exception, record: NightRecord) -> None:
    """Tell of a night that could not begin, unless its retailer file cannot be read: then nobody is known to tell."""
    with suppress(InvalidRetailerFile):
        night_did_not_begin(load_retailer(place.retailer_file), night, error, record, place.state)


def is_today(night: date, place: Place) -> bool:
    """Whether the night is today's at the retailer's: an older one that the UI catches up sends nothing."""
    return night == datetime.now(ZoneInfo(load_retailer(place.retailer_file).timezone)).date()
