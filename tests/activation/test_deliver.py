"""What is planned is sent, once, and every record has one outcome."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from activation import ledger
from activation.deliver import HELD_OUT, ConsentsNow, DeliveriesFailed, destinations, too_large
from activation.destination import Answer, Batch
from activation.holdout import EVERYWHERE
from activation.ledger import Ledger
from activation.outbox import Outbox
from activation.plan import Plan, PlanLine
from activation.tables import AUDIENCE_MEMBERS
from lakehouse.delta import Lakehouse
from lakehouse.errors import DestinationUnavailable, MissingCredentials
from tests.activation.builders import (
    NIGHT,
    Killed,
    MemoryTool,
    Person,
    activation,
    consents,
    held_out,
    only_audience,
    said,
    statement,
)
from tests.activation.world import World, one_outcome_each, said_of


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> World:
    """A retailer with one audience."""
    return World(spark, tmp_path, only_audience())


def test_the_members_of_these_tests_are_those_that_production_decides(world: World) -> None:
    people = [Person(str(status), status=status) for status in (None, "granted", "denied", "withdrawn")]
    people += [Person("low", band="low"), Person("moved", probability=0.1), Person("address", email="new@example.org")]
    columns = [name for name in AUDIENCE_MEMBERS.column_names if not name.startswith("consent_")]
    told, production = (
        made(people, NIGHT).select(*columns).orderBy("customer_id").collect()
        for made in (world.members, world.production_members)
    )
    assert told == production


def test_only_what_changed_is_sent_and_who_left_is_removed(world: World) -> None:
    first = [Person("a"), Person("b"), Person("c", status=None)]
    assert said_of(world.run(first)) == {"add": 2}
    assert said_of(world.run(first)) == {}
    later = [Person("a", reasons=("new",)), Person("b", band="low"), Person("c")]
    assert said_of(world.run(later, night=NIGHT + timedelta(days=1))) == {"add": 1, "update": 1, "remove": 1}
    assert set(world.newsletter.held) == {"contact:crm:crm-a", "contact:crm:crm-c"}
    one_outcome_each(world)


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
    delivered = world.run(people, night=NIGHT + timedelta(days=1), now=said(world.spark, now))
    assert delivered[0].outcomes == {("add", "withheld"): 1, ("update", "withheld"): 1, ("remove", "acknowledged"): 2}
    assert set(world.newsletter.held) == {"contact:crm:crm-stays"}
    assert {row["message"] for row in world.outcomes() if row["outcome"] == "withheld"} == {"no consent any more"}
    one_outcome_each(world)


def test_a_withdrawal_between_two_batches_stops_what_is_left(world: World) -> None:
    people = [Person(name) for name in ("a", "b", "c", "d")]
    stands = {"version": 0, "who": people}

    def withdraws(batch: Batch) -> dict[str, Answer]:
        """While the first batch is on its way, somebody in it and somebody after it say no."""
        stands.update(version=1, who=[replace(one, status="withdrawn") if one.id in "ac" else one for one in people])
        return {}

    world.newsletter.size, world.newsletter.fault = 2, withdraws
    moving = ConsentsNow(lambda: said(world.spark, stands["who"]), lambda: stands["version"])  # type: ignore[arg-type, return-value]
    delivered = world.run(people, consents=moving)
    assert delivered[0].outcomes == {("add", "acknowledged"): 3, ("add", "withheld"): 1}
    assert world.newsletter.seen == ["contact:crm:crm-a", "contact:crm:crm-b", "contact:crm:crm-d"]
    one_outcome_each(world)


def test_an_objection_between_plan_and_send_withholds_the_scores(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path, activation().model_copy(update={"audiences": {}}))
    objection = statement(None, "objected", customer="a", purpose="profiling", channel="")
    delivered = world.run([Person("a"), Person("b")], now=consents(spark, [objection]))
    assert delivered[0].outcomes == {("add", "withheld"): 1, ("add", "acknowledged"): 1}
    assert set(world.crm.held) == {"contact:crm:crm-b"}


@pytest.mark.parametrize("audience", ["win_back", EVERYWHERE])
def test_a_held_out_customer_among_the_members_is_withheld_and_taken_off(world: World, audience: str) -> None:
    world.settings = only_audience().model_copy(update={"global_holdout": 0.1})
    people = [Person("held"), Person("new"), Person("free"), Person("elsewhere")]
    chosen = world.members(people, NIGHT).withColumn("decision", F.lit("member")).withColumn("reason", F.lit(None))
    before = chosen.where("customer_id = 'held'")
    world.run(people, members=before)
    drawn = [(audience, "held"), (audience, "new"), ("another", "elsewhere")]
    world.holdouts = held_out(world.spark, drawn)
    changed = [replace(person, reasons=("later",)) for person in people]
    delivered = world.run(changed, night=NIGHT + timedelta(days=1), members=chosen)
    assert delivered[0].outcomes == {
        ("add", "acknowledged"): 2,
        ("add", "withheld"): 1,
        ("update", "withheld"): 1,
        ("remove", "acknowledged"): 1,
    }
    assert set(world.newsletter.held) == {"contact:crm:crm-free", "contact:crm:crm-elsewhere"}
    assert {row["message"] for row in world.outcomes() if row["outcome"] == "withheld"} == {HELD_OUT}


def test_a_night_that_is_not_the_newest_sends_nothing(world: World) -> None:
    delivered = world.run([Person("a")], send=False)
    assert delivered[0].plan.count("add") == 1
    assert not delivered[0].outcomes
    assert not world.newsletter.seen
    assert not world.lake.kept


def test_one_broken_batch_holds_up_nothing_else_and_a_rerun_sends_only_what_is_missing(
    spark: SparkSession, tmp_path: Path
) -> None:
    def broken(batch: Batch) -> dict[str, Answer]:
        if any(record.contact_id == "crm-b" for record in batch.records):
            raise ValueError("a@example.org is not welcome")
        return {}

    world = World(spark, tmp_path, activation())
    world.crm.size, world.crm.fault = 1, broken
    with pytest.raises(DeliveriesFailed, match="1 of 3 records failed") as failed:
        world.run([Person("a"), Person("b"), Person("c")])
    assert "example.org" not in str(failed.value) + str(world.outcomes())
    assert len(world.newsletter.held) == 3
    world.crm.fault = None
    world.crm.seen.clear()
    assert said_of(world.run([Person("a"), Person("b"), Person("c")])) == {"add": 1}
    assert world.crm.seen == ["contact:crm:crm-b"]
    one_outcome_each(world)


def test_a_destination_that_is_down_is_named_and_the_others_are_served(spark: SparkSession, tmp_path: Path) -> None:
    class Down(MemoryTool):
        def check(self) -> None:
            raise DestinationUnavailable("no answer", where="crm", still_true="", next_step="")

    world = World(spark, tmp_path, activation(fields=["reasons", "value_amount", "email"]))
    world.opened = {**destinations(world.settings, tmp_path), "crm": Down()}
    with pytest.raises(DeliveriesFailed, match="nothing sent, no answer"):
        world.run([Person("a")])
    assert (tmp_path / "out" / "newsletter" / "win_back_2026-03-01.csv").read_text() == (
        "contact_id,operation,reasons,value_amount,email\ncrm-a,add,no order for 90 days,120.50,a@example.org\n"
    )


@pytest.mark.parametrize("kill_after", [0, 2])
def test_a_kill_between_send_and_record_ends_in_the_state_of_a_quiet_run(world: World, kill_after: int) -> None:
    world.settings = only_audience(holdout=0.2)
    refuse = {f"contact:crm:crm-refused{n}": Answer("rejected", "no") for n in range(2)}
    tool = world.newsletter
    tool.size, tool.fault = 3, lambda _: refuse
    world.run(_people(BEFORE))
    tool.kill_after = kill_after
    night = NIGHT + timedelta(days=1)
    with pytest.raises(Killed):
        world.run(_people(AFTER), night=night)
    world.run(_people(AFTER | {"withdraws_later": {"status": "withdrawn"}}), night=night)
    wanted = {f"contact:crm:crm-{fate}{n}" for fate in ("stays", "moves", "arrives") for n in range(2)}
    controls = {
        row["record_key"] for row in world.members(_people(AFTER), night).where("decision = 'held_out'").collect()
    }
    assert set(tool.held) == wanted - controls
    assert controls.isdisjoint(tool.seen)
    assert all("new" in payload for key, payload in tool.held.items() if "moves" in key)
    one_outcome_each(world)


def test_a_record_refused_on_too_many_nights_is_counted_as_dead_until_it_says_something_else(world: World) -> None:
    newsletter = world.settings.destinations["newsletter"].model_copy(update={"dead_after_nights": 1})
    world.settings = world.settings.model_copy(
        update={"destinations": {**world.settings.destinations, "newsletter": newsletter}}
    )
    world.newsletter.fault = lambda _: {"contact:crm:crm-a": Answer("rejected", "no")}
    assert world.run([Person("a"), Person("b")])[0].count("rejected") == 1
    later = world.run([Person("a"), Person("b")], night=NIGHT + timedelta(days=1))[0]
    assert (later.plan.count("dead"), later.plan.count("unchanged"), later.outcomes) == (1, 1, {})
    assert [line.example_customer_id for line in later.plan.lines if line.what == "dead"] == ["a"]
    changed = world.plans([Person("a", reasons=("new",)), Person("b")], night=NIGHT + timedelta(days=2))[0]
    assert (changed.count("dead"), changed.count("add")) == (0, 1)


def test_a_destination_that_breaks_on_the_way_says_why_the_rest_was_not_sent(world: World) -> None:
    def broken(_: Batch) -> dict[str, Answer]:
        raise DestinationUnavailable("no answer", where="crm", still_true="", next_step="")

    world.newsletter.size, world.newsletter.fault = 1, broken
    with pytest.raises(DeliveriesFailed, match="5 of 5 records failed, not called any more: 3 calls failed"):
        world.run([Person(f"p{n}") for n in range(5)])
    assert Counter(row["message"] for row in world.outcomes())["no answer"] == 3


def test_a_clock_that_jumps_back_changes_nothing_that_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run([Person("stays"), Person("moves"), Person("goes")])
    monkeypatch.setattr(ledger, "_now", lambda: "2001-01-01T00:00:00+00:00")
    later = [Person("stays"), Person("moves", reasons=("new",)), Person("goes", band="low")]
    assert said_of(world.run(later, night=NIGHT + timedelta(days=1))) == {"update": 1, "remove": 1}
    assert said_of(world.run(later, night=NIGHT + timedelta(days=2))) == {}
    assert set(world.newsletter.held) == {"contact:crm:crm-moves", "contact:crm:crm-stays"}
    one_outcome_each(world)


def test_an_audience_that_left_the_retailer_file_is_emptied(world: World) -> None:
    world.run([Person("a")])
    world.settings = world.settings.model_copy(update={"audiences": {}})
    assert said_of(world.run([Person("a")], night=NIGHT + timedelta(days=1))) == {"remove": 1}
    assert not world.newsletter.held


def test_a_removal_of_much_of_what_is_held_waits_for_a_person(world: World) -> None:
    world.run([Person(f"p{n}") for n in range(20)])
    few = [Person("p0")]
    night = NIGHT + timedelta(days=1)
    with pytest.raises(DeliveriesFailed, match=r"would remove 19 of 20 records \(limit 30%\)"):
        world.run(few, night=night)
    assert len(world.newsletter.held) == 20
    with pytest.raises(DeliveriesFailed, match=r"win_back.*would remove 19 of 20 records"):
        world.run([*few, Person("p1", status="withdrawn"), Person("p2", status="denied")], night=night)
    gone = {"crm-p1", "crm-p2"}
    assert {record.partition("crm:")[2] for record in world.newsletter.held} == {f"crm-p{n}" for n in range(20)} - gone
    assert said_of(world.run(few, night=night, accepted="win_back")) == {"remove": 17}


@pytest.mark.parametrize(("removed", "held", "stops"), [(20, 60, True), (20, 70, False), (9, 9, False)])
def test_a_large_removal_is_a_share_of_what_is_held_and_more_than_a_few(
    spark: SparkSession, removed: int, held: int, *, stops: bool
) -> None:
    lines = (PlanLine("remove", None, removed, "c"), PlanLine("unchanged", None, held - removed, "c"))
    plan = Plan("win_back", "newsletter", (), spark.range(0), lines)
    told = too_large(plan, 0.3, NIGHT)
    assert (told is not None) == stops
    assert not stops or 'habitue accept --table win_back --night 2026-03-01 --because "..."' in str(told)


def test_a_missing_credential_is_found_before_anything_is_planned(world: World, tmp_path: Path) -> None:
    crm = world.settings.destinations["crm"].model_copy(update={"credentials": "HABITUE_TEST_ABSENT"})
    settings = world.settings.model_copy(update={"destinations": {"crm": crm}})
    with pytest.raises(MissingCredentials, match=r"HABITUE_TEST_ABSENT"):
        destinations(settings, tmp_path)


def test_deliveries_reach_the_lake_once_however_often_the_fold_is_interrupted(lake: Lakehouse, tmp_path: Path) -> None:
    class Interrupted(Outbox):
        def folded(self) -> None:
            raise Killed

    row = (
        "id",
        1,
        "2026-03-01",
        "crm",
        "crm_scores",
        "contact:crm:1",
        "c1",
        "add",
        "hash",
        "2026-04-01",
        None,
        None,
        None,
        0,
    )
    outbox = Interrupted(tmp_path / "outbox.sqlite")
    outbox.announce([row])
    outbox.abandon(at="2026-03-01T02:00:00+00:00")
    with pytest.raises(Killed):
        Ledger(lake, outbox).fold()
    Outbox(outbox.path).announce([row])
    ledger = Ledger.opened(lake, tmp_path)
    found = ledger.deliveries().selectExpr("sequence", "outcome", "string(sent_at)").orderBy("sequence").collect()
    assert [tuple(row)[:2] for row in found] == [(1, "failed"), (2, "failed")]
    assert found[0][2] == "2026-03-01 02:00:00"
    fresh = Ledger.opened(lake, tmp_path / "another state folder")
    assert fresh.outbox.announce([row]) == [3]


FATES = ("stays", "moves", "leaves", "withdraws", "withdraws_later", "arrives", "refused")
BEFORE: dict[str, dict[str, object]] = {"arrives": {"status": None}, "withdraws_later": {"status": None}}
AFTER: dict[str, dict[str, object]] = {
    "moves": {"reasons": ("new",)},
    "leaves": {"band": "low"},
    "withdraws": {"status": "withdrawn"},
}


def _people(changed: dict[str, dict[str, object]]) -> list[Person]:
    return [Person(f"{fate}{n}", **changed.get(fate, {})) for fate in FATES for n in range(2)]  # type: ignore[arg-type]


def test_a_destination_is_told_the_types_of_the_fields_and_whether_people_are_contacted(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = World(spark, tmp_path, activation())
    told: dict[str, Batch] = {}

    def look(batch: Batch) -> dict[str, Answer]:
        told[batch.name] = batch
        return {}

    world.crm.fault = world.newsletter.fault = look
    world.run([Person("a")])
    types = {"churn_band": "string", "churn_probability": "double", "valid_until": "date"}
    assert (told["crm_scores"].types, told["crm_scores"].is_audience) == (types, False)
    assert (told["win_back"].types["reasons"], told["win_back"].is_audience) == ("array<string>", True)
