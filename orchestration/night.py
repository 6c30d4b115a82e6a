"""One night on one lake: the lock, the Spark session, and what stood when it began."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from lakehouse.delta import Lakehouse
from lakehouse.errors import LakeNotWritable, LandingMissing
from lakehouse.keys import lake_key
from lakehouse.lock import lake_lock
from lakehouse.nights import begin_night
from lakehouse.settings import settings
from lakehouse.spark import plan_for, spark_session
from models.registry import Registry, registry_gone
from models.shadow import noted
from models.tables import CUSTOMER_SCORES
from orchestration.ahead import Ahead
from orchestration.record import NightRecord
from orchestration.retailer import Retailer, load_retailer
from orchestration.statements import check_statements
from orchestration.tables import all_tables
from pipelines.known_files import FileBook
from quality.accepted import accepted_nights
from quality.calendar import special_nights
from quality.deliveries import Past
from quality.measurements import measured_before
from quality.usual import WEEKS

LAYERS = ("raw", "conformed")
"""What a night may be made anew from: its deliveries as they came, or its conformed tables."""


@dataclass(frozen=True)
class Place:
    """Which retailer, whose exports, which lake."""

    retailer_file: Path
    landing: Path
    lake: str

    @property
    def state(self) -> Path:
        """Lock, key, MLflow, Dagster and outbox of this lake."""
        return settings().state_folder(self.lake)

    @property
    def out(self) -> Path:
        """Where relative paths of destinations start: the folder that the lake lies in."""
        return self.state if "://" in self.lake else Path(self.lake).resolve().parent


@dataclass(frozen=True)
class NightRun:
    """All that a step of one night may use.

    Units: rebuild_from is the layer of LAYERS that is made anew, with all that follows; None in a night that never was.
    """

    place: Place
    retailer: Retailer
    lake: Lakehouse
    night: date
    key: str
    registry: Registry
    send: bool
    rebuild_from: str | None
    record: NightRecord
    ahead: Ahead = field(default_factory=Ahead)

    @property
    def as_of(self) -> datetime:
        """00:00 of the night in the retailer's time zone, as UTC."""
        return self.retailer.as_of(self.night)

    @cached_property
    def files(self) -> FileBook:
        """The delivered files that are known: by every step of the run from memory, in raw.files once written."""
        return FileBook(self.lake)

    @cached_property
    def past(self) -> Past:
        """What earlier nights brought, and which nights a person let through, this one among them."""
        calendar, since = self.retailer.calendar, self.night - timedelta(weeks=WEEKS)
        history = measured_before(self.lake, self.night, since=since, days=special_nights(calendar))
        return Past(history, self.night, calendar, self._accepted_nights)

    @property
    def accepted(self) -> frozenset[str]:
        """The tables, syncs and audiences that a person has let through on this night."""
        return frozenset(name for name, nights in self._accepted_nights.items() if self.night in nights)

    @cached_property
    def _accepted_nights(self) -> dict[str, frozenset[date]]:
        return accepted_nights(self.lake)


@contextmanager
def open_lake(place: Place, *, purpose: str) -> Iterator[Lakehouse]:
    """The lake, locked for this process.

    Raises: LakeNotWritable, LakeLocked.
    """
    check_writable(place.lake)
    with lake_lock(place.state, purpose=purpose):
        yield Lakehouse(place.lake, spark_session(settings()))


@contextmanager
def open_night(
    place: Place, night: date, *, send: bool, rebuild_from: str | None = None, record: NightRecord | None = None
) -> Iterator[NightRun]:
    """Everything that the steps of one night share, while the lake is locked.

    Units: a night that was rebuilt is rebuilt whenever it runs again, from the first of the layers that it ever was.
    Raises: LandingMissing, LakeNotWritable, LakeLocked, NightOutOfOrder, InvalidRetailerFile.
    """
    retailer = load_retailer(place.retailer_file)
    check_landing(place.landing)
    with open_lake(place, purpose=f"night {night}") as lake:
        check_statements(lake.spark, retailer, out=place.out)
        plan_for(lake.spark, bytes_to_read(lake, retailer, place.landing))
        registry = Registry(place.state)
        check_registry(lake, registry)
        start = begin_night(
            lake,
            night,
            tables=all_tables(retailer),
            models=registry.model_versions() | noted(registry.challengers()),
            first_night=retailer.first_night,
            rebuild_from=rebuild_from,
        )
        run = NightRun(
            place=place,
            retailer=retailer,
            lake=lake.for_night(start),
            night=night,
            key=lake_key(place.state),
            registry=registry,
            send=send,
            rebuild_from=next((layer for layer in LAYERS if layer in start.rebuilt), None),
            record=record or NightRecord(),
            ahead=Ahead(steps_at_once(lake)),
        )
        try:
            with run.ahead:
                yield run
        finally:
            run.files.write()


def steps_at_once(lake: Lakehouse) -> int:
    """How many steps of a night run at the same time: HABITUE_STEPS_AT_ONCE, or one per core, four at most."""
    return settings().steps_at_once or min(4, lake.spark.sparkContext.defaultParallelism)


def bytes_to_read(lake: Lakehouse, retailer: Retailer, landing: Path) -> int | None:
    """All that a night may read: the lake, and what lies in the landing folder; None where a database delivers too."""
    deliveries = [delivery for source in retailer.sources.values() for delivery in source.deliveries.values()]
    if not all(delivery.files for delivery in deliveries):
        return None
    files = {path for delivery in deliveries for pattern in delivery.files for path in landing.glob(pattern)}
    return lake.size(all_tables(retailer)) + sum(path.stat().st_size for path in files if path.is_file())


def check_registry(lake: Lakehouse, registry: Registry) -> None:
    """Refuse a registry without any model on a lake that has been scored: baselines would silently take over.

    Raises: ModelUnusable.
    """
    if not registry.model_versions() and lake.exists(CUSTOMER_SCORES):
        raise registry_gone(
            "the model registry is gone: it holds no version, but the lake holds scores", registry.state
        )


def check_landing(landing: Path) -> None:
    """Refuse a landing folder that is not there.

    Raises: LandingMissing.
    """
    if not landing.is_dir():
        raise LandingMissing(
            "there is no such landing folder",
            where=str(landing),
            still_true="Nothing was started and no table was changed.",
            next_step="Pass the folder that the exports arrive in: `--landing DIR`.",
        )


def check_writable(lake: str) -> None:
    """Refuse a local lake folder that cannot be written.

    Raises: LakeNotWritable.
    """
    if "://" in lake:
        return
    folder = Path(lake)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise LakeNotWritable(
            "the lake folder cannot be written",
            where=lake,
            still_true="Nothing was started and no table was changed.",
            next_step="Give this user the right to write there, or pass another folder: `--lake DIR`.",
        )
