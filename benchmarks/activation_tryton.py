"""Scores on 5,000 customers of a real CRM, then 500 that changed: how many the CRM writes, and how fast."""

import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from activation.deliver import ConsentsNow, deliver
from activation.destination import Answer, Batch, Capabilities, DestinationSettings
from activation.destinations.tryton import PARTY, Tryton
from activation.destinations.tryton_rpc import Rpc
from activation.ledger import Ledger
from activation.settings import Activation
from activation.tables import AUDIENCE_MEMBERS, HOLDOUTS
from benchmarks.activation_people import NIGHTS, Person, frames, write
from benchmarks.contract import Check, higher, lower
from lakehouse.delta import Lakehouse
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from scripts import tryton
from scripts.tryton_server import add_user, free_port, make_database, running

DATABASE, KEY = "crm", "a lake's key"
FIELDS = ["churn_band", "segment", "grade", "valid_until"]
AT_ONCE = 500


@dataclass
class Timed:
    """A destination that counts the seconds of its calls."""

    inner: Tryton
    seconds: float = field(default=0.0)

    @property
    def capabilities(self) -> Capabilities:
        """Those of the CRM."""
        return self.inner.capabilities

    def check(self) -> None:
        """As the CRM does."""
        self.inner.check()

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """As the CRM does."""
        started = time.monotonic()
        try:
            return self.inner.send(batch)
        finally:
            self.seconds += time.monotonic() - started


def crm(customers: int, changed: int) -> Iterator[Check]:
    """Deliver a first night of `customers` and a second on which `changed` have another segment."""
    tryton.install()
    with tempfile.TemporaryDirectory() as name:
        folder, password = Path(name), secrets.token_urlsafe(12)
        make_database(folder, DATABASE, password=password)
        with running(folder, DATABASE, port=free_port()) as address:
            url = f"{address}/{DATABASE}"
            yield from _two_nights(folder, url, password, customers=customers, changed=changed)


def _two_nights(folder: Path, url: str, password: str, *, customers: int, changed: int) -> Iterator[Check]:
    people = [Person(number, "high", "Old", "granted") for number in range(customers)]
    moved = [Person(one.number, "high", "New" if one.number < changed else "Old", "granted") for one in people]
    _fill(Rpc(url, "admin", password), people, password)
    lake = Lakehouse(str(folder / "lake"), spark_session(settings()))
    told = {}
    for night, known in zip(NIGHTS, (people, moved), strict=True):
        write(folder, night, known)
        started = _newest_write(folder)
        seconds = _delivered(lake, folder, night, url=url, password=password)
        told[night] = (_written_since(folder, started), seconds)
    (first, seconds), (second, again) = told.values()
    yield lower("Tryton: customers whose scores are not in the CRM after a first night", customers - first, 0)
    yield higher("Tryton: customers written on the first night, per second", first / seconds)
    yield lower(f"Tryton: customers written on the second night beside the {changed} that changed", second - changed, 0)
    yield higher("Tryton: of them with the changed segment", _in_segment(folder, "New"), changed)
    yield higher("Tryton: customers written on the second night, per second", second / again)


def _fill(admin: Rpc, people: list[Person], password: str) -> None:
    add_user(admin, "sync", name="Nightly sync", password=password, group="Habitué sync")
    parties = [{"name": person.contact, "code": person.contact, "addresses": []} for person in people]
    for first in range(0, len(parties), AT_ONCE):
        admin.call(f"{PARTY}.create", parties[first : first + AT_ONCE], {})


def _delivered(lake: Lakehouse, folder: Path, night: date, *, url: str, password: str) -> float:
    """Seconds that the CRM's calls of one night took."""
    entry = {"type": "tryton", "source": "crm", "url": url, "user": "sync", "credentials": "CRM_PASSWORD"}
    sync = {"to": "crm", "fields": FIELDS}
    activation = Activation.model_validate({"syncs": {"scores": sync}, "destinations": {"crm": entry}})
    opened = Tryton.opened(DestinationSettings.model_validate(entry), folder=folder, secret=password)
    destination, known = Timed(opened), frames(lake.spark, folder, night)
    deliver(
        activation,
        {"crm": destination},
        frames=known,
        members=lake.spark.createDataFrame([], AUDIENCE_MEMBERS.schema),
        holdouts=lake.spark.createDataFrame([], HOLDOUTS.schema),
        ledger=Ledger.opened(lake, folder / "state"),
        night=night,
        key=KEY,
        consents_now=ConsentsNow(lambda: known.consents, lambda: 0),
        send=True,
    )
    return destination.seconds


def _newest_write(folder: Path) -> str:
    return str(_one(folder, "select coalesce(max(write_date), '') from party_party"))


def _written_since(folder: Path, moment: str) -> int:
    return int(str(_one(folder, "select count(*) from party_party where write_date > ?", moment)))


def _in_segment(folder: Path, segment: str) -> int:
    return int(str(_one(folder, "select count(*) from party_party where habitue_segment = ?", segment)))


def _one(folder: Path, query: str, *values: str) -> object:
    """The CRM's own answer, read from its database."""
    with closing(sqlite3.connect(folder / f"{DATABASE}.sqlite")) as connection:
        return connection.execute(query, values).fetchone()[0]
