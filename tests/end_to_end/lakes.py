"""What a lake holds, for comparing two lakes or one lake before and after."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.delta import NOT_THERE, Lakehouse
from lakehouse.table import Table
from orchestration.retailer import load_retailer
from orchestration.tables import all_tables

Contents = dict[str, Counter[str]]

WHEN_SENT = {"sent_at", "sequence"}
"""Columns of the receipts that hold the clock or its order."""
MACHINE = {"modified_ns"}


def contents(spark: SparkSession, lake: Path, retailer: Path, *, without: Iterable[str] = ()) -> Contents:
    """Every row of every table, as text with its count."""
    held, left_out = Lakehouse(str(lake), spark), set(without)
    tables = [table for table in all_tables(load_retailer(retailer)) if table.name not in left_out]
    standing = [table for table in tables if held.version(table) != NOT_THERE]
    with ThreadPoolExecutor(4) as readers:
        rows = list(readers.map(lambda table: _rows(held, table), standing))
    return {table.name: found for table, found in zip(standing, rows, strict=True)}


def differences(one: Contents, other: Contents) -> list[str]:
    """The tables that differ, each with up to two rows that only one of them has."""
    found = []
    for name in sorted(one.keys() | other.keys()):
        left, right = one.get(name, Counter()), other.get(name, Counter())
        if left != right:
            found.append(f"{name}: -{list((left - right).elements())[:2]} +{list((right - left).elements())[:2]}")
    return found


def _rows(lake: Lakehouse, table: Table) -> Counter[str]:
    frame = lake.read(table)
    columns = sorted(set(frame.columns) - WHEN_SENT - MACHINE)
    return Counter(str(tuple(row)) for row in frame.select(*(f"`{name}`" for name in columns)).collect())
