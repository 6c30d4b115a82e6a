"""Laws of whole nights: a stopped one leaves yesterday whole, a killed one is repaired; the README's runs again."""

import csv
import json
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.lock import lake_lock
from lakehouse.settings import PROJECT
from orchestration import cli
from pipelines.identity.model import from_json
from pipelines.tables import IDENTITY_EVENTS, IDENTITY_MODELS, IDENTITY_PAIRS
from tests.end_to_end.club import NEW, SELDOM
from tests.end_to_end.conftest import CaughtUp, Shop, copied
from tests.end_to_end.killing import kill_after
from tests.end_to_end.lakes import Contents, contents, differences, lost, stored
from tests.end_to_end.small_shop import FIRST, PEOPLE, SECOND, TICKETS, write_rows
from tests.orchestration.listeners import web_server


def test_first_night_scores_with_baselines_of_grade_e(first_night: Shop) -> None:
    rows = stored(first_night.lake / "pseudonymous/scores/customer_scores").rows
    assert len(rows) == PEOPLE
    scored = [row for row in rows if row["no_score_reason"] is None]
    assert {row["grade"] for row in scored} == {"E"}
    assert all(row["reasons"] for row in scored)


def test_nobody_without_consent_is_in_a_file_that_contacts(caught_up: CaughtUp) -> None:
    (file,) = (caught_up.shop.folder / "out" / "newsletter").glob("*.csv")
    with file.open(newline="") as lines:
        ids = {next(iter(row.values())) for row in csv.DictReader(lines)}
    assert len(ids) == PEOPLE * 2 // 3
    assert not {f"C{n}" for n in range(0, PEOPLE, 3)} & ids


def test_no_e_mail_address_lies_outside_the_personal_tables(caught_up: CaughtUp) -> None:
    shop = caught_up.shop
    outside = [path for path in (shop.lake / "pseudonymous").rglob("*") if path.is_file()]
    outside += [path for path in (shop.folder / "lake.state").rglob("*") if path.is_file()]
    outside += [path for path in (shop.folder / "out").rglob("*") if path.is_file()]
    assert len(outside) > 100
    assert [str(path) for path in outside if b"@example.org" in path.read_bytes()] == []


def test_what_a_thorough_night_learned_from_groups_scores_the_records_of_the_next(
    spark: SparkSession, caught_up: CaughtUp
) -> None:
    lake = Lakehouse(str(caught_up.shop.lake), spark)
    [kept] = lake.read(IDENTITY_MODELS).collect()
    model = from_json(kept["parameters"])
    assert kept["night"] == FIRST
    assert model.rescorer is not None
    assert "first_opinion" in model.rescorer.features
    joined = lake.read(IDENTITY_EVENTS).where(f"night = DATE'{SECOND}' and event = 'joined'")
    assert [tuple(row) for row in joined.select("records_count", "model_version").collect()] == [
        (1, kept["version"])
    ] * NEW
    new = [f"contact:club:{person * 100 + SELDOM}" for person in range(NEW)]
    scored = lake.read(IDENTITY_PAIRS).where(F.col("record_a").isin(new) | F.col("record_b").isin(new))
    assert scored.count() >= NEW * SELDOM


@dataclass(frozen=True)
class Stopped:
    """A shop whose second night a gate stopped; the tickets that it should have brought."""

    shop: Shop
    sound: bytes
    before: Contents
    said: str
    alerts: list[dict[str, Any]]


