"""A process may die between any two writes of a first night, or in the middle of one: a rerun ends as if it had not."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.nights import NIGHTS, NIGHTS_ENDED, begin_night, check_order, end_night
from lakehouse.table import Table, columns, required

NIGHT = date(2024, 3, 1)
ID = required("id", "int", "id")
RECORDS = Table("unified.records", "one row per record", ("id",), columns(ID), "merge")
MODELS = Table(
    "unified.models", "one row per night", ("night",), columns(required("night", "date", "night"), ID), "replace_night"
)
FILES = Table("raw.files", "one row per file", ("id",), columns(ID), "append_once")
TABLES = (RECORDS, MODELS, FILES)
WRITES = 4


@dataclass(frozen=True)
class Undisturbed:
    """What a night that nobody disturbs leaves, and the lake after so many of its writes."""

    held: Mapping[str, list[str]]
    after: Mapping[int, Path]


def first_night(lake: Lakehouse, *, after_write: Callable[[int], None] = lambda _: None) -> None:
    """The whole first night."""
    start = begin_night(lake, NIGHT, tables=TABLES, models={}, first_night=NIGHT)
    night = lake.for_night(start)
    ids = lake.spark.range(2).selectExpr("cast(id as int) as id").coalesce(1)
    of_night = ids.limit(1).selectExpr(f"DATE'{NIGHT}' as night", "id")
    steps: tuple[Callable[[], None], ...] = (
        lambda: night.append_once(FILES, ids, batch="one"),
        lambda: night.merge(RECORDS, ids),
        lambda: night.replace_night(MODELS, of_night, NIGHT),
        lambda: end_night(night, NIGHT),
    )
    for number, step in enumerate(steps, start=1):
        step()
        after_write(number)


def held(lake: Lakehouse) -> dict[str, list[str]]:
    tables = (*TABLES, NIGHTS, NIGHTS_ENDED)
    return {table.name: sorted(map(str, lake.read(table).collect())) for table in tables}


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    lake = Lakehouse(str(folder / "lake"), spark)
    after = {number: folder / f"after {number}" for number in range(1, WRITES)}

    def keep(number: int) -> None:
        if number in after:
            shutil.copytree(lake.path, after[number])

    first_night(lake, after_write=keep)
    return Undisturbed(held(lake), after)


@pytest.mark.parametrize("writes", range(1, WRITES))
def test_first_night_that_died_after_any_write_is_repaired_by_its_rerun(
    spark: SparkSession, undisturbed: Undisturbed, tmp_path: Path, writes: int
) -> None:
    lake = died_after(writes, undisturbed, tmp_path, spark)
    check_order(lake, NIGHT, first_night=NIGHT)
    first_night(lake)
    assert held(lake) == undisturbed.held


def test_write_that_died_before_its_first_commit_is_no_table(
    spark: SparkSession, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """What a kill leaves in the middle of a table's first write: files of rows, and a log without a commit."""
    lake = died_after(1, undisturbed, tmp_path, spark)
    lake.spark.range(7).write.parquet(lake.location(RECORDS))
    (Path(lake.location(RECORDS)) / "_delta_log").mkdir()
    assert lake.read(RECORDS).isEmpty()
    first_night(lake)
    assert held(lake) == undisturbed.held


def died_after(writes: int, undisturbed: Undisturbed, folder: Path, spark: SparkSession) -> Lakehouse:
    """A lake of its own as a night left it that died after so many writes."""
    return Lakehouse(shutil.copytree(undisturbed.after[writes], str(folder / "lake")), spark)
