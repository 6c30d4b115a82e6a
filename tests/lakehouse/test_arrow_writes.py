"""Rows in Arrow are written without Spark: the table holds what Spark would have written, and stays a Delta table."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from lakehouse import arrow_writes
from lakehouse.arrow import arrow_now
from lakehouse.arrow_writes import InArrow
from lakehouse.delta import Lakehouse, NightStart
from lakehouse.errors import ContractBroken
from lakehouse.rows import frame_of
from lakehouse.table import Column, Table, columns, personal, required

PEOPLE = Table(
    name="unified.people",
    grain="one row per person and kind",
    key=("id", "kind"),
    columns=columns(
        required("id", "int", "id"),
        required("kind", "string", "kind"),
        personal("words", "array<string>", "words of the name"),
        Column("seen", "timestamp", "when"),
        Column("amount", "decimal(18,2)", "money"),
    ),
    write="merge",
)
EVENTS = Table(
    name="unified.night_events",
    grain="one row per night and id",
    key=("night", "id"),
    columns=columns(required("night", "date", "night"), required("id", "int", "id")),
    write="replace_night",
)
SEEN = datetime(2024, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
HELD = [(1, "a", ["zoe", "ä"], SEEN, None), (1, "b", [], None, None), (2, "a", None, SEEN, None)]
NEW = [(1, "b", ["bert"], SEEN, None), (3, "a", ["carl", None], None, None)]
GONE = [(2, "a")]
NIGHTS = (date(2024, 3, 1), date(2024, 3, 2))

Row = tuple[Any, ...]


def in_arrow(rows: list[Row], table: Table = PEOPLE) -> pa.Table:
    schema = to_arrow_schema(table.schema)
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def keys(lake: Lakehouse) -> tuple[DataFrame, pa.Table]:
    frame = lake.spark.createDataFrame(GONE, "id int, kind string")
    return frame, in_arrow([(*key, None, None, None) for key in GONE]).select(PEOPLE.key)


def of(rows: list[Row], *, before: list[Row] = HELD, gone: pa.Table | None = None) -> InArrow:
    return InArrow(in_arrow(rows), in_arrow([]).select(PEOPLE.key) if gone is None else gone, in_arrow(before))


def frame(lake: Lakehouse, rows: list[Row], table: Table = PEOPLE) -> DataFrame:
    return frame_of(lake.spark, rows, table.schema)


def held(lake: Lakehouse, table: Table = PEOPLE) -> list[str]:
    """The rows, as the lake, Delta itself and Arrow read them."""
    by_delta = lake.spark.read.format("delta").load(lake.location(table)).select(*table.column_names)
    rows = sorted(map(repr, lake.read(table).collect()))
    assert rows == sorted(map(repr, by_delta.collect()))
    assert lake.rows(table) == len(rows)
    if table.write == "merge":
        in_arrow = frame(lake, [tuple(row.values()) for row in arrow_now(lake, table).to_pylist()], table)
        assert rows == sorted(map(repr, in_arrow.collect()))
    return rows


def operations(lake: Lakehouse, table: Table = PEOPLE) -> list[bool]:
    """By commit, oldest first: whether Spark counted what it wrote."""
    history = DeltaTable.forPath(lake.spark, lake.location(table)).history().orderBy("version").collect()
    return [bool(row["operationMetrics"]) for row in history]


@pytest.fixture
def filled(lake: Lakehouse) -> Lakehouse:
    lake.merge(PEOPLE, frame(lake, HELD), in_arrow=of(HELD, before=[]))
    return lake


def test_table_is_made_by_spark_and_merged_into_without_it(filled: Lakehouse) -> None:
    frame_gone, gone = keys(filled)
    filled.merge(PEOPLE, frame(filled, NEW), gone=frame_gone, in_arrow=of(NEW, gone=gone))
    assert operations(filled) == [True, False]
    assert held(filled) == sorted(map(repr, frame(filled, [HELD[0], *NEW]).collect()))


def test_nothing_to_merge_writes_nothing(filled: Lakehouse) -> None:
    filled.merge(PEOPLE, frame(filled, []), in_arrow=of([]))
    assert filled.version(PEOPLE) == 0


def test_rows_that_are_all_new_are_appended_to_a_large_table(
    filled: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.delta.APPEND_BYTES", 0)
    before = filled.read(PEOPLE).inputFiles()
    filled.merge(PEOPLE, frame(filled, [NEW[1]]), adds=True, in_arrow=of([NEW[1]]))
    assert set(before) < set(filled.read(PEOPLE).inputFiles())
    assert operations(filled) == [True, False]
    assert held(filled) == sorted(map(repr, frame(filled, [*HELD, NEW[1]]).collect()))


def test_rerun_of_a_night_starts_from_what_the_night_found(filled: Lakehouse) -> None:
    night = filled.for_night(NightStart(NIGHTS[0], {PEOPLE.name: 0}))
    for rows in ([NEW[0]], NEW):
        night.merge(PEOPLE, frame(night, rows), adds=False, in_arrow=of(rows))
    night.merge(PEOPLE, frame(night, [NEW[1]]), adds=True, in_arrow=of([NEW[1]]))
    assert held(night) == sorted(map(repr, frame(night, [*HELD, NEW[1]]).collect()))
    night.merge(PEOPLE, frame(night, []), in_arrow=of([]))
    assert held(night) == sorted(map(repr, frame(night, HELD).collect()))


def test_contract_that_gained_a_column_is_written_by_spark(filled: Lakehouse) -> None:
    wider = replace(PEOPLE, columns=(*PEOPLE.columns, Column("town", "string", "town")))
    rows: list[Row] = [(*NEW[0], "Ulm")]
    given = InArrow(
        in_arrow(rows, wider), in_arrow([]).select(PEOPLE.key), in_arrow([(*row, None) for row in HELD], wider)
    )
    filled.merge(wider, frame(filled, rows, wider), in_arrow=given)
    assert operations(filled) == [True, False, True]
    assert [row["town"] for row in filled.read(wider).orderBy("id", "kind").collect()] == [None, "Ulm", None]


def test_night_takes_the_place_of_its_own_rows_alone(lake: Lakehouse) -> None:
    for night, ids in ((NIGHTS[0], (1, 2)), (NIGHTS[1], (3,)), (NIGHTS[0], (4,)), (NIGHTS[1], ())):
        rows: list[Row] = [(night, number) for number in ids]
        given = InArrow(in_arrow(rows, EVENTS))
        lake.replace_night(EVENTS, frame(lake, rows, EVENTS), night, in_arrow=given)
    assert operations(lake, EVENTS) == [True, False, False, False]
    assert held(lake, EVENTS) == sorted(map(repr, frame(lake, [(NIGHTS[0], 4)], EVENTS).collect()))


def test_more_files_than_are_looked_at_are_left_to_spark(lake: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_writes, "MOST_FILES", 0)
    for ids in ((1, 2), (3,)):
        rows: list[Row] = [(NIGHTS[0], number) for number in ids]
        lake.replace_night(EVENTS, frame(lake, rows, EVENTS), NIGHTS[0], in_arrow=InArrow(in_arrow(rows, EVENTS)))
    assert operations(lake, EVENTS) == [True, True]
    assert held(lake, EVENTS) == sorted(map(repr, frame(lake, [(NIGHTS[0], 3)], EVENTS).collect()))


def test_what_was_written_is_compacted_and_vacuumed_like_any_table(
    filled: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.delta.APPEND_BYTES", 0)
    filled.merge(PEOPLE, frame(filled, [NEW[1]]), adds=True, in_arrow=of([NEW[1]]))
    rows = held(filled)
    table = DeltaTable.forPath(filled.spark, filled.location(PEOPLE))
    table.optimize().executeCompaction()
    table.vacuum()
    assert held(filled) == rows


def test_no_value_of_a_row_stands_in_the_log(filled: Lakehouse) -> None:
    filled.merge(PEOPLE, frame(filled, NEW), in_arrow=of(NEW))
    logged = filled.spark.read.text(f"{filled.location(PEOPLE)}/_delta_log/*.json").collect()
    assert not [row for row in logged if "bert" in row["value"] or "carl" in row["value"]]


def test_large_outcome_is_parted_into_files(filled: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_writes, "ROWS_PER_FILE", 2)
    filled.merge(PEOPLE, frame(filled, NEW), in_arrow=of(NEW))
    assert len(filled.read(PEOPLE).inputFiles()) == 2
    assert len(held(filled)) == 4


def test_lake_in_a_folder_with_signs_that_addresses_use_is_written_where_it_lies(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lakehouse(str(tmp_path / "a b#c %20 \u00fc"), spark)
    lake.merge(PEOPLE, frame(lake, HELD))
    lake.merge(PEOPLE, frame(lake, NEW), in_arrow=of(NEW))
    assert operations(lake) == [True, False]
    assert len(held(lake)) == len(HELD) + 1
    assert [place.name for place in tmp_path.iterdir()] == ["a b#c %20 \u00fc"]


def test_row_of_another_night_is_refused(lake: Lakehouse) -> None:
    lake.replace_night(EVENTS, frame(lake, [(NIGHTS[0], 1)], EVENTS), NIGHTS[0])
    other: list[Row] = [(NIGHTS[1], 2)]
    with pytest.raises(ContractBroken, match="a row is not of the night 2024-03-01"):
        lake.replace_night(EVENTS, frame(lake, other, EVENTS), NIGHTS[0], in_arrow=InArrow(in_arrow(other, EVENTS)))
    assert lake.rows(EVENTS) == 1


def test_table_with_conditions_or_other_types_is_left_to_spark(filled: Lakehouse) -> None:
    counted = replace(EVENTS, columns=(EVENTS.columns[0], required("id", "bigint", "id")))
    filled.replace_night(EVENTS, frame(filled, [(NIGHTS[0], 1)], EVENTS), NIGHTS[0])
    with pytest.raises(ContractBroken, match="id is stored as int and comes as bigint"):
        filled.replace_night(
            counted,
            frame(filled, [(NIGHTS[0], 2)], counted),
            NIGHTS[0],
            in_arrow=InArrow(in_arrow([(NIGHTS[0], 2)], counted)),
        )
    place = f"delta.`{filled.location(PEOPLE)}`"
    filled.spark.sql(f"ALTER TABLE {place} ADD CONSTRAINT positive CHECK (id > 0)")
    filled.merge(PEOPLE, frame(filled, NEW), in_arrow=of(NEW))
    assert operations(filled)[-1]


def test_merge_that_does_not_know_the_whole_table_is_left_to_spark(filled: Lakehouse) -> None:
    filled.merge(PEOPLE, frame(filled, NEW), in_arrow=InArrow(in_arrow(NEW)))
    assert operations(filled) == [True, True]
    assert len(held(filled)) == len(HELD) + 1
