"""Builders of conformed frames: rows with only the columns that matter, the rest filled in."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from lakehouse.table import Table
from pipelines.canonical import ENTITIES

NIGHT = date(2026, 3, 1)
KEY = "secret"
Values = dict[str, object]


def at(day: int, hour: int = 12) -> datetime:
    """A moment in February 2026, UTC."""
    return datetime(2026, 2, day, hour, tzinfo=UTC)


def conformed(spark: SparkSession, entity: str, rows: Iterable[Values]) -> DataFrame:
    """A frame of `conformed.<entity>`."""
    defaults: Values = {
        "source": "crm",
        "delivery": "rows",
        "file_sha256": "f",
        "row_number": 1,
        "event_at": at(1),
        "known_from": date(2026, 2, 2),
        "arrived": NIGHT,
        "is_deleted": False,
    }
    return of_table(spark, ENTITIES[entity].conformed, (defaults | row for row in rows))


def of_table(spark: SparkSession, table: Table, rows: Iterable[Values]) -> DataFrame:
    """A frame of a table; columns that a row does not name are null."""
    filled = [tuple(row.get(name) for name in table.column_names) for row in rows]
    return frame_of(spark, filled, table.schema).coalesce(1)
