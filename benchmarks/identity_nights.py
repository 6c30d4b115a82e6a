"""Who is who over many nights: do ids stay, what does a night of few new records cost, does a rebuild agree.

The person records of a fictional retailer stand in a lake of their own, without facts; a night resolves and writes
them as the night's asset does.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.contract import Check, higher, lower
from benchmarks.linkage_score import scored
from benchmarks.night import PeakMemory
from benchmarks.people_sets import PeopleSet, fictional
from lakehouse.delta import Lakehouse
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from pipelines.canonical import ENTITIES
from pipelines.identity.events import living_ids
from pipelines.identity.resolve import resolve
from pipelines.mapping import IdentitySettings
from pipelines.tables import (
    IDENTIFIERS,
    IDENTITY_EVENTS,
    IDENTITY_LINKS,
    IDENTITY_MODELS,
    IDENTITY_PAIRS,
    IDENTITY_TIES,
    PERSON_RECORDS,
)

FIRST = date(2026, 3, 1)
CONTACTS = ENTITIES["contacts"].conformed
KEY = "a key of a benchmark"
NEW_SHARE = 0.01
AT_ONCE = 2
"""Tables that are written at the same time, as by a night on two cores (`orchestration.publishing`)."""
Customers = pd.Series
"""customer_id by record_key."""


@dataclass(frozen=True)
class Retailer:
    """A lake whose contacts are the first rows of a set of people, more of them every night."""

    lake: Lakehouse
    found: PeopleSet

    def night(self, number: int, people: pd.DataFrame, *, anew: bool = False) -> tuple[Customers, float]:
        """Who is whom after the night, by place where all are known, and the seconds of resolving and writing."""
        self.lake.replace_all(CONTACTS, self._contacts(people))
        night, started = FIRST + timedelta(days=number), time.perf_counter()
        with resolve(self.lake, IdentitySettings(country=self.found.country), night=night, key=KEY, anew=anew) as found:
            changes = {PERSON_RECORDS: found.records, IDENTITY_TIES: found.ties, IDENTITY_PAIRS: found.pairs}
            changes |= {IDENTITY_LINKS: found.links, IDENTIFIERS: found.identifiers}
            merge, replaced = self.lake.merge, self.lake.replace_night
            works: list[Callable[[], None]] = [
                *(
                    partial(merge, table, each.rows, gone=each.gone, adds=each.adds, in_arrow=each.in_arrow)
                    for table, each in changes.items()
                ),
                *(
                    partial(replaced, table, each.rows, night, in_arrow=each.in_arrow)
                    for table, each in ((IDENTITY_EVENTS, found.events), (IDENTITY_MODELS, found.models))
                ),
            ]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for written in [pool.submit(work) for work in works]:
                    written.result()
        seconds = time.perf_counter() - started
        links = self.lake.read(IDENTITY_LINKS).select("record_key", "customer_id").toPandas()
        return links.set_index("record_key")["customer_id"], seconds

    @property
    def persons(self) -> pd.Series:
        """Who each row truly is, by place; null where nobody can know."""
        return pd.read_parquet(self.found.truth)["person"]

    def by_place(self, customers: Customers) -> NDArray[np.object_]:
        """The customer of each row of the set, by place."""
        sources = pd.read_parquet(self.found.file, columns=["source"])["source"]
        found = customers.reindex([f"contact:{source}:{place}" for place, source in enumerate(sources)])
        return np.asarray(found, dtype=object)

    @property
    def rows(self) -> int:
        """The number of records of the set."""
        return int(pyarrow.parquet.read_metadata(self.found.file).num_rows)

    def events(self, number: int) -> pd.DataFrame:
        """The events of a night."""
        night = FIRST + timedelta(days=number)
        return self.lake.read(IDENTITY_EVENTS).where(F.col("night") == F.lit(night)).toPandas()

    def people(self, rows: int | None = None) -> pd.DataFrame:
        """The first rows of the set, or all."""
        people = pd.read_parquet(self.found.file)
        return people if rows is None else people.head(rows)

    def _contacts(self, people: pd.DataFrame) -> DataFrame:
        """The people as conformed.contacts; the place of a row is its contact id."""
        people = people.assign(source_contact_id=np.arange(len(people)).astype(str))
        file = self.found.file.with_name("contacts.parquet")
        people.to_parquet(file)
        frame = self.lake.spark.read.parquet(str(file))
        born = F.try_to_date("born_on").alias("born_on")
        given = {name: F.col(name) for name in frame.columns} | {"born_on": born}
        given |= {"arrived": F.lit(FIRST), "is_test": F.lit(False), "is_deleted": F.lit(False)}
        missing = F.lit(None)
        return frame.select(*(given.get(c.name, missing).cast(c.type).alias(c.name) for c in CONTACTS.columns))


@contextmanager
def retailer(customers: int, seed: int) -> Iterator[Retailer]:
    """A fictional retailer on two cores whose lake is still empty."""
    with tempfile.TemporaryDirectory() as folder:
        found = fictional(customers, Path(folder), seed)
        spark = spark_session(replace(settings(), spark_master="local[2]"))
        yield Retailer(Lakehouse(f"{folder}/nights", spark), found)


def stability(customers: int, *, nights: int, seed: int) -> Iterator[Check]:
    """Unchanged data, nights of one new record in a hundred, and a model learned anew at the end."""
    with retailer(customers, seed) as shop:
        yield from _stability(shop, nights)


def million(customers: int, *, smaller_f1: float | None, seed: int) -> Iterator[Check]:
    """The full run and a night of one new record in a hundred."""
    with retailer(customers, seed) as shop:
        yield from _million(shop, smaller_f1)


def _stability(shop: Retailer, nights: int) -> Iterator[Check]:
    found, rows = shop.found, shop.rows
    known = int(rows / (1 + NEW_SHARE) ** nights)
    name = f"{found.name}, {nights} nights"
    before, first_seconds = shop.night(0, shop.people(known))
    after, _ = shop.night(1, shop.people(known))
    yield higher(f"{name}: unchanged data, share of records under the same id", _same(before, after), 1.0)
    unexplained, moved = 0, 0
    seconds: list[float] = []
    for number in range(2, nights + 2):
        before = after
        after, spent = shop.night(number, shop.people(min(rows, int(known * (1 + NEW_SHARE) ** (number - 1)))))
        changed = _moves(before, after)
        moved, seconds = moved + len(changed), [*seconds, spent]
        unexplained += len(changed - _told(shop.events(number)))
    yield lower(f"{name}: moves of a record to another id without an event", unexplained, 0.0)
    yield lower(f"{name}: moves of a record to another id", moved)
    yield lower(f"{name}: seconds of a night, over those of the first", float(np.median(seconds)) / first_seconds)
    yield from scores(f"{name}: after them", pd.Series(shop.by_place(after)), shop.persons)
    kept = after
    after, _ = shop.night(nights + 2, shop.people(len(kept)), anew=True)
    ended = set(kept) - set(after)
    heirs = living_ids(shop.lake.read(IDENTITY_EVENTS)).toPandas().set_index("old_customer_id")["customer_id"]
    lost = [one for one in ended if heirs.get(one) not in set(after)]
    yield lower(f"{name}: learned anew, share of ids that ended", len(ended) / kept.nunique(), 0.01)
    yield lower(f"{name}: learned anew, ended ids that resolve to no living one", len(lost), 0.0)
    yield higher(f"{name}: learned anew, F1 of the partition against the kept one", _agreement(kept, after))


def _million(shop: Retailer, smaller_f1: float | None) -> Iterator[Check]:
    found, rows = shop.found, shop.rows
    name = f"{found.name} ({rows} records)"
    memory = PeakMemory(os.getpid())
    memory.start()
    _, full = shop.night(0, shop.people(int(rows / (1 + NEW_SHARE))))
    after, night = shop.night(1, shop.people(rows))
    yield lower(f"{name}: seconds of the full run", full, 480.0)
    yield lower(f"{name}: peak memory GB", memory.highest / 1024**3, 10.0)
    yield lower(f"{name}: seconds of a night of 1 % new records", night)
    yield lower(f"{name}: seconds of that night, over those of the full run", night / full, 0.1)
    bar = None if smaller_f1 is None else smaller_f1 - 0.05
    yield from scores(name, pd.Series(shop.by_place(after)), shop.persons, bars=(0.97, None, bar))


def scores(
    name: str, customers: pd.Series, person: pd.Series, *, bars: tuple[float | None, ...] = (None, None, None)
) -> Iterator[Check]:
    """Pairwise precision, recall and F1 of customers by place, over the records whose person can be known."""
    is_known = person.notna() & customers.notna()
    score = scored(customers[is_known], person[is_known])
    for figure, bar in zip(("precision", "recall", "f1"), bars, strict=True):
        yield higher(f"{name}: {figure}", getattr(score, figure), bar)


def _same(before: Customers, after: Customers) -> float:
    return float((before == after.reindex(before.index)).mean())


def _moves(before: Customers, after: Customers) -> set[tuple[str, str]]:
    """Every (old id, new id) of a record that has another id now."""
    now = after.reindex(before.index)
    moved = (before != now) & now.notna()
    return set(zip(before[moved], now[moved], strict=True))


def _told(events: pd.DataFrame) -> set[tuple[str, str]]:
    """Every (old id, new id) that the events of a night tell."""
    merged, split = (events[events["event"] == name] for name in ("merged_into", "split_from"))
    told = set(zip(merged["customer_id"], merged["other_customer_id"], strict=True))
    return told | set(zip(split["other_customer_id"], split["customer_id"], strict=True))


def _agreement(one: Customers, other: Customers) -> float:
    return scored(other.reindex(one.index).to_numpy(), one.to_numpy()).f1
