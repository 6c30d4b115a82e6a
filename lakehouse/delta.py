"""The lakehouse: Delta tables by contract, every write idempotent per night."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse.arrow_writes import InArrow, Place, commit, fitting
from lakehouse.contract import checked, widening
from lakehouse.listed_files import files_of, frame_of_listed_files, schema_of
from lakehouse.table import Table

NOT_THERE = -1
"""The version of a table that did not exist."""
REWRITE_BYTES = 128 * 1024 * 1024
"""Measured on 2 cores: MERGE of 1,000 rows into 1,000 takes 4.0 s, writing them anew 0.9 s; even at a million rows."""
APPEND_BYTES = 16 * 1024 * 1024
"""From here on looking whether all keys are new costs less than writing what stays."""


@dataclass(frozen=True)
class NightStart:
    """What stood when a night first started: a rerun reads and resets to this, whatever happened since.

    Units: versions are Delta versions by table name (NOT_THERE where there was no table); models are versions by name;
           rebuilt are the layers that the night was made anew from since; reprocessed are tables that were repaired
           since, with the night of the oldest file that was conformed again.
    """

    night: date
    versions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    models: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rebuilt: frozenset[str] = frozenset()
    reprocessed: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Lakehouse:
    """Reads and writes the tables of one lake; bound to a night, its writes first undo an earlier try of that night."""

    path: str
    spark: SparkSession
    start: NightStart | None = None

    def for_night(self, start: NightStart) -> "Lakehouse":
        """The same lake, writing night `start.night`."""
        return replace(self, start=start)

    def outside_nights(self) -> "Lakehouse":
        """The same lake, bound to no night: what it writes stays, however often the night is run again."""
        return replace(self, start=None)

    def location(self, table: Table) -> str:
        """The folder of the table's Delta files."""
        return f"{self.path.rstrip('/')}/{table.folder}"

    def exists(self, table: Table) -> bool:
        """Whether the table was ever written."""
        return DeltaTable.isDeltaTable(self.spark, self.location(table))

    def read(self, table: Table) -> DataFrame:
        """The table as it stands now; a frame without rows where it does not exist."""
        if not self.exists(table):
            return self._no_rows(table)
        listed = frame_of_listed_files(self.spark, self._newest_snapshot(table))
        stored = self.spark.read.format("delta").load(self.location(table)) if listed is None else listed
        return _with_declared(stored, table)

    def read_as_night_began(self, table: Table) -> DataFrame:
        """The table as it stood when this night first started: how a step reads its own past."""
        version = self._version_at_start(table)
        if version is None:
            return self.read(table)
        return self.read_version(table, version)

    def read_version(self, table: Table, version: int) -> DataFrame:
        """The table at one Delta version; a frame without rows for NOT_THERE."""
        if version == NOT_THERE:
            return self._no_rows(table)
        if version == self.newest_version(table):
            return self.read(table)
        loaded = self.spark.read.format("delta").option("versionAsOf", version).load(self.location(table))
        return _with_declared(loaded, table)

    def version(self, table: Table) -> int:
        """The table's Delta version now; NOT_THERE where it does not exist."""
        if not self.exists(table):
            return NOT_THERE
        return int(self._snapshot(table).version())

    def newest_version(self, table: Table) -> int:
        """The same, also where another process wrote the table since it was last read here."""
        if not self.exists(table):
            return NOT_THERE
        return int(self._newest_snapshot(table).version())

    def rows(self, table: Table) -> int:
        """How many rows the table holds now; 0 where it does not exist.

        Source: Delta's version checksum lists the files of a small table with their row counts, which spares a query:
                https://github.com/delta-io/delta/blob/master/PROTOCOL.md#version-checksum-file
        """
        if not self.exists(table):
            return 0
        known = _rows_by_checksum(self._snapshot(table))
        return self.read(table).count() if known is None else known

    def written_tonight(self, table: Table) -> bool:
        """Whether this night has written the table already: an earlier try of it, that is."""
        return self.exists(table) and self.version(table) != self._version_at_start(table)

    def versions(self, tables: Iterable[Table]) -> dict[str, int]:
        """The Delta version of each table now, by table name."""
        return {table.name: self.version(table) for table in tables}

    def size(self, tables: Iterable[Table]) -> int:
        """How much the tables' files of now take up together, in bytes."""
        return sum(self._bytes(table) for table in tables if self.exists(table))

    def replace_night(self, table: Table, frame: DataFrame, night: date, *, in_arrow: InArrow | None = None) -> None:
        """Make `frame` the table's rows of this night; other nights stay. Its rows may be given in Arrow too."""
        if in_arrow is not None and self._write_arrow(table, in_arrow, night=night):
            return
        self._replace_where(table, frame, f"{table.night_column} = DATE'{night.isoformat()}'")

    def replace_since(self, table: Table, frame: DataFrame, night: date) -> None:
        """Make `frame` the table's rows of this night and all later ones, in one commit; earlier nights stay."""
        self._replace_where(table, frame, f"{table.night_column} >= DATE'{night.isoformat()}'")

    def _replace_where(self, table: Table, frame: DataFrame, condition: str) -> None:
        rows = self._prepared(table, frame)
        writer = rows.write.format("delta").mode("overwrite").option("replaceWhere", condition)
        self._options(writer, table).partitionBy(table.night_column).save(self.location(table))

    def replace_all(self, table: Table, frame: DataFrame) -> None:
        """Make `frame` the whole table."""
        rows = self._prepared(table, frame)
        self._options(rows.write.format("delta").mode("overwrite"), table).save(self.location(table))

    def merge(
        self,
        table: Table,
        frame: DataFrame,
        *,
        gone: DataFrame | None = None,
        rows: int | None = None,
        adds: bool | None = None,
        in_arrow: InArrow | None = None,
    ) -> None:
        """Insert the new keys of `frame`, update those it holds otherwise, delete the keys of `gone`.

        Units: rows are those of `frame`, and adds is whether the table held none of its keys as the night began and
               loses none, where somebody knows already: each spares a query. What is merged may be given in Arrow too:
               where the table is there, it is then written without Spark (decision 0015).

        Within a night the outcome builds on how the night found the table, so that a rerun merges into the same past.
        A table under REWRITE_BYTES is written anew, a larger one is put back and merged into; rows that are all new are
        appended to one over APPEND_BYTES (decision 0003).
        """
        found = self._version_at_start(table)
        now = self.version(table)
        base = now if found is None else found
        if NOT_THERE != now == base and _is_nothing(frame, gone, rows, in_arrow):
            return
        new = self._prepared(table, frame)
        may_append = base != NOT_THERE and now == base and self._bytes(table) >= APPEND_BYTES
        appends = may_append and (self._only_adds(table, new, gone) if adds is None else adds)
        if base == NOT_THERE:
            self.replace_all(table, new)
        elif in_arrow is not None and self._write_arrow(table, in_arrow, appends=appends):
            return
        elif appends:
            self._options(new.write.format("delta").mode("append"), table).save(self.location(table))
        elif self._bytes(table) <= REWRITE_BYTES:
            self.replace_all(table, _outcome(self.read_version(table, base), new, gone, table))
        else:
            self._merge_in_place(table, new, gone, base=base)

    def _write_arrow(self, table: Table, given: InArrow, *, appends: bool = False, night: date | None = None) -> bool:
        """Write rows without Spark; False, with nothing done, where there is no table yet, or not one as declared."""
        if not self.exists(table):
            return False
        rows = given.rows if appends or night else given.outcome(table)
        typed = None if rows is None else fitting(rows, table, self._newest_snapshot(table), night=night)
        partition = (table.night_column, night.isoformat()) if night else None
        return typed is not None and commit(self.spark, Place(self._log(table), partition), typed, replaces=not appends)

    def append_once(self, table: Table, frame: DataFrame, *, batch: str) -> None:
        """Append `frame` unless a batch of this name was appended before.

        Source: idempotent table writes, https://docs.delta.io/latest/delta-streaming.html#idempotent-table-writes-in-foreachbatch
        """
        rows = self._prepared(table, frame)
        writer = rows.write.format("delta").mode("append")
        writer = writer.option("txnAppId", f"{table.name}/{batch}").option("txnVersion", "1")
        self._options(writer, table).save(self.location(table))

    def _no_rows(self, table: Table) -> DataFrame:
        """No row of the table, in a way that Spark knows while it plans: joins with it cost nothing."""
        return self.spark.createDataFrame([], table.schema).where(F.lit(False))

    def _prepared(self, table: Table, frame: DataFrame) -> DataFrame:
        rows = checked(table, frame)
        if self.exists(table):
            stored = schema_of(self._newest_snapshot(table))
            self._add_columns(table, widening(table, stored, rows.schema))
        return rows

    def _add_columns(self, table: Table, fields: list[T.StructField]) -> None:
        if fields:
            added = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in fields)
            self.spark.sql(f"ALTER TABLE delta.`{self.location(table)}` ADD COLUMNS ({added})")

    def _version_at_start(self, table: Table) -> int | None:
        if self.start is None:
            return None
        return self.start.versions.get(table.name, NOT_THERE)

    def _only_adds(self, table: Table, new: DataFrame, gone: DataFrame | None) -> bool:
        """Whether the table holds no key of the new rows and none that is to go."""
        return _joined(
            self.read(table).select(*table.key), _leaving(new, gone, table), table, how="left_semi"
        ).isEmpty()

    def _merge_in_place(self, table: Table, rows: DataFrame, gone: DataFrame | None, *, base: int) -> None:
        if base != self.version(table):
            self._delta(table).restoreToVersion(base)
            self._prepared(table, rows)
        differs = " or ".join(f"not (old.`{n}` <=> new.`{n}`)" for n in rows.columns if n not in table.key) or "false"
        merge = self._delta(table).alias("old").merge(rows.alias("new"), _same_key(table))
        merge.whenMatchedUpdateAll(condition=differs).whenNotMatchedInsertAll().execute()
        if gone is not None:
            merge = self._delta(table).alias("old").merge(gone.alias("new"), _same_key(table))
            merge.whenMatchedDelete().execute()

    def _bytes(self, table: Table) -> int:
        """The size of the files, as the version checksum tells it; the snapshot would run a query for it."""
        snapshot = self._snapshot(table)
        checksum = snapshot.checksumOpt()
        return int(checksum.get().tableSizeBytes() if checksum.isDefined() else snapshot.sizeInBytes())

    def _newest_snapshot(self, table: Table) -> Any:
        nothing, may_be_stale = self.spark._jvm.scala.Option.empty(), False  # type: ignore[union-attr]
        return self._log(table).update(may_be_stale, nothing, nothing)

    def _snapshot(self, table: Table) -> Any:
        return self._log(table).unsafeVolatileSnapshot()

    def _log(self, table: Table) -> Any:
        log = self.spark._jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]
        return log.forTable(self.spark._jsparkSession, self.location(table))

    def _delta(self, table: Table) -> DeltaTable:
        return DeltaTable.forPath(self.spark, self.location(table))

    def _options(self, writer, table: Table):  # type: ignore[no-untyped-def]
        for name, value in table_properties(table).items():
            writer = writer.option(name, value)
        return writer


