"""What is planned is sent, once, and every record has one outcome."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from activation.audience import audience_members
from activation.deliver import DeliveriesFailed, Delivered, deliver, destinations
from activation.destination import Answer, Batch
from activation.ledger import Ledger
from activation.outbox import Outbox
from activation.plan import Plan, plans
from activation.settings import Activation
from activation.tables import DELIVERIES
from lakehouse.delta import Lakehouse
from lakehouse.errors import DestinationUnavailable, MissingCredentials
from tests.activation.builders import (
    KEY,
    NIGHT,
    Killed,
    MemoryLake,
    MemoryTool,
    Person,
    activation,
    frames,
    no_holdouts,
    only_audience,
    said,
)


@dataclass
class World:
    """A lake, a state folder and the tools of one retailer."""

    spark: SparkSession
    state: Path
    settings: Activation
    tools: dict[str, MemoryTool] = field(default_factory=lambda: {"crm": MemoryTool(), "newsletter": MemoryTool()})

    def __post_init__(self) -> None:
        self.lake = MemoryLake(self.spark)

    def ledger(self) -> Ledger:
        return Ledger.opened(self.lake, self.state)  # type: ignore[arg-type]

    def run(
        self, people: list[Person], *, night: date = NIGHT, now: list[Person] | None = None, send: bool = True
    ) -> tuple[Delivered, ...]:
        """One night with these people; `now` is how their consent stands at the moment of sending."""
        known = frames(self.spark, people)
        return deliver(
            self.settings,
            self.tools,
            frames=known,
            members=self.members(people, night),
            ledger=self.ledger(),
            night=night,
            key=KEY,
            consents_now=lambda: said(self.spark, now) if now is not None else known.consents,
            send=send,
        )

    def plans(self, people: list[Person], *, night: date = NIGHT) -> tuple[Plan, ...]:
        """What the dry run says."""
        deliveries, members = self.ledger().deliveries(), self.members(people, night)
        known = frames(self.spark, people)
        return plans(self.settings, frames=known, members=members, deliveries=deliveries, night=night, key=KEY)

    def members(self, people: list[Person], night: date) -> DataFrame:
        known = frames(self.spark, people)
        held_out = no_holdouts(self.spark)
        return audience_members(self.settings, known, holdouts=held_out, night=night, key=KEY).localCheckpoint()

    def outcomes(self) -> list[dict[str, object]]:
        names = DELIVERIES.column_names
        return [dict(zip(names, row, strict=True)) for row in self.lake.kept]


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> World:
    """A retailer with one audience."""
    return World(spark, tmp_path, only_audience())


def said_of(delivered: tuple[Delivered, ...]) -> dict[str, int]:
    """Acknowledged records by operation."""
    totals: Counter[str] = Counter()
    for one in delivered:
        for operation in ("add", "update", "remove"):
            totals[operation] += one.count("acknowledged", operation)
    return dict(+totals)


def one_outcome_each(world: World) -> None:
    """The law: no attempt has two outcomes, none has none."""
    ids = [(row["delivery_id"], row["attempt"]) for row in world.outcomes()]
    assert len(ids) == len(set(ids))
    assert all(row["outcome"] for row in world.outcomes())


def test_only_what_changed_is_sent_and_who_left_is_removed(world: World) -> None:
    first = [Person("a"), Person("b"), Person("c", status=None)]
    assert said_of(world.run(first)) == {"add": 2}
    assert said_of(world.run(first)) == {}
    later = [Person("a", reasons=("new",)), Person("b", band="low"), Person("c")]
    assert said_of(world.run(later, night=NIGHT + timedelta(days=1))) == {"add": 1, "update": 1, "remove": 1}
    assert set(world.tools["newsletter"].held) == {"contact:crm:crm-a", "contact:crm:crm-c"}
    one_outcome_each(world)


def test_a_new_end_of_validity_alone_is_sent_only_when_renewal_is_due(world: World) -> None:
    world.run([Person("a", valid_until=date(2026, 3, 20))])
    renewed = [Person("a", valid_until=date(2026, 4, 20))]
    assert said_of(world.run(renewed, night=date(2026, 3, 16))) == {}
    assert said_of(world.run(renewed, night=date(2026, 3, 17))) == {"update": 1}


def test_deliver_does_exactly_what_the_plan_says(world: World) -> None:
    world.settings = activation(holdout=0.3)
    world.run([Person("gone", band="low"), Person("moved", probability=0.1), *(Person(f"h{n}") for n in range(10))])
    people = [Person("moved"), Person("new"), Person("silent", status=None), *(Person(f"h{n}") for n in range(10))]
    night = NIGHT + timedelta(days=1)
    planned = world.plans(people, night=night)
    delivered = world.run(people, night=night)
    for plan, done in zip(planned, delivered, strict=True):
        assert done.plan.lines == plan.lines
        for operation in ("add", "update", "remove"):
            assert done.count("acknowledged", operation) == plan.count(operation)
    refused = [line for line in planned[1].lines if line.what == "refused"]
    assert [(line.reason, line.count, line.example_customer_id) for line in refused] == [("no_consent", 1, "silent")]
    assert sum(plan.count("held_out") for plan in planned) > 0


def test_a_withdrawal_between_plan_and_send_stops_the_record_and_is_recorded(world: World) -> None:
    people = [Person("new"), Person("held"), Person("quiet"), Person("stays")]
    world.run([Person("held", reasons=("old",)), Person("quiet"), Person("stays")])
    now = [replace(person, status="withdrawn") if person.id != "stays" else person for person in people]
    delivered = world.run(people, night=NIGHT + timedelta(days=1), now=now)
    assert delivered[0].outcomes == {("add", "withheld"): 1, ("update", "withheld"): 1, ("remove", "acknowledged"): 2}
    assert set(world.tools["newsletter"].held) == {"contact:crm:crm-stays"}
    assert {row["message"] for row in world.outcomes() if row["outcome"] == "withheld"} == {"no consent any more"}
    one_outcome_each(world)


def test_an_objection_between_plan_and_send_clears_the_scores(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path, activation().model_copy(update={"audiences": {}}))
    people = [Person("a"), Person("b")]
    world.run(people)
    objected = [replace(person, objects=True) if person.id == "a" else person for person in people]
    assert said_of(world.run(objected, night=NIGHT + timedelta(days=1))) == {"remove": 1}
    assert set(world.tools["crm"].held) == {"contact:crm:crm-b"}


def test_a_night_that_is_not_the_newest_sends_nothing(world: World) -> None:
    delivered = world.run([Person("a")], send=False)
    assert delivered[0].plan.count("add") == 1
    assert not delivered[0].outcomes
    assert not world.tools["newsletter"].seen
    assert not world.outcomes()


def test_one_broken_batch_holds_up_nothing_else_and_a_rerun_sends_only_what_is_missing(
    spark: SparkSession, tmp_path: Path
) -> None:
    def broken(batch: Batch) -> dict[str, Answer]:
        if any(record.contact_id == "crm-b" for record in batch.records):
            raise ValueError("a@example.org is not welcome")
        return {}

    world = World(spark, tmp_path, activation())
    world.tools["crm"] = MemoryTool(size=1, fault=broken)
    with pytest.raises(DeliveriesFailed, match="1 of 3 records failed") as failed:
        world.run([Person("a"), Person("b"), Person("c")])
    assert "example.org" not in str(failed.value) + str(world.outcomes())
    assert len(world.tools["newsletter"].held) == 3
    world.tools["crm"].fault = None
    world.tools["crm"].seen.clear()
    assert said_of(world.run([Person("a"), Person("b"), Person("c")])) == {"add": 1}
    assert world.tools["crm"].seen == ["contact:crm:crm-b"]
    one_outcome_each(world)


def test_a_destination_that_is_down_is_named_and_the_others_are_served(spark: SparkSession, tmp_path: Path) -> None:
    class Down(MemoryTool):
        def check(self) -> None:
            raise DestinationUnavailable("no answer", where="crm", still_true="", next_step="")

    world = World(spark, tmp_path, activation())
    world.tools["crm"] = Down()
    with pytest.raises(DeliveriesFailed, match="nothing sent, no answer"):
        world.run([Person("a")])
    assert len(world.tools["newsletter"].held) == 1


def test_an_audience_that_left_the_retailer_file_is_emptied(world: World) -> None:
    world.run([Person("a")])
    world.settings = world.settings.model_copy(update={"audiences": {}})
    assert said_of(world.run([Person("a")], night=NIGHT + timedelta(days=1))) == {"remove": 1}
    assert not world.tools["newsletter"].held


def test_a_missing_credential_is_found_before_anything_is_planned(world: World, tmp_path: Path) -> None:
    crm = world.settings.destinations["crm"].model_copy(update={"credentials": "HABITUE_TEST_ABSENT"})
    settings = world.settings.model_copy(update={"destinations": {"crm": crm}})
    with pytest.raises(MissingCredentials, match=r"HABITUE_TEST_ABSENT"):
        destinations(settings, tmp_path)


FATES = st.lists(st.sampled_from(["stays", "moves", "leaves", "withdraws", "arrives", "refused"]), min_size=3, max_size=8)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=FATES, size=st.integers(1, 4), kill_after=st.integers(0, 3))
def test_a_kill_between_send_and_record_ends_in_the_state_of_a_quiet_run(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, fates: list[str], size: int, kill_after: int
) -> None:
    before, after = _two_nights(fates)
    refuse = {f"contact:crm:crm-p{n}": Answer("rejected", "no") for n, fate in enumerate(fates) if fate == "refused"}
    held = []
    for deaths in (None, kill_after):
        world = World(spark, tmp_path_factory.mktemp("state"), only_audience(holdout=0.2))
        world.tools["newsletter"] = MemoryTool(size=size, fault=lambda _: refuse)
        world.run(before)
        world.tools["newsletter"].kill_after = deaths
        _until_done(world, after)
        held.append(world.tools["newsletter"].held)
        one_outcome_each(world)
        members = world.members(after, NIGHT).where("decision = 'member'").collect()
        assert set(held[-1]) == {row["record_key"] for row in members} - set(refuse)
    assert held[0] == held[1]


def test_an_add_of_unknown_fate_is_taken_back_when_the_person_is_no_longer_wanted(world: World) -> None:
    world.tools["newsletter"].kill_after = 0
    with pytest.raises(Killed):
        world.run([Person("a")])
    assert world.tools["newsletter"].held
    world.run([Person("a", status="withdrawn")])
    assert not world.tools["newsletter"].held
    one_outcome_each(world)


def test_deliveries_reach_the_lake_once_however_often_the_fold_is_interrupted(lake: Lakehouse, tmp_path: Path) -> None:
    class Interrupted(Outbox):
        def folded(self) -> None:
            raise Killed

    row = ("id", 1, "2026-03-01", "crm", "crm_scores", "contact:crm:1", "c1", "add", "hash", "2026-04-01")
    outbox = Interrupted(tmp_path / "outbox.sqlite")
    outbox.announce([row])
    outbox.abandon(at="2026-03-01T02:00:00+00:00")
    with pytest.raises(Killed):
        Ledger(lake, outbox).fold()
    Outbox(outbox.path).announce([row])
    ledger = Ledger.opened(lake, tmp_path)
    assert [tuple(found) for found in ledger.deliveries().select("sequence", "outcome").orderBy("sequence").collect()] == [
        (1, "failed"),
        (2, "failed"),
    ]
    fresh = Ledger.opened(lake, tmp_path / "another state folder")
    assert fresh.outbox.announce([row]) == [3]


def _two_nights(fates: list[str]) -> tuple[list[Person], list[Person]]:
    ids = {f"p{number}": fate for number, fate in enumerate(fates)}
    before = [Person(name, status=None if fate == "arrives" else "granted") for name, fate in ids.items()]
    changed = {"moves": {"reasons": ("new",)}, "leaves": {"band": "low"}, "withdraws": {"status": "withdrawn"}}
    return before, [Person(name, **changed.get(fate, {})) for name, fate in ids.items()]  # type: ignore[arg-type]


def _until_done(world: World, people: list[Person]) -> None:
    try:
        world.run(people, night=NIGHT + timedelta(days=1))
    except Killed:
        world.run(people, night=NIGHT + timedelta(days=1))
