"""What a lake holds, for comparing two lakes or one lake before and after.

Read from the files that Delta's log names: forty queries of Spark cost as much as a step of a night.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet
from pyspark.sql import DataFrame

from orchestration.retailer import load_retailer
from orchestration.tables import all_tables

Contents = dict[str, Counter[str]]

WHEN_SENT = {"sent_at", "sequence"}
"""Columns of the receipts that hold the clock or its order."""
MACHINE = {"modified_ns"}


@dataclass(frozen=True)
class Stored:
    """A table as its log tells it: the names of its columns and its rows."""

    columns: list[str]
    rows: list[Mapping[str, Any]]

    def counted(self, columns: Iterable[str]) -> Counter[str]:
        """The rows under some of the columns, as text with their count."""
        names = list(columns)
        return Counter(str(tuple(row.get(name) for name in names)) for row in self.rows)


def contents(lake: Path, retailer: Path) -> Contents:
    """Every row of every table, as text with its count."""
    found = standing(lake, retailer)
    return {name: held.counted(sorted(set(held.columns) - WHEN_SENT - MACHINE)) for name, held in found.items()}


def standing(lake: Path, retailer: Path) -> dict[str, Stored]:
    """The tables of the retailer that the lake has."""
    folders = {table.name: lake / table.folder for table in all_tables(load_retailer(retailer))}
    return {name: stored(folder) for name, folder in folders.items() if (folder / "_delta_log").is_dir()}


def stored(folder: Path) -> Stored:
    """A Delta table as it stands now.

    Source: Delta's protocol, https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries; every commit
            of these lakes is younger than what Delta cleans up, and none has deletion vectors or renamed columns.
    """
    live: dict[str, dict[str, str]] = {}
    columns: list[str] = []
    for commit in sorted((folder / "_delta_log").glob("[0-9]*.json")):
        for action in map(json.loads, commit.read_text().splitlines()):
            if "metaData" in action:
                columns = [field["name"] for field in json.loads(action["metaData"]["schemaString"])["fields"]]
            elif "add" in action:
                live[unquote(action["add"]["path"])] = action["add"]["partitionValues"]
            elif "remove" in action:
                live.pop(unquote(action["remove"]["path"]), None)
    return Stored(columns, [row | values for path, values in live.items() for row in _rows(folder / path)])


def _rows(file: Path) -> list[dict[str, Any]]:
    opened = pyarrow.parquet.ParquetFile(file, coerce_int96_timestamp_unit="us")
    # Spark writes moments without their zone, UTC.
    moments = pa.schema([_without_zone(field) for field in opened.schema_arrow])
    rows: list[dict[str, Any]] = opened.read().cast(moments).to_pylist()
    return rows


def _without_zone(field: pa.Field) -> pa.Field:
    return field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field


def counted(frame: DataFrame, columns: Iterable[str]) -> Counter[str]:
    """The rows of a frame under some of its columns, as text with their count."""
    return Counter(str(tuple(row)) for row in frame.select(*(f"`{name}`" for name in columns)).collect())


def differences(one: Contents, other: Contents) -> list[str]:
    """The tables that differ, each with up to two rows that only one of them has."""
    found = []
    for name in sorted(one.keys() | other.keys()):
        left, right = one.get(name, Counter()), other.get(name, Counter())
        if left != right:
            found.append(f"{name}: -{list((left - right).elements())[:2]} +{list((right - left).elements())[:2]}")
    return found


def lost(before: Contents, after: Contents) -> list[str]:
    """The tables of which a later state no longer holds every row, each with up to two of them."""
    gone = {name: rows - after.get(name, Counter()) for name, rows in before.items()}
    return [f"{name}: -{list(rows.elements())[:2]}" for name, rows in sorted(gone.items()) if rows]
