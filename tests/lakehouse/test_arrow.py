"""Tables read without Spark hold what Spark reads."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lakehouse.arrow import arrow_as_night_began, arrow_now, scan_now
from lakehouse.delta import Lakehouse, NightStart
from lakehouse.rows import frame_of
from lakehouse.table import Column, Table, columns, required

NIGHT = date(2026, 3, 1)
VALUES = Table(
    name="unified.values",
    grain="one row per id",
    key=("id",),
    columns=columns(
        required("id", "string", "id"),
        Column("words", "array<string>", "words"),
        Column("made_at", "timestamp", "when"),
        Column("day", "date", "day"),
    ),
    write="merge",
)
ROWS = [("a b%", ["x", "y"], datetime(2024, 5, 1, 12, 30, tzinfo=UTC), date(2024, 5, 1)), ("c", None, None, None)]


def test_rows_are_those_that_the_night_found(lake: Lakehouse) -> None:
    lake.merge(VALUES, frame_of(lake.spark, ROWS, VALUES.schema))
    began = lake.for_night(NightStart(NIGHT, versions={VALUES.name: lake.version(VALUES)}))
    began.merge(VALUES, frame_of(lake.spark, [("d", None, None, None)], VALUES.schema))
    assert sorted(arrow_now(began, VALUES)["id"].to_pylist()) == ["a b%", "c", "d"]
    found = arrow_as_night_began(began, VALUES).sort_by("id").to_pylist()
    assert [tuple(row.values()) for row in found] == ROWS
    wider = replace(VALUES, columns=(*VALUES.columns, Column("later", "bigint", "gained since")))
    assert {row["later"] for row in arrow_as_night_began(began, wider).to_pylist()} == {None}


def test_scan_gives_the_columns_and_types_of_the_contract(lake: Lakehouse) -> None:
    assert scan_now(lake, VALUES).to_table().to_pylist() == []
    rows = [*ROWS, ("z", ["w"], datetime(9999, 12, 31, tzinfo=UTC), date(9999, 12, 31))]
    lake.merge(VALUES, frame_of(lake.spark, rows, VALUES.schema))
    wider = replace(VALUES, columns=(*VALUES.columns, Column("later", "bigint", "gained since")))
    found = scan_now(lake, wider).to_table().sort_by("id").to_pylist()
    assert [tuple(row.values()) for row in found] == [(*row, None) for row in rows]


def test_table_that_does_not_exist_has_no_rows_but_its_columns(lake: Lakehouse) -> None:
    found = arrow_as_night_began(lake, VALUES)
    assert (found.num_rows, tuple(found.column_names)) == (0, VALUES.column_names)


def test_partitioned_table_is_refused(lake: Lakehouse) -> None:
    with pytest.raises(ValueError, match="partitioned by night"):
        arrow_as_night_began(lake, replace(VALUES, write="replace_night"))
