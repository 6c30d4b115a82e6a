"""Rows of this process become frames without Python workers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from lakehouse.rows import frame_of
from lakehouse.table import columns, spark_type

COLUMNS = columns(
    ("night", "date", ""), ("at", "timestamp", ""), ("amount", "decimal(18,2)", ""), ("share", "double", ""),
    ("rules", "array<string>", ""), ("rows", "bigint", ""),
)  # fmt: skip
SCHEMA = T.StructType([T.StructField(column.name, spark_type(column.type)) for column in COLUMNS])
ROW = (date(2026, 3, 1), datetime(2026, 3, 1, 9, tzinfo=UTC), Decimal("1.50"), 1, ["a"], 7)


def test_values_of_every_type_and_nulls_come_through(spark: SparkSession) -> None:
    found = frame_of(spark, [ROW, (None,) * 6], SCHEMA)
    assert found.schema == SCHEMA
    kept, empty = found.orderBy("rows", ascending=False).collect()
    assert tuple(kept) == (ROW[0], datetime(2026, 3, 1, 9), *ROW[2:])  # noqa: DTZ001 - collected in UTC
    assert tuple(empty) == (None,) * 6


def test_no_row_has_the_columns_all_the_same(spark: SparkSession) -> None:
    found = frame_of(spark, [], "name string, rows bigint")
    assert (found.columns, found.collect()) == (["name", "rows"], [])


def test_no_python_worker_reads_the_rows_again(spark: SparkSession) -> None:
    plan = frame_of(spark, [("a", 1)], "name string, rows bigint")._jdf.queryExecution().executedPlan().toString()
    listed = spark.createDataFrame([("a", 1)], "name string, rows bigint")
    assert "ExistingRDD" in listed._jdf.queryExecution().executedPlan().toString()
    assert "LocalTableScan" in plan or "ExistingRDD" not in plan


def test_value_of_another_type_is_refused(spark: SparkSession) -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        frame_of(spark, [("a", "many")], "name string, rows bigint")
