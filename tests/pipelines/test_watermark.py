"""A database read by watermark: every row once, also those that were written at the highest value after it was read."""

from datetime import datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from pipelines.mapping import Jdbc
from pipelines.readers.tables import not_taken

BY_TIME = Jdbc(url="jdbc:postgresql://nowhere/db", table="orders", watermark="Sold At")
NOON, LATER = datetime(2026, 3, 1, 12, 0, 0, 1), datetime(2026, 3, 1, 13)  # noqa: DTZ001 - a database's local time
Row = tuple[str, datetime | None, str | None]


def orders(spark: SparkSession, *rows: Row) -> DataFrame:
    """What the database holds: times without zone."""
    return frame_of(spark, rows, "Id string, `Sold At` timestamp_ntz, Note string")


def raw(spark: SparkSession, *rows: Row) -> DataFrame:
    """What was taken of it: instants of a shop in Brussels, an hour ahead, beside where each row stood."""
    taken = orders(spark, *rows).selectExpr(
        "Id", "to_utc_timestamp(cast(`Sold At` as timestamp), 'Europe/Brussels') as `Sold At`", "Note"
    )
    return taken.selectExpr("*", "'orders' as _file_name", "1L as _row_number")


def new(there: DataFrame, taken: DataFrame | None, jdbc: Jdbc = BY_TIME) -> list[tuple[str, str | None]]:
    found = not_taken(there, jdbc, taken=taken, timezone="Europe/Brussels")
    assert found.columns == there.columns
    return sorted((row["Id"], row["Note"]) for row in found.collect())


def test_row_written_later_with_the_highest_value_is_taken_and_those_taken_are_not_taken_again(
    spark: SparkSession,
) -> None:
    taken: list[Row] = [("1", datetime(2026, 2, 1), None), ("2", NOON, None)]  # noqa: DTZ001
    there = orders(spark, *taken, ("3", NOON, "late"), ("4", LATER, None), ("5", None, "without a time"))
    assert new(there, raw(spark, *taken)) == [("3", "late"), ("4", None)]
    assert new(there, raw(spark, *taken, ("3", NOON, "late"), ("4", LATER, None))) == []


@pytest.mark.parametrize(("times_taken", "left"), [(1, 2), (2, 1), (3, 0)])
def test_equal_rows_come_as_often_as_they_were_not_taken(spark: SparkSession, times_taken: int, left: int) -> None:
    sold: Row = ("1", NOON, None)
    assert len(new(orders(spark, sold, sold, sold), raw(spark, *[sold] * times_taken))) == left


def test_row_that_was_changed_without_its_watermark_comes_again(spark: SparkSession) -> None:
    there = orders(spark, ("1", NOON, "changed"), ("2", NOON.replace(microsecond=2), None))
    assert new(there, raw(spark, ("1", NOON, None))) == [("1", "changed"), ("2", None)]


def test_column_that_the_table_gained_brings_no_row_again_until_it_has_a_value(spark: SparkSession) -> None:
    taken = raw(spark, ("1", NOON, None), ("2", NOON, None)).drop("Note")
    assert new(orders(spark, ("1", NOON, None), ("2", NOON, "now")), taken) == [("2", "now")]


def test_everything_comes_where_nothing_was_taken_or_the_table_is_read_whole(spark: SparkSession) -> None:
    there = orders(spark, ("1", NOON, None))
    assert new(there, None) == new(there, raw(spark)) == [("1", None)]
    whole = Jdbc(url="jdbc:postgresql://nowhere/db", table="orders", whole=True)
    assert new(there, raw(spark, ("1", NOON, None)), whole) == [("1", None)]
