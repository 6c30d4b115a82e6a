"""A process may die between any two writes of a first night, or in the middle of one: a rerun ends as if it had not."""

from collections.abc import Callable
from contextlib import suppress
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


class Died(Exception):
    """The process is no more."""


def first_night(lake: Lakehouse, *, writes: int = WRITES) -> None:
    """A night that dies after so many of its writes."""
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
    for step in steps[:writes]:
        step()
    if writes < WRITES:
        raise Died


def held(lake: Lakehouse) -> dict[str, list[str]]:
    tables = (*TABLES, NIGHTS, NIGHTS_ENDED)
    return {table.name: sorted(map(str, lake.read(table).collect())) for table in tables}


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    lake = Lakehouse(str(tmp_path_factory.mktemp("undisturbed")), spark)
    first_night(lake)
    return held(lake)


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_first_night_that_died_after_any_write_is_repaired_by_its_rerun(
    lake: Lakehouse, undisturbed: dict[str, list[str]], writes: int
) -> None:
    with suppress(Died):
        first_night(lake, writes=writes)
    check_order(lake, NIGHT, first_night=NIGHT)
    first_night(lake)
    assert held(lake) == undisturbed


def test_write_that_died_before_its_first_commit_is_no_table(
    lake: Lakehouse, undisturbed: dict[str, list[str]]
) -> None:
    """What a kill leaves in the middle of a table's first write: files of rows, and a log without a commit."""
    with suppress(Died):
        first_night(lake, writes=1)
    lake.spark.range(7).write.parquet(lake.location(RECORDS))
    (Path(lake.location(RECORDS)) / "_delta_log").mkdir()
    assert lake.read(RECORDS).isEmpty()
    first_night(lake)
    assert held(lake) == undisturbed
