"""Where a rule is broken, for whoever repairs it: a few keys, or files and row numbers, and never a personal value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.table import Table
from quality.gate import GateOutcome
from quality.rejects import BROKEN
from quality.rules import Rule

MOST = 5
"""Places that are shown of a broken rule."""
MOST_RULES = 10
"""Broken rules of which places are shown: each costs a small query."""
LONGEST = 60
"""Signs of a value that are shown."""


@dataclass(frozen=True)
class Judged:
    """The frames of one night that a gate was asked of.

    Units: good is what stays; aside are the marked rows where rows can be set aside, else None.
    """

    table: Table
    good: DataFrame
    aside: DataFrame | None
    night: date


def with_samples(gates: Sequence[GateOutcome], rules: Sequence[Rule], judged: Judged) -> tuple[GateOutcome, ...]:
    """The outcomes, those of broken rules with a few places where they are broken.

    Shape: a row set aside is known by its file and row number, since the key of a broken row may be anything; a row
           that stays by its key, where no column of the key is personal. Nothing for a rule about the whole table.
    """
    broken = [gate for gate in gates if gate.outcome != "passed" and gate.failed][:MOST_RULES]
    stated = {rule.name: rule for rule in rules}
    return tuple(_with_sample(gate, stated, judged) if gate in broken else gate for gate in gates)


def _with_sample(gate: GateOutcome, stated: Mapping[str, Rule], judged: Judged) -> GateOutcome:
    if gate.severity == "reject" and judged.aside is not None:
        rows = judged.aside.where(F.array_contains(BROKEN, gate.rule)).select("_file_name", "row_number")
        return replace(gate, sample=tuple(map(_row_of_a_file, rows.limit(MOST).collect())))
    rule, key = stated.get(gate.rule), judged.table.key
    if rule is None or any(judged.table.column(name).personal for name in key):
        return gate
    broken = _broken_keys(rule, judged)
    return gate if broken is None else replace(gate, sample=tuple(map(_key, broken.limit(MOST).collect())))


def _broken_keys(rule: Rule, judged: Judged) -> DataFrame | None:
    """The keys of the rows that break the rule; None for one that rows neither keep nor break."""
    keys: list[Column] = [F.col(name) for name in judged.table.key]
    if rule.kind == "unique":
        twice = judged.good.groupBy(*rule.columns).count().where("count > 1")
        return twice.drop("count") if set(rule.columns) <= set(judged.table.key) else None
    if rule.holds is None:
        return None
    return judged.good.where(rule.broken(judged.night)).select(*keys)


def _row_of_a_file(row: Row) -> str:
    name, number = row
    return f"{name} row {number}" if number is not None else str(name)


def _key(row: Row) -> str:
    return ", ".join(f"{name}={_shown(value)}" for name, value in row.asDict().items())


def _shown(value: object) -> str:
    """A value of a key; one that looks like an e-mail address came into the wrong column and is not shown."""
    text = str(value)
    return "(not shown)" if "@" in text else text[:LONGEST]