def _is_nothing(frame: DataFrame, gone: DataFrame | None, rows: int | None, in_arrow: InArrow | None) -> bool:
    """Whether neither a row comes nor a key goes."""
    if in_arrow is not None:
        return not in_arrow.rows.num_rows and not (in_arrow.gone and in_arrow.gone.num_rows)
    return (frame.isEmpty() if rows is None else rows == 0) and (gone is None or gone.isEmpty())


def _rows_by_checksum(snapshot: Any) -> int | None:
    """The rows that the snapshot's version checksum tells; None where it does not list every file with its rows."""
    files = files_of(snapshot)
    if files is None:
        return None
    counts = [file.numLogicalRecords() for file in files]
    return sum(int(count.get()) for count in counts) if all(count.isDefined() for count in counts) else None


def table_properties(table: Table) -> dict[str, str]:
    """Delta properties of a table: no deletion vectors, no personal values in the log's statistics.

    Statistics are kept of days and moments alone, by which histories are read: those of every column were a twelfth of
    a first night.

    Source: https://docs.delta.io/latest/table-properties.html; erasure must find no e-mail in a min/max statistic.
    """
    partition = table.night_column if table.write == "replace_night" else None
    moments = [c for c in table.columns if c.type in ("date", "timestamp")]
    indexed = [f"`{c.name}`" for c in moments if not c.personal and c.name != partition]
    retention = {"delta.logRetentionDuration": "interval 7 days"} if table.has_personal_columns else {}
    return {
        "delta.enableDeletionVectors": "false",
        "delta.dataSkippingStatsColumns": ",".join(indexed),
        "delta.deletedFileRetentionDuration": "interval 4 days",
    } | retention


