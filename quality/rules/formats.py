"""Rules about how a text is written: its length, what it reads as, and whether two times are in order."""

from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from quality.rules.rule import Rule, Severity, judged_by, judged_rule
from quality.rules.values import matches

Form = Literal["whole_number", "number", "day", "uuid"]

FORMS: dict[Form, str] = {
    "whole_number": r"\A[+-]?[0-9]{1,38}\z",
    "number": r"\A[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\z",
    "day": r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z",
    "uuid": r"\A(?i)[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\z",
}
"""How a text is written that reads as such; a day must be in the calendar as well."""


def length(
    column: str,
    *,
    minimum: int = 0,
    maximum: int | None = None,
    severity: Severity = "block",
    limit: float | None = None,
) -> Rule:
    """Text of so many characters, both bounds included.

    Shape: Great Expectations has an expectation for lengths, which asks one query more; its regex joins the others.
    """
    upper = "" if maximum is None else str(maximum)
    words = _characters(minimum, maximum)

    def holds() -> Column:
        long_enough = F.length(column) >= minimum
        return long_enough if maximum is None else long_enough & (F.length(column) <= maximum)

    return Rule(
        "length",
        f"{column} has {words}",
        f"have a {column} that does not have {words}",
        (column,),
        severity,
        limit,
        lambda _: holds(),
        lambda catalogue, _: catalogue.ExpectColumnValuesToMatchRegex(
            column=column, regex=rf"(?s)\A.{{{minimum},{upper}}}\z"
        ),
    )


def reads_as(column: str, form: Form, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """Text that reads as a whole number, a number with a decimal point, a day (2026-03-01) or a UUID."""
    words = form.replace("_", " ")
    name, fault = f"{column} reads as a {words}", f"have a {column} that does not read as a {words}"
    written = matches(column, FORMS[form], severity=severity, limit=limit)
    if form != "day":
        return Rule("reads_as", name, fault, (column,), severity, limit, written.holds, written.expectation)

    def in_calendar() -> Column:
        return F.col(column).rlike(FORMS[form]) & (F.col(column).isNull() | F.col(column).try_cast("date").isNotNull())

    return judged_rule("reads_as", name, fault, (column,), judged_by(in_calendar), severity=severity, limit=limit)


def ordered(first: str, then: str, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """Two days, moments or numbers of a row in order: the second is not below the first; equal is in order.

    Shape: judged beforehand, because Great Expectations counts pairs of columns in queries of their own.
    """
    return judged_rule(
        "ordered",
        f"{then} is not before {first}",
        f"have a {then} before their {first}",
        (first, then),
        judged_by(lambda: F.col(then) >= F.col(first)),
        severity=severity,
        limit=limit,
    )


def _characters(minimum: int, maximum: int | None) -> str:
    if maximum is None:
        return f"at least {minimum} characters"
    return f"{minimum} characters" if minimum == maximum else f"{minimum} to {maximum} characters"
