"""What a lake holds, for comparing two lakes or one lake before and after."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from orchestration.retailer import load_retailer
from orchestration.tables import all_tables

Contents = dict[str, Counter[str]]

WHEN_SENT = {"sent_at", "sequence"}
"""Columns of the receipts that hold the clock or its order."""
MACHINE = {"modified_ns"}


def contents(spark: SparkSession, lake: Path, retailer: Path) -> Contents:
    """Every row of every table, as text with its count."""
    held = Lakehouse(str(lake), spark)
    tables = standing(held, retailer)
    with ThreadPoolExecutor(4) as readers:
        rows = list(readers.map(lambda table: _rows(held, table), tables))
    return {table.name: found for table, found in zip(tables, rows, strict=True)}


def standing(lake: Lakehouse, retailer: Path) -> list[Table]:
    """The tables of the retailer that the lake has."""
    return [table for table in all_tables(load_retailer(retailer)) if lake.exists(table)]


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


def _rows(lake: Lakehouse, table: Table) -> Counter[str]:
    frame = lake.read(table)
    return counted(frame, sorted(set(frame.columns) - WHEN_SENT - MACHINE))
