"""What a tool holds of a person is taken off by the very address that was sent, whatever happened since."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from activation import DESTINATIONS
from activation.deliver import DeliveriesFailed
from activation.destination import Addresses, Answer, Batch, Capabilities
from activation.destinations.csv_file import CsvFile
from activation.ledger import Ledger
from activation.outbox import Outbox
from activation.tables import HELD_ADDRESSES
from lakehouse.delta import Lakehouse, NightStart
from tests.activation.builders import ANY_TOOL, NIGHT, TAKEN, Killed, Person, activation, only_audience
from tests.activation.world import World

NEXT, LATER = NIGHT + timedelta(days=1), NIGHT + timedelta(days=2)
OLD, NEW = "old.address@example.org", "new.address@example.org"
CONTACT = "contact:crm:crm-a"


@dataclass
class AdTool:
    """A tool that holds e-mail addresses and knows nobody's contact id; `kill` ends the process after a call."""

    addresses: set[str] = field(default_factory=set)
    kill: bool = False
    verdict: Answer = TAKEN
    seen: list[Batch] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return replace(ANY_TOOL, known_by="address")

    def check(self) -> None:
        return None

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        self.seen.append(batch)
        for record in batch.records:
            self.addresses -= {str(held.email) for held in record.held}
            if record.addresses and record.addresses.email:
                self.addresses.add(record.addresses.email)
        if self.kill:
            self.kill = False
            raise Killed
        return {record.record_key: self.verdict for record in batch.records}


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> World:
    """An audience whose e-mail addresses go to an ad tool."""
    world = World(spark, tmp_path, only_audience(fields=["email"]))
    world.opened = {"newsletter": AdTool()}
    return world


def tool_of(world: World) -> AdTool:
    tool = world.opened["newsletter"]
    assert isinstance(tool, AdTool)
    return tool


def test_a_changed_address_replaces_the_one_that_was_sent_and_a_removal_names_the_last(world: World) -> None:
    tool = tool_of(world)
    world.run([Person("a", email=OLD), Person("b")])
    assert tool.addresses == {OLD, "b@example.org"}
    world.run([Person("a", email=NEW), Person("b")], night=NEXT)
    assert tool.addresses == {NEW, "b@example.org"}
    update = tool.seen[-1].records[0]
    assert (update.addresses, update.held) == (Addresses(NEW), (Addresses(OLD),))
    assert [row["email"] for row in world.lake.addresses if row["record_key"] == CONTACT] == [NEW]
    world.run([Person("a", email="third@example.org", band="low"), Person("b")], night=LATER)
    assert tool.addresses == {"b@example.org"}
    assert [row["email"] for row in world.lake.addresses] == ["b@example.org"]


def test_a_crash_between_sending_and_recording_leaves_no_address_that_is_never_removed(world: World) -> None:
    tool = tool_of(world)
    world.run([Person("a", email=OLD)])
    tool.kill = True
    with pytest.raises(Killed):
        world.run([Person("a", email=NEW)], night=NEXT)
    tool.addresses = {OLD, NEW}  # the tool was slow: it put the new one there and never took the old one off
    world.run([Person("a", email=NEW, status="withdrawn")], night=NEXT)
    assert tool.seen[-1].records[0].held == (Addresses(NEW), Addresses(OLD))
    assert tool.addresses == set()
    assert world.lake.addresses == []


def test_what_was_refused_is_not_held_and_what_failed_may_be(world: World) -> None:
    tool = tool_of(world)
    tool.verdict = Answer("rejected", "no")
    world.run([Person("a", email=OLD)])
    assert world.lake.addresses == []
    tool.verdict = Answer("failed", "no answer")
    with pytest.raises(DeliveriesFailed):
        world.run([Person("a", email=OLD)], night=NEXT)
    assert [row["email"] for row in world.lake.addresses] == [OLD]


def test_an_address_that_another_record_needs_is_not_taken_off(world: World) -> None:
    shared = "family@example.org"
    world.run([Person("a", email=shared), Person("b", email=shared)])
    world.run([Person("a", email=shared, band="low"), Person("b", email=shared)], night=NEXT)
    assert tool_of(world).addresses == {shared}
    assert tool_of(world).seen[-1].records[0].held == ()
    world.run([Person("a", band="low"), Person("b", email=shared, band="low")], night=LATER)
    assert tool_of(world).addresses == set()


def test_after_the_fold_no_byte_of_the_outbox_or_of_the_ledger_holds_an_address(world: World, tmp_path: Path) -> None:
    tool = tool_of(world)
    tool.kill = True
    with pytest.raises(Killed):
        world.run([Person(f"p{n}") for n in range(300)])
    outbox = tmp_path / "outbox.sqlite"
    assert b"@example.org" in outbox.read_bytes(), "what was announced may be held: it must survive the crash"
    world.run([Person(f"p{n}") for n in range(300)])
    assert not [path for path in tmp_path.iterdir() if b"@example.org" in path.read_bytes()]
    assert "@example.org" not in str(world.lake.kept)
    assert len(world.lake.addresses) == 300


def test_a_fold_that_is_interrupted_between_its_two_tables_ends_in_the_same_rows(
    lake: Lakehouse, tmp_path: Path
) -> None:
    class Interrupted(Outbox):
        def folded(self) -> None:
            raise Killed

    lake = lake.for_night(NightStart(NIGHT, {}))  # nothing was written before this night, and it may run again

    def row(operation: str, email: str | None) -> tuple[object, ...]:
        return ("id", 1, "2026-03-01", "ads", "win_back", CONTACT, "a", operation, "h", None, None, email, None, 1)

    outbox = Interrupted(tmp_path / "outbox.sqlite")
    first, second = outbox.announce([row("add", OLD), row("update", NEW)])
    outbox.answer([("acknowledged", None, first), ("failed", "x", second)], at="2026-03-01T02:00:00+00:00")
    for _ in range(2):
        with pytest.raises(Killed):
            Ledger(lake, outbox).fold()
    ledger = Ledger.opened(lake, tmp_path)
    assert sorted(found["email"] for found in ledger.held_addresses().collect()) == [NEW, OLD]
    assert HELD_ADDRESSES.folder.startswith("personal/")
    [third] = ledger.outbox.announce([row("remove", None)])
    ledger.outbox.answer([("acknowledged", None, third)], at="2026-03-02T02:00:00+00:00")
    ledger.fold()
    assert ledger.held_addresses().collect() == []


def test_an_audience_of_a_tool_that_goes_by_address_must_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsvFile, "capabilities", replace(CsvFile.capabilities, known_by="address"))
    assert DESTINATIONS["csv"] is CsvFile
    with pytest.raises(ValidationError, match=r"win_back\.fields: newsletter knows people by address alone"):
        activation(fields=["segment"])


def test_a_list_that_passes_to_an_audience_of_another_name_keeps_its_people(world: World) -> None:
    world.run([Person("a"), Person("b")])
    win_back = world.settings.audiences["win_back"]
    world.settings = world.settings.model_copy(update={"audiences": {"lost_ones": win_back}})
    world.run([Person("a")], night=NEXT)
    assert tool_of(world).addresses == {"a@example.org"}
    assert [(row["name"], row["email"]) for row in world.lake.addresses] == [("lost_ones", "a@example.org")]
