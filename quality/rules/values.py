"""Rules about one value, or about the key; a null breaks `not_null` alone and passes every other rule by."""

from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, Window
from pyspark.sql import functions as F

from quality.rules.rule import Rule, Severity, quoted

Bound = int | float | date


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
        """That there are as many keys as rows; Great Expectations' own rules number the rows of every key."""
        from quality.figure_between import ExpectFigureBetween

        # A struct of nulls is a key, a null alone is none.
        whole = quoted(key[0]) if len(key) == 1 else f"struct({', '.join(map(quoted, key))})"
        return ExpectFigureBetween(figure=f"count({whole}) - count(distinct {whole})", maximum=0)

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


def _bound(value: Bound | None) -> float | date | None:
    """The bound as Great Expectations keeps it: numbers as double."""
    return value if value is None or isinstance(value, date) else float(value)


def _range(minimum: Bound | None, maximum: Bound | None) -> str:
    if minimum is None:
        return f"of at most {maximum}"
    return f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
