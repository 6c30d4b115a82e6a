"""Rules that look into another table: does what a row points at exist, do the parts add up to the whole."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from quality.rules.rule import Read, Rule, Severity, judged_rule


def exists_in(
    columns: Sequence[str],
    other: str,
    *,
    key: Sequence[str] = (),
    severity: Severity = "block",
    limit: float | None = None,
) -> Rule:
    """The values stand in a row of another table; a row where one of them is null is passed by.

    Units: key are the columns of the other table, in the same order, where they have other names.
    """
    there = tuple(key or columns)
    listed = ", ".join(columns)

    def judge(frame: DataFrame, mark: str, read: Read) -> DataFrame:
        known = read(other).select(*(F.col(name).alias(f"_key_{n}") for n, name in enumerate(there))).distinct()
        looked_up = _joined(frame, known.withColumn("_found", F.lit(True)), columns)
        found = F.coalesce(F.col("_found"), F.lit(False))
        return _judged(looked_up, mark, F.when(_all_given(columns), found), frame)

    return judged_rule(
        "exists_in",
        f"{listed} exists in {other}",
        f"have a {listed} that does not exist in {other}",
        tuple(columns),
        judge,
        severity=severity,
        limit=limit,
        other=other,
    )


def sums_to(
    column: str,
    other: str,
    *,
    part: str,
    key: Sequence[str],
    tolerance: float = 0.01,
    severity: Severity = "block",
    limit: float | None = None,
) -> Rule:
    """The parts in another table add up to the column, as the lines of an order to its amount.

    Units: part is the other table's amount; key are the columns that both tables share; tolerance is in the column's
           unit. No part at all adds up to 0; a row whose amount or key is null is passed by.
    """

    def judge(frame: DataFrame, mark: str, read: Read) -> DataFrame:
        keyed = [F.col(name).alias(f"_key_{n}") for n, name in enumerate(key)]
        parts = read(other).groupBy(*keyed).agg(F.sum(part).alias("_sum"))
        difference = F.abs(F.col(column) - F.coalesce(F.col("_sum"), F.lit(0)))
        near = F.when(_all_given(key), difference <= F.lit(tolerance))
        return _judged(_joined(frame, parts, key), mark, near, frame)

    return judged_rule(
        "sums_to",
        f"{column} is the sum of {part} in {other} within {tolerance:g}",
        f"have a {column} that is not the sum of their {part} in {other}",
        (column, *key),
        judge,
        severity=severity,
        limit=limit,
        other=other,
    )


def _joined(frame: DataFrame, known: DataFrame, columns: Sequence[str]) -> DataFrame:
    """The frame beside what is known under its key; as many rows as before, for known has each key once."""
    same = [F.col(f"_key_{n}") == frame[name] for n, name in enumerate(columns)]
    return frame.join(known, same, "left")


def _judged(looked_up: DataFrame, mark: str, judgement: Column, frame: DataFrame) -> DataFrame:
    return looked_up.select(*(frame[name] for name in frame.columns), judgement.alias(mark))


def _all_given(columns: Sequence[str]) -> Column:
    given = F.lit(True)
    for name in columns:
        given = given & F.col(name).isNotNull()
    return given
