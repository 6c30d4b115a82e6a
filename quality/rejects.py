"""Rows that break a rule: marked, counted and set aside, kept whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.table import Table
from quality.rules import Rule

BROKEN = "_broken"
FILE = ("source", "delivery", "file_sha256", "_mapping")


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

    Units: a row that broke two rules counts under both in by_rule, once in rejected_rows.
    """

    rows: int
    rejected_rows: int = 0
    by_rule: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[FileCount, ...] = ()


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
        by_rule=MappingProxyType(_by_rule(frame) if rejected_rows else {}),
        files=tuple(sorted(counts, key=lambda c: (c.source, c.delivery, c.file_sha256, c.mapping))),
    )


def _by_rule(frame: DataFrame) -> dict[str, int]:
    rules = frame.select(F.explode(BROKEN).alias("rule")).groupBy("rule").agg(F.count(F.lit(1)).alias("rows"))
    return {row["rule"]: row["rows"] for row in rules.orderBy("rule").collect()}
