"""Exact repeats of delivered rows."""

from pyspark.sql import SparkSession

from lakehouse.rows import frame_of
from pipelines.repeats import content, repeated


def test_first_of_equal_rows_is_kept_and_missing_differs_from_empty(spark: SparkSession) -> None:
    rows = frame_of(
        spark,
        [(1, "a", None), (2, None, "a"), (3, "a", ""), (4, "a", None), (5, None, "a")],
        "_position bigint, `x y` string, z string",
    ).selectExpr("*", "0 as _snapshot", "date'2026-03-01' as _night", "cast(null as string) as _corrupt")
    found = repeated(rows.withColumn("_content", content(rows)), keep_last=False)
    assert {row._position for row in found.where("_is_repeat").collect()} == {4, 5}
    kept_last = repeated(rows.withColumn("_content", content(rows)), keep_last=True)
    assert {row._position for row in kept_last.where("_is_repeat").collect()} == {1, 2}


def test_delivered_column_may_begin_with_an_underscore(spark: SparkSession) -> None:
    rows = frame_of(spark, [("1", None), ("2", None)], "_id string, _corrupt string")
    assert rows.select(content(rows)).distinct().count() == 2
