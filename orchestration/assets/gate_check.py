"""A table's gate as Dagster shows it: one asset check with counts, limits and a few places, never a personal value."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import dagster as dg

from quality.gate import GateOutcome, Outcome
from quality.publish import Published

GATE = "gate"
OUTCOMES: tuple[Outcome, ...] = ("blocked", "warned", "set aside", "passed")
"""The worst first."""


def gate_check(key: dg.AssetKey, gates: Iterable[GateOutcome], *, night: date) -> dg.AssetCheckResult:
    """The check of one table: failed where a rule blocked it, failed with a warning where one only warned.

    Shape: a line per broken rule; counts are numbers, which Dagster draws over the nights.
    """
    listed = sorted(dict.fromkeys(gates), key=lambda gate: OUTCOMES.index(gate.outcome))
    counts = {outcome: sum(gate.outcome == outcome for gate in listed) for outcome in OUTCOMES}
    return dg.AssetCheckResult(
        passed=not counts["blocked"] and not counts["warned"],
        severity=dg.AssetCheckSeverity.ERROR if counts["blocked"] else dg.AssetCheckSeverity.WARN,
        asset_key=key,
        check_name=GATE,
        description=_in_words(listed, counts),
        metadata={
            **_broken(listed),
            "night": night.isoformat(),
            "rules": len(listed),
            "rules that blocked": counts["blocked"],
            "rules that warned": counts["warned"],
            "which rules passed": _passed(listed),
        },
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


def _broken(gates: Sequence[GateOutcome]) -> dict[str, dg.MetadataValue[Any]]:
    """One line per broken rule: Dagster shows a text at once, and a table behind a click."""
    lines: dict[str, dg.MetadataValue[Any]] = {}
    for gate in gates:
        if gate.outcome != "passed":
            examples = f"; for example {'; '.join(gate.sample)}" if gate.sample else ""
            lines[f"{gate.outcome}: {gate.rule}"] = dg.MetadataValue.text(f"{_counted(gate)}{examples}")
    return lines


def _counted(gate: GateOutcome) -> str:
    if gate.observed is not None:
        return f"observed {gate.observed:.4g}"
    return f"{gate.failed:,} rows" + ("" if gate.outcome == "set aside" else f", limit {gate.limit:,}")


def _passed(gates: Sequence[GateOutcome]) -> dg.MetadataValue[Any]:
    return markdown_table(("rule", "otherwise"), [(g.rule, g.severity) for g in gates if g.outcome == "passed"])
