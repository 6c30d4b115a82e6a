"""Sixty undisturbed nights of a small shop, then one damaged delivery at a time: how loud the night is about each."""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from benchmarks.conformed_nights import ConformedNight, conformed_night
from benchmarks.contract import Check, higher, lower
from benchmarks.damages import DAMAGES, SILENT, Answer, Damage
from benchmarks.shop_history import Nights, judged_nights, keep, measured_nights
from benchmarks.shop_nights import FIRST, Files, History, delivered, history, retailer
from lakehouse.delta import Lakehouse
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from orchestration.night import Place
from orchestration.retailer import load_retailer

MOST_WARNINGS = 2
FEEDS = {"crm/": "contacts", "web/": "orders", "pos/tickets_": "orders", "pos/lines_": "order_lines"}
"""The entity that each delivery feeds."""
# A few hundred rows are read before a query is compiled: interpreted, such a night takes half the time.
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
COMES_ONCE = "erp"
"""A source that delivered on the first night and, rightly, nothing since."""
TOLD = ("refused", "missing", "waiting", "repeated")
"""What becomes of a file that is told beside the gates."""


@dataclass(frozen=True)
class Signals:
    """What a night said is wrong, by how loud: the words of each."""

    blocked: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """The loudest."""
        if self.blocked:
            return "blocked"
        if self.rejected:
            return "rejected"
        return "warned" if self.warned else SILENT

    def __str__(self) -> str:
        return "; ".join([*self.blocked, *self.rejected, *self.warned])[:300]


@dataclass(frozen=True)
class Shop:
    """The shop's lake and what its deliveries are drawn from."""

    folder: Path
    known: History
    seed: int

    def place(self, landing: str, lake: str = "lake") -> Place:
        """A night's place: its landing folder and a lake."""
        return Place(self.folder / "shop.yaml", self.folder / landing, str(self.folder / lake))

    def files(self, number: int) -> Files:
        """What is delivered for a night; number 0 is the first."""
        return delivered(self.known, number, seed=self.seed)

    def begin(self, nights: int) -> tuple[ConformedNight, Nights]:
        """The lake after so many nights, taken and conformed together; and the figures of each."""
        for number in range(nights):
            put(self.files(number), self.folder / "landing")
        last = FIRST + timedelta(days=nights - 1)
        (self.folder / "shop.yaml").write_text(yaml.safe_dump(retailer(last)))
        place = self.place("landing")
        together = conformed_night(place, last)
        lake = Lakehouse(place.lake, spark_session(settings()))
        found = measured_nights(lake, load_retailer(place.retailer_file), nights)
        keep(lake, found)
        return together, found

    def damaged(self, damage: Damage, number: int) -> ConformedNight:
        """The night with its delivery damaged, on a copy of the lake, for the entities that the damaged files feed."""
        name, sound = damage.name, self.files(number)
        spoiled = damage.spoil(sound, self.files(number - 1))
        put(spoiled, self.folder / f"landing_{name}")
        changed = {file for file in {*sound, *spoiled} if sound.get(file) != spoiled.get(file)}
        return self._copied(name, number, {fed for file in changed for of, fed in FEEDS.items() if file.startswith(of)})

    def _copied(self, name: str, number: int, entities: Collection[str]) -> ConformedNight:
        for part in ("lake", "lake.state"):
            shutil.copytree(self.folder / part, self.folder / part.replace("lake", f"lake_{name}"))
        try:
            place = self.place(f"landing_{name}", f"lake_{name}")
            return conformed_night(place, FIRST + timedelta(days=number), entities=entities)
        finally:
            for part in (f"lake_{name}", f"lake_{name}.state"):
                shutil.rmtree(self.folder / part)


def damages(nights: int, seed: int, only: Collection[str] = ()) -> Iterator[Check]:
    """Blocks and warnings of undisturbed nights, then how each damage was answered."""
    spark = spark_session(settings(), INTERPRETED)
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), history(seed), seed)
        yield from undisturbed(shop, nights)
        silent = 0
        for damage in DAMAGES:
            if only and damage.name not in only:
                continue
            said = signals(shop.damaged(damage, nights))
            silent += said.answer == SILENT
            print(f"{damage.name}: {said.answer} (expected: {damage.expected}): {said}", flush=True)
            name = f"damages: {damage.name}: answered otherwise than {damage.expected}"
            yield lower(name, said.answer != damage.expected, 0)
        yield higher("damages: kinds", len(DAMAGES), 40)
        yield lower("damages: passed in silence", silent, 0)
    spark.stop()


def undisturbed(shop: Shop, nights: int) -> Iterator[Check]:
    """No night may stop, and hardly any may warn."""
    together, figures = shop.begin(nights)
    said = signals(together)
    blocked, warned = len(said.blocked), len(said.warned)
    for night, findings in judged_nights(figures, load_retailer(shop.folder / "shop.yaml")):
        loud = [finding for finding in findings if finding.outcome.outcome != "passed"]
        for finding in loud:
            print(f"{night}: {finding.outcome.outcome}: {finding.words}", flush=True)
        blocked += any(finding.outcome.outcome == "blocked" for finding in loud)
        warned += sum(finding.outcome.outcome == "warned" for finding in loud)
    yield higher("undisturbed: nights", len(figures), nights)
    yield lower("undisturbed: blocked", blocked, 0)
    yield lower("undisturbed: warnings", warned, MOST_WARNINGS)
    yield lower("undisturbed: rows set aside", len(said.rejected), 0)


def signals(night: ConformedNight) -> Signals:
    """What the night's record says is wrong."""
    record = night.record
    rejected = [
        f"{name}: {rows} rows: {rule}"
        for name, table in record.published.items()
        for rule, rows in table.rejected.items()
    ]
    warned = [f"{gate.table}: {gate.rule}" for gate in record.gates if gate.outcome == "warned"]
    warned += [f"{f.file_name} {f.status}" for f in record.files if f.status in TOLD and f.source != COMES_ONCE]
    warned += [f"{file.file_name}: {file.reason}" for file in record.files if file.status == "new" and file.reason]
    return Signals(tuple(str(error) for error in night.stopped.values()), tuple(rejected), tuple(warned))


def put(files: Files, folder: Path) -> None:
    """Write the files below the landing folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
