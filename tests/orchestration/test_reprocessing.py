"""`habitue reprocess`: what a repair brings back is what a lake holds that never set it aside."""

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.errors import GateBlocked
from lakehouse.lock import lake_lock
from lakehouse.nights import begin_night, end_night, night_start
from lakehouse.table import Table
from orchestration import cli
from orchestration.conforming import conform_and_publish
from orchestration.reprocessing import Reprocessed, in_words, reprocessed
from orchestration.retailer import Retailer, load_retailer
from pipelines.canonical import ORDERS
from pipelines.history import unified
from pipelines.reconciliation import RECONCILIATION, reconcile, unbalanced
from pipelines.tables import ORDERS as UNIFIED_ORDERS
from quality.rejects import Aside
from tests.end_to_end.lakes import counted
from tests.pipelines.deliveries import FIRST, SECOND, THIRD, File, deliver

RETAILER = """\
retailer: mended shop
first_night: 2026-03-01
currency: EUR
timezone: UTC
sources:
  shop:
    timezone: UTC
    deliveries: {rows: {files: "rows_*.csv", load: append}}
    entities:
      orders:
        from: rows
        columns: {order_id: Id, ordered_at: to_timestamp(Sold), order_amount: AMOUNT}
syncs: {}
audiences: {}
destinations: {}
"""
POINTS_ALONE = '"cast(Total as decimal(18,2))"'
COMMAS_TOO = "\"cast(replace(Total, ',', '.') as decimal(18,2))\""
TABLES = (ORDERS.conformed, ORDERS.rejected, RECONCILIATION)
SINCE_THE_REPAIR = frozenset({"known_from", "night", "first_night", "unchanged", "superseded"})


class Killed(Exception):
    """What stands for a kill -9."""


def sold(order: str, total: str) -> dict[str, str]:
    return {"Id": order, "Sold": "2026-02-20 10:00:00", "Total": total}


FILES = (
    File([sold("whole", "5"), sold("comma", "5,50"), sold("word", "five"), sold("corrected", "2,0")]),
    File(
        [sold("corrected", "3"), sold("late", "1,5"), sold("late", "1.75")],
        night=SECOND,
        name="rows_2.csv",
    ),
)


LIMIT = """\
rules:
  - {table: conformed.orders, rule: between, column: order_amount, max: 1, otherwise: block}
"""


def shop(folder: Path, amount: str) -> Retailer:
    file = folder / "shop.yaml"
    file.write_text(RETAILER.replace("AMOUNT", amount))
    return load_retailer(file)


def run_nights(lake: Lakehouse, retailer: Retailer, *nights: date) -> None:
    """The nights up to their reconciliation."""
    for night in nights:
        start = begin_night(lake, night, tables=TABLES, models={}, first_night=FIRST)
        run_conformed(lake.for_night(start), retailer, night)
        end_night(lake, night)


def run_conformed(lake: Lakehouse, retailer: Retailer, night: date) -> None:
    since = lake.start.reprocessed.get(ORDERS.conformed.name) if lake.start else None
    published, files = conform_and_publish(lake, ORDERS, retailer, night=night, since=since)
    tonights = [file for file in files if file.file_name == {FIRST: "rows_1.csv", SECOND: "rows_2.csv"}[night]]
    lake.replace_night(
        RECONCILIATION, reconcile(lake.spark, tonights, {"orders": published.counts}, night=night), night
    )


Held = dict[str, Counter[str]]


def held(lake: Lakehouse, *tables: Table, but: frozenset[str] = frozenset()) -> Held:
    """What the tables hold (all of TABLES unless named), but for some columns."""
    return {
        table.name: counted(lake.read(table), [name for name in table.column_names if name not in but])
        for table in tables or TABLES
    }


@dataclass(frozen=True)
class Mended:
    """A lake after two nights whose mapping knew no commas, and after its repair was killed, done, and done again.

    Units: broken is the lake before the repair, never one whose mapping always knew commas.
    """

    folder: Path
    lake: Lakehouse
    broken: Lakehouse
    never: Lakehouse
    killed: Held
    after: Held
    told: Reprocessed
    again: Reprocessed
    retailer: Retailer


@pytest.fixture(scope="module")
def mended(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Mended:
    folder = tmp_path_factory.mktemp("mended")
    lake, never = (Lakehouse(str(folder / name), spark) for name in ("lake", "never"))
    deliver(lake, *FILES)
    shutil.copytree(lake.path, never.path)
    run_nights(lake, shop(folder, POINTS_ALONE), FIRST, SECOND)
    broken = copied(lake, folder / "broken")
    repaired = shop(folder, COMMAS_TOO)
    run_nights(never, repaired, FIRST, SECOND)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Aside, "write", killed)
        with pytest.raises(Killed):
            reprocessed(lake, ORDERS, repaired, since=FIRST)
    after_kill = held(lake, ORDERS.conformed, ORDERS.rejected)
    told = reprocessed(lake, ORDERS, repaired, since=FIRST)
    after = held(lake)
    again = reprocessed(lake, ORDERS, repaired, since=FIRST)
    return Mended(folder, lake, broken, never, after_kill, after, told, again, repaired)


def killed(_aside: Aside) -> None:
    raise Killed


def copied(lake: Lakehouse, folder: Path) -> Lakehouse:
    """A copy of a lake, to be changed."""
    shutil.copytree(lake.path, folder)
    return Lakehouse(str(folder), lake.spark)


