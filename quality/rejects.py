"""Rows that break a rule: marked, counted and set aside, kept whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table
from quality.rules import Rule

BROKEN = "_broken"
FILE = ("source", "delivery", "file_sha256", "_mapping")
PLACE = ("source", "delivery", "file_sha256", "row_number", "mapping")


@dataclass(frozen=True)
class Again:
    """Files whose rows were judged on earlier nights and are judged again, after a repair.

    Units: since is the night of the oldest of them; files are (source, delivery, hash of the content).
    """

    since: date
    files: frozenset[tuple[str, str, str]]

    def rows(self, aside: DataFrame) -> DataFrame:
        """The rows set aside that come from these files."""
        return aside.join(F.broadcast(self._listed(aside)), ["source", "delivery", "file_sha256"], "left_semi")

    def others(self, aside: DataFrame) -> DataFrame:
        """The rows set aside that come from other files, of the nights that are written anew."""
        later = aside.where(F.col("night") >= self.since)
        return later.join(F.broadcast(self._listed(aside)), ["source", "delivery", "file_sha256"], "left_anti")

    def _listed(self, aside: DataFrame) -> DataFrame:
        schema = "source string, delivery string, file_sha256 string"
        return frame_of(aside.sparkSession, sorted(self.files), schema)


@dataclass(frozen=True)
class FileCount:
    """What became of the rows of one delivered file under one mapping.

    Units: delivered rows; with group_by the rows behind the groups.
    """

    source: str
    delivery: str
    file_sha256: str
    mapping: int
    published: int
    rejected: int


@dataclass(frozen=True)
class Tally:
    """How many rows a frame holds, how many of them broke a rule, and which.

    Units: broken counts rows by source and rule; a row that broke two rules counts under both, once in rejected_rows;
           unchanged are rows delivered beside those of the frame, which the table holds already.
    """

    rows: int
    rejected_rows: int = 0
    unchanged: int = 0
    broken: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[FileCount, ...] = ()

    @property
    def delivered(self) -> int:
        """The rows of which a limit is a share: those of the frame, and those that the table holds already."""
        return self.rows + self.unchanged

    @property
    def by_rule(self) -> Mapping[str, int]:
        """Rows by rule, of all sources."""
        found: dict[str, int] = {}
        for (_, rule), rows in sorted(self.broken.items(), key=lambda item: item[0][1]):
            found[rule] = found.get(rule, 0) + rows
        return MappingProxyType(found)


def marked(frame: DataFrame, rules: Sequence[Rule], night: date) -> DataFrame:
    """The frame with every rule that a row broke in _broken: those that conform judged and those that reject."""
    found = [F.when(rule.broken(night), F.lit(rule.name)) for rule in rules if rule.severity == "reject"]
    judged = F.coalesce(F.col(BROKEN), F.array().cast("array<string>"))
    return frame.withColumn(BROKEN, F.array_distinct(F.array_compact(F.concat(judged, F.array(*found)))))


def sound(frame: DataFrame) -> DataFrame:
    """The rows of a marked frame that broke no rule."""
    return frame.where(F.size(BROKEN) == 0)


def set_aside(frame: DataFrame, rejected: Table, night: date) -> DataFrame:
    """The rows of a marked frame that broke a rule, as they are kept."""
    return (
        frame.where(F.size(BROKEN) > 0)
        .select(
            F.lit(night).alias("night"),
            F.lit(night).alias("first_night"),
            "source",
            "delivery",
            F.col("_mapping").cast("int").alias("mapping"),
            F.col("_file_name").alias("file_name"),
            "file_sha256",
            "row_number",
            F.col("_rows").cast("bigint").alias("rows_count"),
            F.col(BROKEN).alias("rules"),
            F.col("_delivered_row").alias("delivered_row"),
        )
        .select(*rejected.column_names)
    )


@dataclass(frozen=True)
class Aside:
    """The rows of one night that go into a table of rows set aside.

    Units: rows is the number of rows of the frame; again names files that were judged before.
    """

    lake: Lakehouse
    table: Table
    frame: DataFrame
    night: date
    rows: int
    again: Again | None = None

    def newly(self) -> int:
        """How many of the rows are not set aside already."""
        if self.again is None or not self.rows:
            return self.rows
        before = self.lake.read_as_night_began(self.table).select(*PLACE)
        return self.frame.join(before, [*PLACE], "left_anti").count()

    def write(self) -> None:
        """Set the rows aside; an earlier try's rows of this night are replaced, and nothing is written for no row.

        Shape: of files judged again, rows that broke no rule leave the table, and those that still do keep the night
               on which they were set aside first; one commit.
        """
        if self.again is not None and self.lake.exists(self.table):
            before = self.lake.read_as_night_began(self.table)
            still = _with_first_night(self.frame, self.again.rows(before))
            whole = still.unionByName(self.again.others(before).select(*self.table.column_names))
            self.lake.replace_since(self.table, whole, self.again.since)
        elif self.rows or self.lake.written_tonight(self.table):
            self.lake.replace_night(self.table, self.frame, self.night)


def _with_first_night(rows_aside: DataFrame, before: DataFrame) -> DataFrame:
    known = before.groupBy(*PLACE).agg(F.min(F.coalesce("first_night", "night")).alias("_first"))
    found = rows_aside.join(known, [*PLACE], "left")
    return found.withColumn("first_night", F.coalesce("_first", "first_night")).select(*rows_aside.columns)


def tally(frame: DataFrame) -> Tally:
    """The counts of a marked frame; as many rows leave Spark as there are files and rules."""
    bad = F.size(BROKEN) > 0
    files = (
        frame.groupBy(*FILE)
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.count_if(bad).alias("rejected_rows"),
            F.sum(F.when(bad, 0).otherwise(F.col("_rows"))).alias("published"),
            F.sum(F.when(bad, F.col("_rows")).otherwise(0)).alias("rejected"),
        )
        .collect()
    )
    rejected_rows = sum(row["rejected_rows"] for row in files)
    counts = [FileCount(*(row[name] for name in (*FILE, "published", "rejected"))) for row in files]
    return Tally(
        rows=sum(row["rows"] for row in files),
        rejected_rows=rejected_rows,
        broken=MappingProxyType(_broken(frame) if rejected_rows else {}),
        files=tuple(sorted(counts, key=lambda c: (c.source, c.delivery, c.file_sha256, c.mapping))),
    )


def _broken(frame: DataFrame) -> dict[tuple[str, str], int]:
    rules = frame.select("source", F.explode(BROKEN).alias("rule")).groupBy("source", "rule")
    return {(row["source"], row["rule"]): row["count"] for row in rules.count().collect()}