def _same_key(table: Table) -> str:
    return " and ".join(f"old.`{name}` <=> new.`{name}`" for name in table.key)


def _outcome(held: DataFrame, new: DataFrame, gone: DataFrame | None, table: Table) -> DataFrame:
    """What a table holds once the new rows are merged in and the keys of `gone` are taken out."""
    kept = _joined(held, _leaving(new, gone, table), table, how="left_anti")
    return kept.unionByName(new, allowMissingColumns=True)


def _leaving(new: DataFrame, gone: DataFrame | None, table: Table) -> DataFrame:
    """The keys whose rows of before do not stay."""
    keys = new.select(*table.key)
    return keys if gone is None else keys.unionByName(gone.select(*table.key))


def _joined(held: DataFrame, leaving: DataFrame, table: Table, *, how: str) -> DataFrame:
    same = reduce(and_, (F.col(f"old.`{name}`").eqNullSafe(F.col(f"new.`{name}`")) for name in table.key))
    return held.alias("old").join(leaving.alias("new"), same, how)


def _with_declared(frame: DataFrame, table: Table) -> DataFrame:
    """The frame with the columns that the contract has gained since the table was written, as nulls."""
    missing = [column for column in table.columns if column.name not in frame.columns]
    return reduce(lambda wide, c: wide.withColumn(c.name, F.lit(None).cast(c.type)), missing, frame)
