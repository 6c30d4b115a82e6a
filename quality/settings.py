"""The `rules` section of the retailer file: rules of the retailer's own, added to the built-in ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lakehouse.names import nearest
from lakehouse.table import Table
from quality import rules
from quality.rules import Rule, Severity

Kind = Literal["not_null", "unique", "between", "in_set", "matches", "not_in_future", "not_before", "row_count"]
NEEDS: dict[str, tuple[str, ...]] = {
    "not_null": ("column",),
    "unique": ("columns",),
    "between": ("column", "min|max"),
    "in_set": ("column", "values"),
    "matches": ("column", "pattern"),
    "not_in_future": ("column",),
    "not_before": ("column", "min"),
    "row_count": ("min",),
}
NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
TIMES = ("date", "timestamp")


class RuleSettings(BaseModel):
    """One rule: `{table: conformed.orders, rule: between, column: order_amount, min: 0, otherwise: reject}`.

    Units: limit is the share of rows (0 to 1) that may break it: above, reject and block stop the table, warn warns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    rule: Kind
    column: str | None = None
    columns: tuple[str, ...] = ()
    min: int | float | date | None = None
    max: int | float | date | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    limit: Annotated[float, Field(ge=0, le=1)] | None = None
    otherwise: Severity = "block"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [need for need in NEEDS[self.rule] if not any(self._has(name) for name in need.split("|"))]
        if missing:
            raise ValueError(f"rule {self.rule} needs {' and '.join(missing).replace('|', ' or ')}")
        given = {name for name in ("column", "columns", "min", "max", "values", "pattern") if self._has(name)}
        unused = sorted(given - {name for need in NEEDS[self.rule] for name in need.split("|")})
        if unused:
            raise ValueError(f"rule {self.rule} does not use {', '.join(unused)}")
        if self.rule == "not_before" and not isinstance(self.min, date):
            raise ValueError("rule not_before needs a day as min, for example 2000-01-31")
        if self.rule == "row_count" and not isinstance(self.min, int):
            raise ValueError("rule row_count needs a whole number as min")
        return self

    def as_rule(self) -> Rule:
        """The rule that the line states."""
        rule = _STATED[self.rule](self)
        limit = rule.limit if self.limit is None else self.limit
        return replace(rule, severity=self.otherwise, limit=limit)

    def read(self) -> tuple[str, ...]:
        """The columns that the rule reads."""
        return (self.column,) if self.column else self.columns

    def _has(self, name: str) -> bool:
        return getattr(self, name) not in (None, ())


_STATED: dict[str, Callable[[RuleSettings], Rule]] = {
    "not_null": lambda line: rules.not_null(line.column or ""),
    "unique": lambda line: rules.unique(*line.columns),
    "between": lambda line: rules.between(line.column or "", minimum=line.min, maximum=line.max),
    "in_set": lambda line: rules.in_set(line.column or "", *line.values),
    "matches": lambda line: rules.matches(line.column or "", line.pattern or ""),
    "not_in_future": lambda line: rules.not_in_future(line.column or ""),
    "not_before": lambda line: rules.not_before(line.column or "", cast(date, line.min)),
    "row_count": lambda line: rules.row_count(cast(int, line.min)),
}


def check_rules(lines: Sequence[RuleSettings], tables: Mapping[str, Table]) -> list[str]:
    """What is wrong with the lines, one message each; nothing where every table and column exists.

    Shape: tables are all tables by name, those of rows set aside included.
    """
    return [message for line in lines for message in _problems(line, tables)]


def _problems(line: RuleSettings, tables: Mapping[str, Table]) -> list[str]:
    table = tables.get(line.table)
    if table is None:
        return [f"rules: there is no table {line.table}{nearest(line.table, tables)}"]
    known = table.column_names
    unknown = [name for name in line.read() if name not in known]
    if unknown:
        return [f"rules: {line.table} has no column {name}{nearest(name, known)}" for name in unknown]
    return [*_wrong_type(line, table), *_nowhere_to_set_aside(line, tables)]


def _wrong_type(line: RuleSettings, table: Table) -> list[str]:
    """Why the rule cannot be asked of the column's type."""
    if line.column is None:
        return []
    kind = table.column(line.column).type.split("(")[0]
    fits = {
        "between": NUMBERS if isinstance(line.min if line.max is None else line.max, int | float) else TIMES,
        "not_before": TIMES,
        "not_in_future": TIMES,
        "matches": ("string",),
        "in_set": ("string",),
    }.get(line.rule, (kind,))
    if kind in fits:
        return []
    return [f"rules: {line.rule} cannot be asked of {line.table}.{line.column}, which is a {kind}"]


def _nowhere_to_set_aside(line: RuleSettings, tables: Mapping[str, Table]) -> list[str]:
    if line.otherwise != "reject" or f"{line.table}_rejected" in tables:
        return []
    return [f"rules: {line.table} sets no rows aside; write `otherwise: warn` or `otherwise: block`"]
