"""Rules: each has two readings, a Spark predicate (setting rows aside) and a Great Expectations expectation (the gate).

A null breaks `not_null` alone; every other rule about a column passes it by, as Great Expectations does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from pyspark.sql import Column, Window
from pyspark.sql import functions as F

Severity = Literal["reject", "warn", "block"]
Bound = int | float | date


@dataclass(frozen=True)
class Rule:
    """What must hold in a table, and what happens where it does not; made by the functions below.

    Units: name is the rule in words; fault ends the sentence `214 of 88,102 rows ...`; severity reject sets the row
           aside, warn tells, block stops the table; limit is the share of rows that may break the rule: above it the
           table is blocked (reject, block) or warned of; None is every row for reject, no row for the others;
           rows is what row_count asks for, and what rejected_share always allows.
    Shape: holds is true where a row keeps the rule and null where its value is null; None for a rule about the table.
           Both readings take the night; expectation also takes Great Expectations' catalogue. whether is a cheaper
           expectation that says only if all rows keep the rule, where there is one.
    """

    kind: str
    name: str
    fault: str
    columns: tuple[str, ...]
    severity: Severity
    limit: float | None
    holds: Callable[[date], Column] | None
    expectation: Callable[[Any, date], Any] | None
    rows: int = 0
    whether: Callable[[], Any] | None = None

    def broken(self, night: date) -> Column:
        """True for a row that breaks the rule, never null; false everywhere for a rule about the table."""
        if self.holds is None:
            return F.lit(False)
        return F.coalesce(~self.holds(night), F.lit(False))

    def allowed(self, rows: int) -> int:
        """How many of so many rows may break it."""
        if self.kind == "row_count":
            return 0
        if self.limit is None:
            return rows if self.severity == "reject" else 0
        return max(self.rows, int(self.limit * rows))


def not_null(column: str, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """Every row has a value."""
    return Rule(
        "not_null",
        f"{column} is given",
        f"have no {column}",
        (column,),
        severity,
        limit,
        lambda _: F.col(column).isNotNull(),
        lambda catalogue, _: catalogue.ExpectColumnValuesToNotBeNull(column=column),
    )


def unique(*key: str, severity: Severity = "block", limit: float | None = None) -> Rule:
    """No two rows have the same value; within several columns null equals null."""

    def holds(_: date) -> Column:
        alone = F.count(F.lit(1)).over(Window.partitionBy(*key)) == 1
        return alone if len(key) > 1 else alone | F.col(key[0]).isNull()

    def expectation(catalogue: Any, _: date) -> Any:
        if len(key) == 1:
            return catalogue.ExpectColumnValuesToBeUnique(column=key[0])
        return catalogue.ExpectCompoundColumnsToBeUnique(column_list=list(key), ignore_row_if="never")

    def whether() -> Any:
        from quality.key_once import ExpectKeyOnce

        return ExpectKeyOnce(key=list(key))

    listed = ", ".join(key)
    fault = f"share their {listed} with another row"
    return Rule("unique", f"{listed} is unique", fault, key, severity, limit, holds, expectation, whether=whether)


def between(
    column: str,
    *,
    minimum: Bound | None = None,
    maximum: Bound | None = None,
    severity: Severity = "block",
    limit: float | None = None,
) -> Rule:
    """A number or a day within bounds, both included; None is no bound."""
    lowest, highest = _bound(minimum), _bound(maximum)

    def holds(_: date) -> Column:
        value = F.col(column)
        bounds = [value >= F.lit(lowest)] * (minimum is not None) + [value <= F.lit(highest)] * (maximum is not None)
        return bounds[0] & bounds[-1]

    def expectation(catalogue: Any, _: date) -> Any:
        return catalogue.ExpectColumnValuesToBeBetween(column=column, min_value=lowest, max_value=highest)

    words = _range(minimum, maximum)
    name, fault = f"{column} is {words}", f"do not have a {column} {words}"
    return Rule("between", name, fault, (column,), severity, limit, holds, expectation)


def in_set(column: str, *values: str, severity: Severity = "block", limit: float | None = None) -> Rule:
    """One of the listed values."""
    listed = ", ".join(values)
    return Rule(
        "in_set",
        f"{column} is one of {listed}",
        f"do not have a {column} of {listed}",
        (column,),
        severity,
        limit,
        lambda _: F.col(column).isin(list(values)),
        lambda catalogue, _: catalogue.ExpectColumnValuesToBeInSet(column=column, value_set=list(values)),
    )


def matches(column: str, pattern: str, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """Text in which a Java regular expression is found."""
    return Rule(
        "matches",
        f"{column} matches {pattern}",
        f"do not have a {column} that matches {pattern}",
        (column,),
        severity,
        limit,
        lambda _: F.col(column).rlike(pattern),
        lambda catalogue, _: catalogue.ExpectColumnValuesToMatchRegex(column=column, regex=pattern),
    )


def not_in_future(column: str, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """A day or a moment no later than the day after the night: the day of grace covers every time zone."""

    def expectation(catalogue: Any, night: date) -> Any:
        end = night + timedelta(days=2)
        return catalogue.ExpectColumnValuesToBeBetween(column=column, max_value=end, strict_max=True)

    return Rule(
        "not_in_future",
        f"{column} is not in the future",
        f"have a {column} in the future",
        (column,),
        severity,
        limit,
        lambda night: F.col(column) < F.lit(night + timedelta(days=2)),
        expectation,
    )


def not_before(column: str, earliest: date, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """A day or a moment on or after a day."""
    return Rule(
        "not_before",
        f"{column} is not before {earliest}",
        f"have a {column} before {earliest}",
        (column,),
        severity,
        limit,
        lambda _: F.col(column) >= F.lit(earliest),
        lambda catalogue, _: catalogue.ExpectColumnValuesToBeBetween(column=column, min_value=earliest),
    )


def row_count(at_least: int, *, severity: Severity = "block") -> Rule:
    """The table has at least so many rows; broken by the rows that are missing."""
    return Rule(
        "row_count",
        f"there are at least {at_least:,} rows",
        f"are missing: there must be at least {at_least:,}",
        (),
        severity,
        None,
        None,
        lambda catalogue, _: catalogue.ExpectTableRowCountToBeBetween(min_value=at_least),
        at_least,
    )


def rejected_share(at_most: float, *, always: int = 20, severity: Severity = "block") -> Rule:
    """At most a share of the rows that came is set aside; some always may be, so that a small file stops nothing.

    Shape: no expectation: Great Expectations sees only the rows that stay.
    """
    name = f"at most {at_most:.0%} of the rows are set aside"
    fault = "broke a rule and were set aside"
    return Rule("rejected_share", name, fault, (), severity, at_most, None, None, always)


def _bound(value: Bound | None) -> float | date | None:
    """The bound as Great Expectations keeps it: numbers as double."""
    return value if value is None or isinstance(value, date) else float(value)


def _range(minimum: Bound | None, maximum: Bound | None) -> str:
    if minimum is None:
        return f"of at most {maximum}"
    return f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
