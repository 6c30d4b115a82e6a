"""Small tables are read by the files that their checksum lists: the same rows, fixed to what was read."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse import listed_files
from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table, columns, required

SCORES = Table(
    name="scores.people",
    grain="one row per night and person",
    key=("night", "id"),
    columns=columns(required("id", "int", "id"), required("night", "date", "night"), ("band", "string", "band")),
    write="replace_night",
)
NIGHTS = (date(2024, 3, 1), date(2024, 3, 2))


def scores(lake: Lakehouse, *rows: tuple[int, date, str | None]) -> DataFrame:
    return frame_of(lake.spark, list(rows), SCORES.schema)


@pytest.fixture
def written(lake: Lakehouse) -> Lakehouse:
    for place, night in enumerate(NIGHTS):
        lake.replace_night(SCORES, scores(lake, (place, night, "high"), (place + 10, night, None)), night)
    return lake


def by_delta(lake: Lakehouse) -> DataFrame:
    return lake.spark.read.format("delta").load(lake.location(SCORES))


def test_rows_and_columns_are_those_that_delta_reads(written: Lakehouse) -> None:
    read = written.read(SCORES)
    assert read.schema == by_delta(written).schema
    assert sorted(map(tuple, read.collect())) == sorted(map(tuple, by_delta(written).collect()))
    assert read.where("night = DATE'2024-03-02'").count() == 2


def test_small_table_is_read_without_a_query_of_the_log(written: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _index(written.read(SCORES)) == "InMemoryFileIndex"
    monkeypatch.setattr(listed_files, "FEW_FILES", 1)
    assert _index(written.read(SCORES)) == "TahoeLogFileIndex"


def _index(frame: DataFrame) -> str:
    leaf = frame._jdf.queryExecution().analyzed().collectLeaves().apply(0)
    return str(leaf.relation().location().getClass().getSimpleName())


def test_frame_stays_what_it_was_when_the_table_is_written_again(written: Lakehouse) -> None:
    read = written.read(SCORES)
    written.replace_night(SCORES, scores(written, (7, NIGHTS[1], "low")), NIGHTS[1])
    assert read.count() == 4
    assert written.read(SCORES).count() == 3


def test_what_another_session_wrote_is_read(written: Lakehouse, spark: SparkSession) -> None:
    other = Lakehouse(written.path, spark.newSession())
    other.replace_night(SCORES, scores(other), NIGHTS[0])
    assert written.read(SCORES).count() == 2


def test_table_without_files_reads_as_no_rows_of_its_columns(lake: Lakehouse) -> None:
    lake.replace_night(SCORES, scores(lake), NIGHTS[0])
    assert lake.read(SCORES).columns == list(SCORES.column_names)
    assert lake.read(SCORES).isEmpty()


def test_lake_in_a_folder_with_signs_of_a_pattern_is_read_by_delta(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lakehouse(str(tmp_path / "lake [old]"), spark)
    lake.replace_night(SCORES, scores(lake, (1, NIGHTS[0], "high")), NIGHTS[0])
    assert [tuple(row) for row in lake.read(SCORES).collect()] == [(1, NIGHTS[0], "high")]


def test_table_with_deletion_vectors_is_read_by_delta(written: Lakehouse) -> None:
    place = f"delta.`{written.location(SCORES)}`"
    written.spark.sql(f"ALTER TABLE {place} SET TBLPROPERTIES (delta.enableDeletionVectors = true)")
    written.spark.sql(f"DELETE FROM {place} WHERE id = 0")
    assert sorted(row["id"] for row in written.read(SCORES).collect()) == [1, 10, 11]