@pytest.fixture(scope="module")
def stopped(first_night: Shop, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """The small shop after a second night of unreadable tickets."""
    shop = copied(first_night, tmp_path_factory.mktemp("stopped") / "shop")
    before = contents(shop.lake, shop.retailer)
    tickets = shop.landing / f"tickets_{SECOND}.csv"
    sound = tickets.read_bytes()
    write_rows(tickets, TICKETS, [(f"X{n}", "yesterday", "", "ten") for n in range(30)])
    said = StringIO()
    with redirect_stderr(said), web_server() as hook:
        with shop.retailer.open("a") as file:
            file.write(f"alerts: {{webhook: {{url: '{hook.url}'}}}}\n")
        assert shop.night(SECOND, "--json") == 1
    return Stopped(shop, sound, before, said.getvalue(), [json.loads(body) for _, body in hook.posts])


def test_blocked_gate_says_what_the_readme_shows_and_leaves_every_table_whole(stopped: Stopped) -> None:
    readme = (PROJECT / "README.md").read_text()
    [shown] = [line for line in readme.splitlines() if line.startswith("conformed.orders 2024-06-02: ")]
    assert shown in " ".join(stopped.said.split())
    assert "data-engineering looks after this table" in stopped.said
    [alert] = stopped.alerts
    assert [(one["where"], one["owner"]) for one in alert["findings"]] == [
        ("conformed.orders 2024-06-02", "data-engineering")
    ]
    assert '"alerts": {"webhook": "sent"}' in stopped.said
    after = contents(stopped.shop.lake, stopped.shop.retailer)
    grown = {"ops.nights", "raw.files", "raw.till_tickets", "raw.crm_contacts", "conformed.orders_rejected"}
    # The club's new records may come before the gate stops the night.
    grown |= {"raw.club_members", "conformed.contacts"}
    assert {line.split(":")[0] for line in differences(stopped.before, after)} <= grown


def test_night_that_a_gate_stopped_and_then_was_killed_ends_in_the_tables_of_an_undisturbed_one(
    stopped: Stopped, caught_up: CaughtUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = copied(stopped.shop, tmp_path / "shop")
    (shop.landing / f"tickets_{SECOND}.csv").write_bytes(stopped.sound)
    kill_after("unified.orders", shop, SECOND)
    assert lost(stopped.before, contents(shop.lake, shop.retailer)) == []
    assert shop.night(SECOND, "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"night", "tables", "rejected", "gates", "models", "audiences", "deliveries", "seconds"} <= told.keys()
    assert told["tables"]["unified.customers"] == PEOPLE
    assert told["rejected"] == {}
    undisturbed = contents(caught_up.shop.lake, shop.retailer)
    differ = differences(undisturbed, contents(shop.lake, shop.retailer))
    # The unreadable tickets came too, and were replaced.
    assert {line.split(":")[0] for line in differ} == {"raw.files", "raw.till_tickets"}


def test_every_source_is_scored_and_the_quality_page_stands_beside_the_report(caught_up: CaughtUp) -> None:
    told = caught_up.second
    assert told["scores"].keys() == {"crm", "till", "club"}
    assert all(50 < points <= 100 for points in told["scores"].values())
    assert Path(told["quality"]).read_text().count("<polyline") >= 3


def test_caught_up_nights_send_nothing_but_the_newest(caught_up: CaughtUp) -> None:
    assert {one["delivers"] for one in caught_up.first["deliveries"].values()} == {False}
    assert {one["delivers"] for one in caught_up.second["deliveries"].values()} == {True}


def test_rebuild_takes_a_new_mapping_and_sends_nothing(
    caught_up: CaughtUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = copied(caught_up.shop, tmp_path / "shop")
    shop.retailer.write_text(shop.retailer.read_text().replace("channel: \"'store'\"", "channel: \"'till'\""))
    assert cli.main(["rebuild", "--from", "raw", *shop.place(), "--json"]) == 0
    rebuilt = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {row["channel"] for row in stored(shop.lake / "pseudonymous/unified/orders").rows} == {"till"}
    # A rebuild accounts for every file that was ever delivered, learns anew, and is kept as one.
    own = {"ops.reconciliation", "ops.nights", "unified.identity_models", "unified.identity_pairs"}
    rest = {name: rows for name, rows in caught_up.second["tables"].items() if name not in own}
    assert {name: rows for name, rows in rebuilt["tables"].items() if name not in own} == rest
    assert rebuilt["tables"]["ops.nights"] == caught_up.second["tables"]["ops.nights"] + 1
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