def test_rows_that_come_back_are_those_of_a_lake_that_never_set_them_aside(mended: Mended) -> None:
    assert held(mended.lake, but=SINCE_THE_REPAIR) == held(mended.never, but=SINCE_THE_REPAIR)
    known = {row.order_id: row.known_from for row in mended.lake.read(ORDERS.conformed).collect()}
    assert known == {"whole": date(2026, 2, 21), "comma": THIRD, "corrected": SECOND, "late": THIRD}
    assert (mended.told.came_back, mended.told.still_aside) == (3, 2)
    said = in_words(mended.told).splitlines()
    assert said[0] == "conformed.orders: 3 rows set aside since 2026-03-01 came back, 2 stay set aside"


def test_row_that_is_still_broken_stays_with_its_first_night_and_the_last_one(mended: Mended) -> None:
    aside = mended.lake.read(ORDERS.rejected)
    rows = aside.select("night", "first_night", "row_number", "rules", "file_name").collect()
    assert sorted(tuple(row) for row in rows) == [
        (SECOND, FIRST, 3, ["order_amount could not be parsed"], "rows_1.csv"),
        (SECOND, SECOND, 3, ["another row of the file has the same key"], "rows_2.csv"),
    ]


def test_delivered_rows_are_all_accounted_for_under_the_night_of_their_file(mended: Mended) -> None:
    told = mended.lake.read(RECONCILIATION)
    assert unbalanced(told).isEmpty()
    counts = told.select("night", "delivered", "rejected", "published", "superseded").collect()
    assert sorted(tuple(row) for row in counts) == [(FIRST, 4, 1, 3, 1), (SECOND, 3, 1, 2, 0)]


def test_kill_in_the_middle_loses_no_row_and_its_rerun_ends_as_if_undisturbed(mended: Mended) -> None:
    assert mended.killed[ORDERS.rejected.name] == held(mended.broken, ORDERS.rejected)[ORDERS.rejected.name]
    assert mended.killed[ORDERS.conformed.name] == mended.after[ORDERS.conformed.name]


def test_second_reprocess_changes_nothing(mended: Mended) -> None:
    assert held(mended.lake) == mended.after
    assert (mended.again.came_back, mended.again.written) == (0, 0)


def test_night_that_runs_again_after_a_repair_takes_what_came_back_into_itself(mended: Mended, tmp_path: Path) -> None:
    lake = copied(mended.lake, tmp_path / "lake")
    start = night_start(lake, SECOND)
    assert start is not None
    run_conformed(lake.for_night(start), mended.retailer, SECOND)
    assert held(lake, but=SINCE_THE_REPAIR) == held(mended.lake, but=SINCE_THE_REPAIR)
    assert held(lake, ORDERS.rejected)[ORDERS.rejected.name] == mended.after[ORDERS.rejected.name]
    known = {row.order_id: row.known_from for row in lake.read(ORDERS.conformed).collect()}
    assert (known["comma"], known["late"], known["corrected"]) == (SECOND, SECOND, SECOND)


def test_next_night_unifies_what_came_back_and_nothing_else(mended: Mended, tmp_path: Path) -> None:
    lake = copied(mended.lake, tmp_path / "lake")
    lake.merge(UNIFIED_ORDERS, unified(mended.broken, "orders", key="secret", region=None).frame)
    changes = unified(lake, "orders", key="secret", region=None)
    assert sorted((row.order_id, row.known_from) for row in changes.frame.collect()) == [
        ("comma", THIRD),
        ("late", THIRD),
    ]
    assert changes.gone.isEmpty()


def test_repair_that_a_gate_blocks_leaves_every_row_where_it_was(mended: Mended, tmp_path: Path) -> None:
    lake = copied(mended.broken, tmp_path / "lake")
    (tmp_path / "shop.yaml").write_text(RETAILER.replace("AMOUNT", COMMAS_TOO) + LIMIT)
    with pytest.raises(GateBlocked) as stopped:
        reprocessed(lake, ORDERS, load_retailer(tmp_path / "shop.yaml"), since=FIRST)
    assert "The rows that were set aside still are." in str(stopped.value)
    assert "then `habitue reprocess --table conformed.orders --since 2026-03-01`" in str(stopped.value)
    assert held(lake) == held(mended.broken)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"table": "conformed.order"}, "there is no table conformed.order (did you mean conformed.orders?)"),
        ({"table": "unified.orders"}, "unified.orders sets no rows aside (did you mean conformed.orders?)"),
        (
            {"since": "2026-03-05"},
            "since 2026-03-05\nNothing was changed. The last night with such rows: --since 2026",
        ),
        ({"lake": "empty"}, "there is no night yet\nNothing was changed. Run a first night"),
    ],
)
def test_wrong_call_says_what_to_type(
    mended: Mended, capsys: pytest.CaptureFixture[str], asked: dict[str, str], says: str
) -> None:
    before = mended.lake.versions(TABLES)
    assert call(mended, **asked) == 2
    assert says in capsys.readouterr().err
    assert mended.lake.versions(TABLES) == before


def test_reprocess_beside_a_running_night_is_refused(mended: Mended, capsys: pytest.CaptureFixture[str]) -> None:
    with lake_lock(Path(f"{mended.lake.path}.state"), purpose=f"night {SECOND}"):
        assert call(mended) == 1
    assert f"night {SECOND} (process " in capsys.readouterr().err


def call(mended: Mended, **other: Any) -> int:
    """Exit status of `habitue reprocess`."""
    asked = {"table": "conformed.orders", "since": str(FIRST), "lake": "lake", **other}
    place = ["--retailer", str(mended.folder / "shop.yaml"), "--lake", str(mended.folder / asked["lake"])]
    return cli.main(["reprocess", *place, "--table", asked["table"], "--since", asked["since"]])
