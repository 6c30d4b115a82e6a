"""Whether the lines of the retailer file fit the tables: checked before a night begins."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.names import nearest
from lakehouse.table import Table
from quality.rule_kinds import CATEGORIES, KINDS, NUMBERS, TIMES
from quality.settings import RuleSettings

LAYERS = ("raw", "conformed", "unified", "features", "models", "scores", "activation")
"""In the order in which a night makes them."""
UNGATED = ("raw", "ops", "models.evaluations", "models.calibration", "models.suitability", "activation.deliveries")
"""Layers and tables that no gate judges."""
WITHIN_UNIFIED = {("unified.order_lines", "unified.orders")}
"""Pairs of which the second is made before the first."""


def check_rules(lines: Sequence[RuleSettings], tables: Mapping[str, Table]) -> list[str]:
    """What is wrong with the lines, one message each; nothing where every table and column exists.

    Shape: tables are all tables by name, those of rows set aside included.
    """
    found = [message for line in lines for message in _problems(line, tables)]
    return found or _circles(lines)


def check_patterns(spark: SparkSession, lines: Sequence[RuleSettings]) -> list[str]:
    """A message for every pattern that Spark cannot read as a regular expression."""
    return [
        f"rules: {line.table}.{line.column}: {line.pattern} is no regular expression of Java"
        for line in lines
        if line.pattern is not None and not _is_readable(spark, line.pattern)
    ]


def is_gated(table: Table) -> bool:
    """Whether a gate judges the table: rules can be stated on it."""
    return not {table.layer, table.name} & set(UNGATED) and not table.name.endswith("_rejected")


def references(lines: Sequence[RuleSettings]) -> dict[str, frozenset[str]]:
    """The tables that the rules of a table look into, which a night has to make before it."""
    tables = {line.table for line in lines if line.other}
    return {table: frozenset(line.other for line in lines if line.table == table and line.other) for table in tables}


def _problems(line: RuleSettings, tables: Mapping[str, Table]) -> list[str]:
    table = tables.get(line.table)
    if table is None:
        return [f"rules: there is no table {line.table}{nearest(line.table, tables)}"]
    if not is_gated(table):
        return [f"rules: {line.table} is not gated; state the rule on the table that is made from it"]
    unknown = _unknown(line.read(), table)
    if unknown:
        return unknown
    return [*_wrong_type(line, table), *_wrong_reference(line, table, tables), *_nowhere_to_set_aside(line, tables)]


def _unknown(names: Sequence[str], table: Table) -> list[str]:
    known = table.column_names
    return [f"rules: {table.name} has no column {name}{nearest(name, known)}" for name in names if name not in known]


def _wrong_type(line: RuleSettings, table: Table) -> Iterator[str]:
    """Why the rule cannot be asked of the column's type."""
    if line.column and (fits := _fits(line)) and _type(table, line.column) not in fits:
        kind = _type(table, line.column)
        yield f"rules: {line.rule} cannot be asked of {line.table}.{line.column}, which is a {kind}"
    if line.country_column and (kind := _type(table, line.country_column)) != "string":
        yield f"rules: {line.table}.{line.country_column} holds no countries: it is a {kind}"
    if line.rule == "ordered":
        yield from _not_comparable(line, table)


def _fits(line: RuleSettings) -> tuple[str, ...]:
    if line.rule == "between":
        return NUMBERS if isinstance(line.min if line.max is None else line.max, int | float) else TIMES
    if line.rule == "stable":
        return CATEGORIES if isinstance(line.shares, dict) else NUMBERS
    return KINDS[line.rule].fits


def _not_comparable(line: RuleSettings, table: Table) -> Iterator[str]:
    first, then = (_type(table, name) for name in line.columns)
    if not any(first in family and then in family for family in (NUMBERS, TIMES)):
        pair = f"{table.name}.{line.columns[0]}, a {first}, with {line.columns[1]}, a {then}"
        yield f"rules: ordered cannot compare {pair}"


def _wrong_reference(line: RuleSettings, table: Table, tables: Mapping[str, Table]) -> list[str]:
    """Why the rule cannot look into the other table."""
    if line.other is None:
        return []
    other = tables.get(line.other)
    if other is None:
        return [f"rules: there is no table {line.other}{nearest(line.other, tables)}"]
    unknown = [] if other.open_columns else _unknown(line.read_of_other(), other)
    if unknown:
        return unknown
    if not _made_before(other, table):
        return [f"rules: {line.table} cannot look into {line.other}, which a night does not make before it"]
    return list(_wrong_key(line, table, other))


def _wrong_key(line: RuleSettings, table: Table, other: Table) -> Iterator[str]:
    """Key columns of two families, and parts that cannot be added up."""
    own = line.key if line.rule == "sums_to" else line.columns
    for here, there in zip(own, line.key or line.columns, strict=True):
        if there in other.column_names and _family(table, here) != _family(other, there):
            kinds = f"a {_type(table, here)}", f"a {_type(other, there)}"
            yield f"rules: {table.name}.{here} is {kinds[0]}, and {other.name}.{there} is {kinds[1]}"
    if line.part and line.part in other.column_names and _type(other, line.part) not in NUMBERS:
        yield f"rules: {other.name}.{line.part} cannot be added up: it is a {_type(other, line.part)}"


def _is_readable(spark: SparkSession, pattern: str) -> bool:
    try:
        spark.range(1).select(F.lit("").rlike(pattern)).collect()
    except PySparkException:
        return False
    return True


def _made_before(other: Table, table: Table) -> bool:
    if other.name.endswith("_rejected") or other.layer not in LAYERS:
        return False
    here, there = LAYERS.index(table.layer), LAYERS.index(other.layer)
    beside = table.layer == "conformed" and table.name not in ("conformed.exchange_rates", other.name)
    return there < here or (there == here and (beside or (table.name, other.name) in WITHIN_UNIFIED))


def _circles(lines: Sequence[RuleSettings]) -> list[str]:
    """Tables that would each have to be made before the other."""
    try:
        TopologicalSorter(references(lines)).prepare()
    except CycleError as error:
        return [f"rules: these tables look into one another: {', '.join(sorted(set(error.args[1])))}; drop one rule"]
    return []


def _type(table: Table, column: str) -> str:
    return table.column(column).type.split("(")[0]


def _family(table: Table, column: str) -> str:
    kind = _type(table, column)
    return "number" if kind in NUMBERS else kind


def _nowhere_to_set_aside(line: RuleSettings, tables: Mapping[str, Table]) -> list[str]:
    if line.otherwise != "reject" or f"{line.table}_rejected" in tables:
        return []
    return [f"rules: {line.table} sets no rows aside; write `otherwise: warn` or `otherwise: block`"]
