"""Before an entity is written: did tonight's deliveries bring about as many rows as nights of this kind do?"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lakehouse.errors import GateBlocked
from orchestration.night import NightRun
from pipelines.canonical import Entity
from pipelines.reconciliation import FileCounted
from quality.gate import GateOutcome, Outcome, PublicationBlocked
from quality.usual import Usual, Verdict, usual

OUTCOMES: Mapping[Verdict, Outcome] = {"far off": "blocked", "unusual": "warned", "usual": "passed"}
RULE = "{source}.{delivery} brings as many rows as usual"


def check_usual(run: NightRun, entity: Entity, counted: Iterable[FileCounted]) -> None:
    """Judge the rows of each delivery by those of earlier nights; outcomes go to the night's record.

    Units: a rebuilt night brings the rows of many nights and is not judged; a table that a person let through is
           judged, told, and not stopped.
    Raises: PublicationBlocked, before any write, where a delivery is far off.
    """
    if run.rebuild_from is not None:
        return
    rows: dict[tuple[str, str], int] = {}
    for file in counted:
        rows[file.source, file.delivery] = rows.get((file.source, file.delivery), 0) + file.delivered
    judged = [found for place, number in sorted(rows.items()) if (found := _judged(run, entity, place, number))]
    far_off = [(outcome, words) for outcome, words in judged if outcome.outcome == "blocked"]
    if not far_off or entity.conformed.name in run.accepted:
        let_through = [replace(gate, outcome="warned") if gate.outcome == "blocked" else gate for gate, _ in judged]
        run.record.gates.extend(let_through)
        return
    raise _stopped(run, entity, [words for _, words in far_off], tuple(outcome for outcome, _ in judged))


def _judged(run: NightRun, entity: Entity, place: tuple[str, str], rows: int) -> tuple[GateOutcome, str] | None:
    """The outcome for one delivery, and how it compares in words; None where too few nights are known."""
    source, delivery = place
    history = run.delivered_before.get((source, delivery, entity.name), {})
    expected = usual(history, run.night, run.retailer.calendar)
    if expected is None:
        return None
    verdict = expected.verdict(rows)
    outcome = OUTCOMES[verdict]
    off = abs(rows - expected.expected)
    most = expected.highest - expected.expected if rows > expected.expected else expected.expected - expected.lowest
    rule = RULE.format(source=source, delivery=delivery)
    gate = GateOutcome(entity.conformed.name, rule, "block", round(off), round(most), outcome)
    return gate, f"{source}.{delivery} brought {rows:,} rows, {_in_words(expected)}"


def _in_words(expected: Usual) -> str:
    return (
        f"where {expected.nights} nights of its kind make about {expected.expected:,.0f} likely"
        f" (stopped below {max(expected.lowest, 0):,.0f} and above {expected.highest:,.0f})"
    )


def _stopped(run: NightRun, entity: Entity, found: list[str], gates: tuple[GateOutcome, ...]) -> GateBlocked:
    table = entity.conformed.name
    return PublicationBlocked(
        "; ".join(found),
        where=f"{table} {run.night}",
        still_true="The table, and all that is made from it, still holds the night before.",
        next_step=(
            f"Have the delivery completed and run `habitue night --date {run.night}` again; or, if it is true,"
            f' `habitue accept --table {table} --night {run.night} --because "..."` and then the night.'
        ),
        gates=gates,
    )
