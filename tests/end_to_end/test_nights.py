"""Laws of whole nights: a stopped one leaves yesterday whole, a killed one is repaired; the README's runs again."""

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.lock import lake_lock
from orchestration import cli
from tests.end_to_end.conftest import Shop
from tests.end_to_end.killing import kill_after
from tests.end_to_end.lakes import contents, differences
from tests.end_to_end.small_shop import FIRST, PEOPLE, TICKETS, write_rows

SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_first_night_scores_with_baselines_of_grade_e(spark: SparkSession, first_night: Shop) -> None:
    rows = contents(spark, first_night.lake, first_night.retailer)["scores.customer_scores"]
    assert sum(rows.values()) == PEOPLE
    scores = spark.read.format("delta").load(str(first_night.lake / "pseudonymous/scores/customer_scores"))
    assert {row["grade"] for row in scores.where("no_score_reason is null").collect()} == {"E"}
    assert scores.where("no_score_reason is null and size(reasons) = 0").isEmpty()


def test_nobody_without_consent_is_in_a_file_that_contacts(first_night: Shop) -> None:
    (file,) = (first_night.folder / "out" / "newsletter").glob("*.csv")
    with file.open(newline="") as lines:
        ids = {next(iter(row.values())) for row in csv.DictReader(lines)}
    assert len(ids) == PEOPLE * 2 // 3
    assert not {f"C{n}" for n in range(0, PEOPLE, 3)} & ids


def test_no_e_mail_address_lies_outside_the_personal_tables(first_night: Shop) -> None:
    outside = [path for path in (first_night.lake / "pseudonymous").rglob("*") if path.is_file()]
    outside += [path for path in (first_night.folder / "lake.state").rglob("*") if path.is_file()]
    outside += [path for path in (first_night.folder / "out").rglob("*") if path.is_file()]
    assert len(outside) > 100
    assert [str(path) for path in outside if b"@example.org" in path.read_bytes()] == []


def test_blocked_gate_leaves_every_table_whole_and_the_repaired_file_runs(
    spark: SparkSession, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(spark, shop.lake, shop.retailer)
    tickets = shop.landing / f"tickets_{SECOND}.csv"
    sound = tickets.read_text()
    write_rows(tickets, TICKETS, [(f"X{n}", "yesterday", "", "ten") for n in range(30)])
    assert shop.night(SECOND) == 1
    said = capsys.readouterr().err
    assert "conformed.orders 2024-06-02: gate blocked publication" in said
    assert "still holds 2024-06-01" in said
    assert "habitue night --date 2024-06-02" in said
    after = contents(spark, shop.lake, shop.retailer)
    grown = {"ops.nights", "raw.files", "raw.till_tickets", "raw.crm_contacts", "conformed.orders_rejected"}
    assert {line.split(":")[0] for line in differences(before, after)} <= grown
    tickets.write_text(sound)
    assert shop.night(SECOND, "--json") == 0
    promised = {"night", "tables", "rejected", "gates", "models", "audiences", "deliveries", "seconds"}
    told = printed(capsys)
    assert promised <= told.keys()
    assert told["tables"]["unified.customers"] == PEOPLE
    assert told["rejected"] == {}


def test_caught_up_nights_send_nothing_but_the_newest_and_a_rebuild_takes_a_new_mapping(
    spark: SparkSession, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["night", *shop.place(), "--from", str(SECOND), "--to", str(THIRD), "--json"]) == 0
    caught_up, newest = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert {one["delivers"] for one in caught_up["deliveries"].values()} == {False}
    assert {one["delivers"] for one in newest["deliveries"].values()} == {True}
    shop.retailer.write_text(shop.retailer.read_text().replace("channel: \"'store'\"", "channel: \"'till'\""))
    assert cli.main(["rebuild", "--from", "raw", *shop.place(), "--json"]) == 0
    rebuilt = printed(capsys)
    orders = spark.read.format("delta").load(str(shop.lake / "pseudonymous/unified/orders"))
    assert {row["channel"] for row in orders.select("channel").distinct().collect()} == {"till"}
    for said in (rebuilt, newest):
        # A rebuild accounts for every file that was ever delivered, a night for its own.
        del said["tables"]["ops.reconciliation"]
    assert rebuilt["tables"] == newest["tables"]
    assert {one["delivers"] for one in rebuilt["deliveries"].values()} == {False}


def test_second_night_at_once_is_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with lake_lock(shop.folder / "lake.state", purpose=f"night {FIRST}"):
        assert shop.night(SECOND) == 1
    assert f"night {FIRST} (process " in capsys.readouterr().err


def test_night_after_a_gap_and_before_the_first_are_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.night(FIRST + timedelta(days=5)) == 2
    assert f"habitue night --from {SECOND} --to {FIRST + timedelta(days=5)}" in capsys.readouterr().err
    assert shop.night(FIRST - timedelta(days=1)) == 2
    assert f"the first night of this retailer is {FIRST}" in capsys.readouterr().err


def test_killed_night_and_a_rerun_end_in_the_tables_of_an_undisturbed_one(
    spark: SparkSession, first_night: Shop, new_shop: Callable[[], Shop]
) -> None:
    shop = new_shop()
    kill_after("unified.orders", shop, FIRST)
    assert shop.night(FIRST) == 0
    undisturbed = contents(spark, first_night.lake, first_night.retailer)
    assert differences(undisturbed, contents(spark, shop.lake, shop.retailer)) == []
