"""The `rules` section of the retailer file: rules of the retailer's own, added to the built-in ones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lakehouse.names import nearest
from quality.rule_kinds import KINDS, Kind
from quality.rules import Form, Rule, Severity
from quality.rules.postcodes import POSTCODES

SHARES = ("null_share", "match_share", "distinct_share")
WHOLE = ("row_count", "length")
KEYS = (
    *("column", "columns", "min", "max", "values", "pattern", "form", "country", "country_column"),
    *("in", "key", "part", "tolerance", "edges", "shares", "days"),
)


class RuleSettings(BaseModel):
    """One rule: `{table: conformed.orders, rule: between, column: order_amount, min: 0, otherwise: reject}`.

    Units: limit is the share of rows (0 to 1) that may break it: above, reject and block stop the table, warn warns;
           otherwise is block, of `fresh` and `stable` warn, where the line does not say.
    Shape: which keys a rule takes stands in quality/rule_kinds.py and docs/reference/rules.md.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    table: str
    rule: Kind
    column: str | None = None
    columns: tuple[str, ...] = ()
    min: int | float | date | None = None
    max: int | float | date | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    form: Form | None = None
    country: str | None = None
    country_column: str | None = None
    other: str | None = Field(default=None, alias="in")
    key: tuple[str, ...] = ()
    part: str | None = None
    tolerance: Annotated[float, Field(ge=0)] | None = None
    edges: tuple[float, ...] = ()
    shares: dict[str, Annotated[float, Field(ge=0, le=1)]] | tuple[Annotated[float, Field(ge=0, le=1)], ...] = ()
    days: Annotated[int, Field(ge=0)] | None = None
    limit: Annotated[float, Field(ge=0, le=1)] | None = None
    otherwise: Severity | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        problem = next(_problems(self), None)
        if problem:
            raise ValueError(f"rule {self.rule} {problem}")
        return self

    def as_rule(self) -> Rule:
        """The rule that the line states."""
        rule = KINDS[self.rule].state(self)
        limit = rule.limit if self.limit is None else self.limit
        return replace(rule, severity=self.otherwise or rule.severity, limit=limit)

    def read(self) -> tuple[str, ...]:
        """The columns that the rule reads of its own table."""
        shared = self.key if self.rule == "sums_to" else ()
        return tuple(filter(None, (self.column, *self.columns, self.country_column, *shared)))

    def read_of_other(self) -> tuple[str, ...]:
        """The columns that the rule reads of the table that it looks into."""
        if self.other is None:
            return ()
        return (self.part, *self.key) if self.part else self.key or self.columns

    def has(self, name: str) -> bool:
        """Whether the line gives a key."""
        return getattr(self, "other" if name == "in" else name) not in (None, (), {})


def _problems(line: RuleSettings) -> Iterator[str]:
    """What makes a line incomplete or contradictory, the first of it first."""
    kind = KINDS[line.rule]
    missing = [need for need in kind.needs if not any(map(line.has, need.split("|")))]
    if missing:
        yield f"needs {' and '.join(missing).replace('|', ' or ')}"
    unused = sorted(name for name in KEYS if line.has(name) and name not in kind.uses)
    if unused:
        yield f"does not use {', '.join(unused)}"
    if kind.of_table and line.limit is not None:
        yield "does not use limit: it is about the whole table"
    if kind.of_table and line.otherwise == "reject":
        yield "is about the whole table and sets no row aside; write `otherwise: warn` or `otherwise: block`"
    yield from _wrong_bounds(line)
    yield from _wrong_lists(line)
    if line.country is not None:
        yield from _wrong_country(line)


def _wrong_bounds(line: RuleSettings) -> Iterator[str]:
    bounds = [(name, value) for name, value in (("min", line.min), ("max", line.max)) if value is not None]
    if line.rule == "not_before" and not isinstance(line.min, date):
        yield "needs a day as min, for example 2000-01-31"
    for name, value in bounds:
        if line.rule in WHOLE and not (isinstance(value, int) and value >= 0):
            yield f"needs a whole number as {name}"
        if line.rule in SHARES and not (isinstance(value, int | float) and 0 <= value <= 1):
            yield f"needs a share from 0 to 1 as {name}"
        if line.rule == "stable" and not isinstance(value, int | float):
            yield f"needs a number as {name}"
    if len(bounds) == 2 and isinstance(line.min, date) != isinstance(line.max, date):
        yield "has a day and a number as its bounds"
    elif len(bounds) == 2 and line.min > line.max:  # type: ignore[operator]
        yield f"has a min of {line.min} above its max of {line.max}"


def _wrong_lists(line: RuleSettings) -> Iterator[str]:
    if line.rule == "ordered" and len(line.columns) != 2:
        yield "needs two columns, the earlier one first"
    if line.rule == "exists_in" and line.key and len(line.key) != len(line.columns):
        yield f"has {len(line.columns)} columns and {len(line.key)} in its key"
    if line.rule == "stable":
        yield from _wrong_shares(line)


def _wrong_shares(line: RuleSettings) -> Iterator[str]:
    if isinstance(line.shares, dict):
        if line.edges:
            yield "has edges, which belong to a list of shares, not to shares by category"
        if sum(line.shares.values()) > 1.0001:
            yield "has shares that add up to more than 1"
    elif list(line.edges) != sorted(set(line.edges)) or len(line.shares) != len(line.edges) + 1:
        yield "needs ascending edges, and one share more than edges"
    elif abs(sum(line.shares) - 1) > 0.0001:
        yield "has shares that do not add up to 1"


def _wrong_country(line: RuleSettings) -> Iterator[str]:
    known = POSTCODES if line.rule == "valid_postcode" else phone_countries()
    if line.country not in known:
        yield f"knows no country {line.country}{nearest(line.country or '', known)}"


def phone_countries() -> frozenset[str]:
    """The countries whose numbering plan is known, as ISO 3166 codes."""
    from phonenumbers import SUPPORTED_REGIONS

    return frozenset(SUPPORTED_REGIONS)
