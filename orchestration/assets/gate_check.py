"""A table's gate as Dagster shows it: one asset check with counts, limits and a few places, never a personal value."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from quality.gate import GateOutcome, Outcome
from quality.publish import Published

GATE = "gate"
OUTCOMES: tuple[Outcome, ...] = ("blocked", "warned", "set aside", "passed")
"""The worst first."""


def gate_check(key: dg.AssetKey, gates: Iterable[GateOutcome]) -> dg.AssetCheckResult:
    """The check of one table: failed where a rule blocked it, failed with a warning where one only warned.

    Shape: counts are numbers, which Dagster draws over the nights; what is broken and every rule are small tables.
    """
    listed = sorted(dict.fromkeys(gates), key=lambda gate: OUTCOMES.index(gate.outcome))
    counts = {outcome: sum(gate.outcome == outcome for gate in listed) for outcome in OUTCOMES}
    return dg.AssetCheckResult(
        passed=not counts["blocked"] and not counts["warned"],
        severity=dg.AssetCheckSeverity.ERROR if counts["blocked"] else dg.AssetCheckSeverity.WARN,
        asset_key=key,
        check_name=GATE,
        description=_in_words(listed, counts),
        metadata={**_tables(listed), **{f"rules {outcome}": count for outcome, count in counts.items()}},
    )


def set_aside(published: Published) -> dict[str, float]:
    """How many of the night's rows were set aside, as numbers that Dagster draws over the nights."""
    rows = published.rows + published.rejected_rows
    share = round(published.rejected_rows / rows, 6) if rows else 0.0
    return {"rows set aside": published.rejected_rows, "share set aside": share}


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MetadataValue[Any]:
    """A small table, as Dagster shows it."""
    lines = [head, ["---"] * len(head), *rows]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines))


def _cell(value: object) -> str:
    """A value as one cell: a bar or a line break would end it."""
    return " ".join(str(value).replace("|", "\\|").split())


def _in_words(gates: Sequence[GateOutcome], counts: dict[Outcome, int]) -> str:
    """`1 of 12 rules blocked the table: note_id is given (3 rows, limit 0)`."""
    worst = gates[0].outcome if gates else "passed"
    if worst == "passed":
        return f"all {len(gates)} rules passed"
    did = {"blocked": "blocked the table", "warned": "warned", "set aside": "set rows aside"}[worst]
    named = "; ".join(f"{gate.rule} ({_counted(gate)})" for gate in gates if gate.outcome == worst)
    return f"{counts[worst]} of {len(gates)} rules {did}: {named}"


def _tables(gates: Sequence[GateOutcome]) -> dict[str, dg.MetadataValue[Any]]:
    broken = [gate for gate in gates if gate.outcome != "passed"]
    tables = {}
    if broken:
        tables["broken rules"] = markdown_table(RULE, map(_rule, broken))
    if any(gate.sample for gate in broken):
        places = [(gate.rule, "<br>".join(gate.sample)) for gate in broken if gate.sample]
        tables["where, for example"] = markdown_table(("rule", "key, or file and row"), places)
    return tables | {"rules that passed": _passed(gates)}


RULE = ("rule", "outcome", "rows that break it", "limit")


def _rule(gate: GateOutcome) -> tuple[object, ...]:
    failed = f"{gate.failed:,}" if gate.observed is None else f"observed {gate.observed:.4g}"
    return gate.rule, gate.outcome, failed, "none" if gate.outcome == "set aside" else f"{gate.limit:,}"


def _counted(gate: GateOutcome) -> str:
    if gate.observed is not None:
        return f"observed {gate.observed:.4g}"
    return f"{gate.failed:,} rows" + ("" if gate.outcome == "set aside" else f", limit {gate.limit:,}")


def _passed(gates: Sequence[GateOutcome]) -> dg.MetadataValue[Any]:
    return markdown_table(("rule", "otherwise"), [(g.rule, g.severity) for g in gates if g.outcome == "passed"])
