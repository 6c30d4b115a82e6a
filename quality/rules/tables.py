"""Rules about a table as a whole: how many rows, which shares, how fresh, how alike the last good nights."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lakehouse.stability import DRIFT
from quality.rules.drift import category_drift, number_drift
from quality.rules.rule import Rule, Severity, quoted

FEWEST = 500
"""Values below which chance alone looks like a change.

Source: Yurdakul and Naranjo (2020), "Statistical properties of the population stability index": of an unchanged
        distribution it is about chi-squared of (bins - 1) over the number of values: 0.02 with ten bins and 500 values.
"""


def row_count(at_least: int = 0, *, at_most: int | None = None, severity: Severity = "block") -> Rule:
    """The number of rows lies in a range, both ends included; broken by the rows that are missing or too many."""
    words = _rows(at_least, at_most)

    def amiss(rows: Any) -> int:
        return max(0, at_least - int(rows), 0 if at_most is None else int(rows) - at_most)

    return Rule(
        "row_count",
        f"there are {words} rows",
        f"are missing: there must be {words}" if at_most is None else f"are missing or too many: there must be {words}",
        (),
        severity,
        None,
        None,
        lambda catalogue, _: catalogue.ExpectTableRowCountToBeBetween(min_value=at_least, max_value=at_most),
        amiss=amiss,
        of_empty=True,
    )


def null_share(column: str, at_most: float, *, severity: Severity = "block") -> Rule:
    """At most a share of the rows has no value; unlike `not_null` it never sets a row aside."""
    name, fault = f"{column} is missing in at most {at_most:.4g} of the rows", f"have no {column}"
    return _not_null("null_share", column, name, fault, severity, limit=at_most)


def match_share(column: str, at_least: float, *, severity: Severity = "block") -> Rule:
    """At least a share of the rows has a value, as the share of orders whose customer is known."""
    name = f"{column} is known in at least {at_least:.4g} of the rows"
    return _not_null("match_share", column, name, f"were not matched to a {column}", severity, limit=1 - at_least)


def distinct_share(column: str, *, at_least: float = 0.0, at_most: float = 1.0, severity: Severity = "block") -> Rule:
    """How many different values there are per value lies in a range; nulls are left out, and no value passes."""
    figure = f"count(distinct {quoted(column)}) / nullif(count({quoted(column)}), 0)"
    name = f"the share of different values of {column} is from {at_least:.4g} to {at_most:.4g}"
    return _figure("distinct_share", column, name, severity, lambda _: figure, minimum=at_least, maximum=at_most)


def fresh(column: str, days: int, *, severity: Severity = "warn") -> Rule:
    """The newest day or moment lies at most so many days before the night; no row at all is not fresh."""

    def figure(night: date) -> str:
        return f"datediff(date'{night}', max(to_date({quoted(column)})))"

    name = f"the newest {column} is at most {days} days old"
    return _figure("fresh", column, name, severity, figure, maximum=days, of_empty=True)


def stable_categories(
    column: str,
    shares: Mapping[str, float],
    *,
    at_most: float = DRIFT,
    fewest: int = FEWEST,
    severity: Severity = "warn",
) -> Rule:
    """The shares of the categories are about those given; a value that is not listed belongs to the rest of them.

    Units: shares add up to at most 1; at_most is the population stability index; fewer values than fewest pass.
    """
    figure = category_drift(quoted(column), shares, fewest)
    return _stable(column, severity, figure, at_most)


def stable_numbers(
    column: str,
    edges: Sequence[float],
    shares: Sequence[float],
    *,
    at_most: float = DRIFT,
    fewest: int = FEWEST,
    severity: Severity = "warn",
) -> Rule:
    """The shares of numbers below, between and from the edges on are about those given, one share more than edges."""
    return _stable(column, severity, number_drift(quoted(column), edges, shares, fewest), at_most)


def rejected_share(at_most: float, *, always: int = 20, severity: Severity = "block") -> Rule:
    """At most a share of the rows that came is set aside; some always may be, so that a small file stops nothing.

    Shape: no expectation: Great Expectations sees only the rows that stay.
    """
    name = f"at most {at_most:.0%} of the rows are set aside"
    fault = "broke a rule and were set aside"
    return Rule("rejected_share", name, fault, (), severity, at_most, None, None, always)


def _not_null(kind: str, column: str, name: str, fault: str, severity: Severity, *, limit: float) -> Rule:
    return Rule(
        kind,
        name,
        fault,
        (column,),
        severity,
        limit,
        None,
        lambda catalogue, _: catalogue.ExpectColumnValuesToNotBeNull(column=column),
    )


def _stable(column: str, severity: Severity, figure: str, at_most: float) -> Rule:
    name = f"the distribution of {column} is stable (index at most {at_most:g})"
    return _figure("stable", column, name, severity, lambda _: figure, maximum=at_most)


def _figure(
    kind: str,
    column: str,
    name: str,
    severity: Severity,
    figure: Any,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    of_empty: bool = False,
) -> Rule:
    def expectation(_: Any, night: date) -> Any:
        from quality.figure_between import ExpectFigureBetween

        return ExpectFigureBetween(figure=figure(night), minimum=minimum, maximum=maximum, needed=of_empty)

    return Rule(
        kind, name, f"it does not hold that {name}", (column,), severity, None, None, expectation,
        amiss=lambda _: 1, of_empty=of_empty, is_figure=True,
    )  # fmt: skip


def _rows(at_least: int, at_most: int | None) -> str:
    return f"at least {at_least:,}" if at_most is None else f"{at_least:,} to {at_most:,}"
