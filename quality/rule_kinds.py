"""The kinds of rules that a retailer file can state: what each needs, what it may be asked of, what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from quality import rules
from quality.rules import Rule

if TYPE_CHECKING:
    from quality.settings import RuleSettings

Kind = Literal[
    "not_null",
    "unique",
    "between",
    "in_set",
    "matches",
    "length",
    "reads_as",
    "valid_email",
    "valid_phone",
    "valid_postcode",
    "not_in_future",
    "not_before",
    "ordered",
    "exists_in",
    "sums_to",
    "row_count",
    "null_share",
    "match_share",
    "distinct_share",
    "stable",
    "fresh",
]
NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
TIMES = ("date", "timestamp")
TEXT = ("string",)
CATEGORIES = ("string", "boolean", "tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True)
class RuleKind:
    """One kind of rule.

    Shape: needs and may name keys of a line; `a|b` is one of the two or both; fits are the types of `column` (all
           where empty); says is for the reference page; state makes the rule of a complete line; of_table is a rule
           that no single row keeps or breaks.
    """

    says: str
    needs: tuple[str, ...]
    state: "Callable[[RuleSettings], Rule]"
    may: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    of_table: bool = False

    @property
    def about(self) -> str:
        """What keeps or breaks it, in words."""
        return "the table" if self.of_table else "rows"

    @property
    def uses(self) -> frozenset[str]:
        """Every key that a line of this kind may have."""
        return frozenset(name for need in (*self.needs, *self.may) for name in need.split("|"))


def _column(line: "RuleSettings") -> str:
    return line.column or ""


def _stable(line: "RuleSettings") -> Rule:
    at_most = _number(line.max, rules.DRIFT)
    if isinstance(line.shares, dict):
        return rules.stable_categories(_column(line), line.shares, at_most=at_most)
    return rules.stable_numbers(_column(line), line.edges, line.shares, at_most=at_most)


def _number(value: Any, otherwise: float) -> float:
    return otherwise if value is None else float(value)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


KINDS: dict[Kind, RuleKind] = {
    "not_null": RuleKind("has a value", ("column",), lambda line: rules.not_null(_column(line))),
    "unique": RuleKind("no two rows share the columns", ("columns",), lambda line: rules.unique(*line.columns)),
    "between": RuleKind(
        "a number or a day within bounds, both included",
        ("column", "min|max"),
        lambda line: rules.between(_column(line), minimum=line.min, maximum=line.max),
    ),
    "in_set": RuleKind(
        "one of the values", ("column", "values"), lambda line: rules.in_set(_column(line), *line.values), fits=TEXT
    ),
    "matches": RuleKind(
        "a Java regular expression is found in it",
        ("column", "pattern"),
        lambda line: rules.matches(_column(line), line.pattern or ""),
        fits=TEXT,
    ),
    "length": RuleKind(
        "so many characters, both bounds included",
        ("column", "min|max"),
        lambda line: rules.length(_column(line), minimum=_whole(line.min) or 0, maximum=_whole(line.max)),
        fits=TEXT,
    ),
    "reads_as": RuleKind(
        "reads as a `whole_number`, `number`, `day` (2026-03-01) or `uuid`",
        ("column", "form"),
        lambda line: rules.reads_as(_column(line), line.form or "number"),
        fits=TEXT,
    ),
    "valid_email": RuleKind(
        "written as an e-mail address is", ("column",), lambda line: rules.valid_email(_column(line)), fits=TEXT
    ),
    "valid_phone": RuleKind(
        "a number that can be dialled in the country, or anywhere with its country code",
        ("column",),
        lambda line: rules.valid_phone(_column(line), country=line.country, country_column=line.country_column),
        may=("country", "country_column"),
        fits=TEXT,
    ),
    "valid_postcode": RuleKind(
        "a postal code as the country writes it",
        ("column", "country|country_column"),
        lambda line: rules.valid_postcode(_column(line), country=line.country, country_column=line.country_column),
        fits=TEXT,
    ),
    "not_in_future": RuleKind(
        "no later than the day after the night",
        ("column",),
        lambda line: rules.not_in_future(_column(line)),
        fits=TIMES,
    ),
    "not_before": RuleKind(
        "on or after a day",
        ("column", "min"),
        lambda line: rules.not_before(_column(line), line.min),  # type: ignore[arg-type]
        fits=TIMES,
    ),
    "ordered": RuleKind(
        "of two columns the second is not before the first",
        ("columns",),
        lambda line: rules.ordered(*line.columns),
    ),
    "exists_in": RuleKind(
        "the values stand in a row of another table, under `key` where its columns have other names",
        ("columns", "in"),
        lambda line: rules.exists_in(line.columns, line.other or "", key=line.key),
        may=("key",),
    ),
    "sums_to": RuleKind(
        "the sum of `part` in another table, over the rows with the same `key`, within `tolerance` (0.01)",
        ("column", "in", "part", "key"),
        lambda line: rules.sums_to(
            _column(line),
            line.other or "",
            part=line.part or "",
            key=line.key,
            tolerance=_number(line.tolerance, 0.01),
        ),
        may=("tolerance",),
        fits=NUMBERS,
    ),
    "row_count": RuleKind(
        "the number of rows of the night",
        ("min|max",),
        lambda line: rules.row_count(_whole(line.min) or 0, at_most=_whole(line.max)),
        of_table=True,
    ),
    "null_share": RuleKind(
        "at most this share of rows has no value",
        ("column", "max"),
        lambda line: rules.null_share(_column(line), _number(line.max, 1)),
        of_table=True,
    ),
    "match_share": RuleKind(
        "at least this share of rows has a value",
        ("column", "min"),
        lambda line: rules.match_share(_column(line), _number(line.min, 0)),
        of_table=True,
    ),
    "distinct_share": RuleKind(
        "different values per value",
        ("column", "min|max"),
        lambda line: rules.distinct_share(_column(line), at_least=_number(line.min, 0), at_most=_number(line.max, 1)),
        of_table=True,
    ),
    "stable": RuleKind(
        "the population stability index against `shares` (by category, or of the numbers between `edges`) is at most "
        "`max` (0.25)",
        ("column", "shares"),
        _stable,
        may=("edges", "max"),
        of_table=True,
    ),
    "fresh": RuleKind(
        "the newest day or moment is at most so many days before the night",
        ("column", "days"),
        lambda line: rules.fresh(_column(line), line.days or 0),
        fits=TIMES,
        of_table=True,
    ),
}
