"""A delivery far from usual stops its table before the write, until a person lets it through."""

import argparse
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta import Lakehouse, NightStart
from lakehouse.errors import WrongCall
from lakehouse.rows import frame_of
from orchestration import accepting
from orchestration import night as night_module
from orchestration.accepting import let_through
from orchestration.assets.arrivals_gate import check_matched, check_usual
from orchestration.night import NightRun, Place
from orchestration.record import NightRecord
from pipelines import tables as unified
from pipelines.canonical import ORDERS
from pipelines.reconciliation import FileCounted
from quality.accepted import ACCEPTED, accept, accepted_nights
from quality.gate import PublicationBlocked
from quality.measurements import MEASUREMENTS, Figure, as_frame, history
from tests.end_to_end.small_shop import write_shop
from tests.orchestration.night_runs import night_run

NIGHT = date(2026, 3, 2)
WEEKS = 5


def counted(rows: int) -> FileCounted:
    return FileCounted("till", "sales", "abc", "sales.csv", "orders", 0, rows)


def rows(number: int) -> Figure:
    return Figure("conformed.orders", "till", "sales", "rows", "", number, number)


@pytest.fixture
def run(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NightRun:
    """A night after five weeks of about 1,000 orders a day, whose table nobody has let through."""
    place = Place(write_shop(tmp_path), tmp_path, str(tmp_path / "lake"))
    before = history((NIGHT - timedelta(days=day), rows(1000 + day % 3)) for day in range(1, 7 * WEEKS + 1))
    monkeypatch.setattr(night_module, "measured_before", lambda *_, **__: before)
    return night_run(spark, place, NIGHT)


@pytest.mark.parametrize("rows", [0, 480, 2000])
def test_far_too_little_or_too_much_stops_the_table_and_says_what_to_type(run: NightRun, rows: int) -> None:
    with pytest.raises(PublicationBlocked) as stopped:
        check_usual(run, ORDERS, [counted(rows // 2), counted(rows - rows // 2)])
    told = str(stopped.value)
    assert f"till.sales brought {rows:,} rows, where 5 nights of its kind make about 1,00" in told
    assert 'habitue accept --table conformed.orders --night 2026-03-02 --because "..."' in told
    assert [gate.outcome for gate in stopped.value.gates] == ["blocked"]


@pytest.mark.parametrize(("rows", "outcome"), [(1010, "passed"), (1260, "warned")])
def test_usual_nights_pass_and_unusual_ones_are_told(run: NightRun, rows: int, outcome: str) -> None:
    check_usual(run, ORDERS, [counted(rows)])
    assert [(gate.outcome, gate.table) for gate in run.record.gates] == [(outcome, "conformed.orders")]


def test_true_change_is_let_through_once(run: NightRun) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    for _ in range(2):
        accept(run.lake, "conformed.orders", NIGHT, who="Ann", why="new store", decided_at=at)
    check_usual(run, ORDERS, [counted(2000)])
    assert [gate.outcome for gate in run.record.gates] == ["warned"]
    assert accepted_nights(run.lake) == {"conformed.orders": {NIGHT}}
    assert run.lake.read(ACCEPTED).count() == 1
    next_night = replace(run, night=NIGHT + timedelta(days=1), record=NightRecord())
    with pytest.raises(PublicationBlocked):
        check_usual(next_night, ORDERS, [counted(5000)])
    assert run.record.figures["conformed.orders"] == [rows(2000)]


def matched_orders(run: NightRun, nights: dict[date, int]) -> DataFrame:
    """100 orders of the till on each night, so many of them with a customer."""
    known = [
        {"source": "till", "order_id": f"{night}-{n}", "known_from": night, "customer_id": "c" if n < found else None}
        for night, found in nights.items()
        for n in range(100)
    ]
    names = unified.ORDERS.column_names
    return frame_of(run.lake.spark, [[row.get(name) for name in names] for row in known], unified.ORDERS.schema)


def test_orders_whose_customers_are_no_longer_found_stop_before_they_are_unified(run: NightRun) -> None:
    before = {NIGHT - timedelta(days=day): 60 + day % 5 for day in range(1, 7 * WEEKS)}
    run.lake.merge(unified.ORDERS, matched_orders(run, before))
    began = NightStart(NIGHT, versions=run.lake.versions([unified.ORDERS]))
    run = replace(run, lake=Lakehouse(run.place.lake, run.lake.spark).for_night(began))
    check_matched(run, matched_orders(run, {NIGHT: 58}))
    assert [gate.outcome for gate in run.record.gates] == ["passed"]
    with pytest.raises(PublicationBlocked, match=r"till finds a customer for 12% of the rows, usually 62%") as stopped:
        check_matched(run, matched_orders(run, {NIGHT: 12}))
    assert "habitue accept --table unified.orders --night 2026-03-02" in str(stopped.value)


def test_rebuilt_nights_and_deliveries_without_a_past_are_not_judged(run: NightRun) -> None:
    check_usual(replace(run, rebuild_from="raw"), ORDERS, [counted(2000)])
    check_usual(run, ORDERS, [replace(counted(2000), delivery="returns")])
    assert run.record.gates == []


def test_figures_of_earlier_nights_are_the_past_of_a_night(spark: SparkSession, tmp_path: Path) -> None:
    place = Place(write_shop(tmp_path), tmp_path, str(tmp_path / "lake"))
    lake = Lakehouse(place.lake, spark)
    for day, number in ((0, 50), (1, 10), (2, 30), (300, 20)):
        night = NIGHT - timedelta(days=day)
        lake.replace_night(MEASUREMENTS, as_frame(spark, [rows(number)], night), night)
    found = night_run(spark, place, NIGHT).past.history
    before = {NIGHT - timedelta(days=1): rows(10), NIGHT - timedelta(days=2): rows(30)}
    assert found == {rows(10).place: {"rows": {"": before}}}


def asked(folder: Path, **given: object) -> argparse.Namespace:
    said: dict[str, object] = {"table": "conformed.orders", "night": NIGHT, "because": "new store", "who": "Ann"}
    place = {"retailer": folder / "shop.yaml", "landing": folder, "lake": str(folder / "lake"), "json": True}
    return argparse.Namespace(**{**place, **said, **given})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"table": "conformed.order"}, "no delivery fills a table conformed.order"),
        ({"because": " "}, "no reason is given"),
    ],
)
def test_wrong_decisions_are_refused_and_nothing_is_let_through(
    run: NightRun, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], words: str
) -> None:
    monkeypatch.setattr(accepting, "open_lake", lambda *_, **__: nullcontext(run.lake))
    with pytest.raises(WrongCall, match=words):
        let_through(asked(run.place.landing, **given))
    assert not run.lake.exists(ACCEPTED)


def test_what_a_destination_still_holds_can_be_let_through_by_its_name(
    run: NightRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "open_lake", lambda *_, **__: nullcontext(run.lake))
    monkeypatch.setattr(accepting, "_left_the_file", lambda *_: ["win_back"])
    assert let_through(asked(run.place.landing, table="win_back")) == 0
    assert accepted_nights(run.lake) == {"win_back": {NIGHT}}


def test_decision_is_kept_with_who_and_why(
    run: NightRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accepting, "open_lake", lambda *_, **__: nullcontext(run.lake))
    assert let_through(asked(run.place.landing)) == 0
    kept = run.lake.read(ACCEPTED).select("night", "name", "who", "why").collect()
    assert [tuple(row) for row in kept] == [(NIGHT, "conformed.orders", "Ann", "new store")]
    assert json.loads(capsys.readouterr().out)["night"] == "2026-03-02"
