"""Housekeeping of the lake: compaction, removal of old partitions, VACUUM that keeps three nights of versions."""

from collections.abc import Iterable
from datetime import date, timedelta

from delta.tables import DeltaTable

from lakehouse.delta import Lakehouse
from lakehouse.table import Table

KEEP_HOURS = 96
"""Four days: three nights of versions and one to repair in, whatever the hour of the night."""
MANY_VERSIONS = 20


def maintain(lake: Lakehouse, tables: Iterable[Table], night: date) -> list[str]:
    """Drop partitions past their keep_nights, compact and vacuum; the names of the tables that were touched.

    A table is compacted once in twenty versions, so that a night pays for one or two tables and not for all.
    """
    touched = []
    for table in tables:
        if not lake.exists(table):
            continue
        if _drop_old_nights(lake, table, night) | _compact(lake, table):
            touched.append(table.name)
    return touched


def _drop_old_nights(lake: Lakehouse, table: Table, night: date) -> bool:
    if table.keep_nights is None or table.write != "replace_night":
        return False
    oldest = night - timedelta(days=table.keep_nights)
    old = f"{table.night_column} < DATE'{oldest.isoformat()}'"
    if lake.read(table).where(old).isEmpty():
        return False
    DeltaTable.forPath(lake.spark, lake.location(table)).delete(old)
    return True


def _compact(lake: Lakehouse, table: Table) -> bool:
    version = lake.version(table)
    if version == 0 or version % MANY_VERSIONS:
        return False
    stored = DeltaTable.forPath(lake.spark, lake.location(table))
    stored.optimize().executeCompaction()
    stored.vacuum(KEEP_HOURS)
    return True
