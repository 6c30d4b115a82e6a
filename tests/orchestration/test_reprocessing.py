"""`habitue reprocess`: what a repair brings back is what a lake holds that never set it aside."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.nights import begin_night, end_night
from orchestration.conforming import conform_and_publish
from orchestration.reprocessing import Reprocessed, reprocessed
from orchestration.retailer import Retailer, load_retailer
from pipelines.canonical import ORDERS
from pipelines.reconciliation import RECONCILIATION, reconcile, unbalanced
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
SOUND_FROM_NOW_ON = {"known_from", "night", "first_night", "unchanged", "superseded"}


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


def held(lake: Lakehouse, *, but: set[str] = frozenset()) -> Held:  # type: ignore[assignment]
    """What the tables hold, but for some columns."""
    return {
        table.name: counted(lake.read(table), [name for name in table.column_names if name not in but])
        for table in TABLES
    }


@dataclass(frozen=True)
class Mended:
    """A lake after two nights whose mapping knew no commas, and after its repair was killed, done, and done again."""

    lake: Lakehouse
    never: Lakehouse
    before: Held
    killed: Held
    after: Held
    told: Reprocessed
    again: Reprocessed


@pytest.fixture(scope="module")
def mended(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Mended:
    folder = tmp_path_factory.mktemp("mended")
    lake, never = (Lakehouse(str(folder / name), spark) for name in ("lake", "never"))
    for one in (lake, never):
        deliver(one, *FILES)
    run_nights(lake, shop(folder, POINTS_ALONE), FIRST, SECOND)
    repaired = shop(folder, COMMAS_TOO)
    run_nights(never, repaired, FIRST, SECOND)
    before = held(lake)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Aside, "write", killed)
        with pytest.raises(Killed):
            reprocessed(lake, ORDERS, repaired, since=FIRST)
    after_kill = held(lake)
    told = reprocessed(lake, ORDERS, repaired, since=FIRST)
    after = held(lake)
    again = reprocessed(lake, ORDERS, repaired, since=FIRST)
    return Mended(lake, never, before, after_kill, after, told, again)


def killed(_aside: Aside) -> None:
    raise Killed


def test_rows_that_come_back_are_those_of_a_lake_that_never_set_them_aside(mended: Mended) -> None:
    assert held(mended.lake, but=SOUND_FROM_NOW_ON) == held(mended.never, but=SOUND_FROM_NOW_ON)
    known = {row.order_id: row.known_from for row in mended.lake.read(ORDERS.conformed).collect()}
    early = date(2026, 2, 21)
    assert known == {"whole": early, "comma": THIRD, "corrected": SECOND, "late": THIRD}
    assert (mended.told.came_back, mended.told.still_aside) == (3, 2)


def test_row_that_is_still_broken_stays_with_its_first_night_and_the_last_one(mended: Mended) -> None:
    rows = (
        mended.lake.read(ORDERS.rejected).select("night", "first_night", "row_number", "rules", "file_name").collect()
    )
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
    assert mended.killed[ORDERS.rejected.name] == mended.before[ORDERS.rejected.name]
    assert mended.killed[ORDERS.conformed.name] == mended.after[ORDERS.conformed.name]


def test_second_reprocess_changes_nothing(mended: Mended) -> None:
    assert held(mended.lake) == mended.after
    assert (mended.again.came_back, mended.again.written) == (0, 0)
