"""What a night has to tell: failures and warnings in four facts and counts, by table, each with its owner."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby

from lakehouse.errors import HabitueError
from orchestration.alerts.settings import Kind
from orchestration.record import NightRecord
from orchestration.retailer import Retailer
from orchestration.tables import all_tables
from orchestration.unforeseen import step_failed
from quality.gate import GateOutcome


@dataclass(frozen=True)
class Finding:
    """One table, or step, that failed or warned."""

    kind: Kind
    where: str
    owner: str
    what: str
    still_true: str
    next_step: str


def findings(record: NightRecord, retailer: Retailer, night: date) -> tuple[Finding, ...]:
    """What the night has to tell, failures first.

    Shape: at most one failure, one warning and one about files per table, whatever number of rules or rows.
    """
    failed = [] if record.error is None else [of_error(record.error, retailer, night)]
    others = [gate for gate in record.gates if failed and not failed[0].where.startswith(gate.table)]
    return (
        *failed,
        *_gates(others, "blocked", retailer, night),
        *_gates(record.gates, "warned", retailer, night),
        *_refused(record, retailer, night),
    )


def of_error(error: BaseException, retailer: Retailer, night: date) -> Finding:
    """A failure, without the message of an error that nobody foresaw."""
    told = error if isinstance(error, HabitueError) else step_failed(_as_exception(error), step=f"night {night}")
    table = next((name for name in _tables(retailer) if told.where.split(" ")[0] == name), None)
    owner = retailer.owner(table) if table else retailer.owners.default
    return Finding("failure", told.where, owner, told.what, told.still_true, told.next_step)


def killed(night: date, retailer: Retailer) -> Finding:
    """A night whose process was killed before it could say anything."""
    return Finding(
        "failure",
        f"night {night}",
        retailer.owners.default,
        "the night's process was killed, or its machine stopped, before the night ended",
        "The tables hold what their last finished step wrote.",
        f"Run `habitue night --date {night}`, unless it is running again already.",
    )


def fingerprint(found: Iterable[Finding]) -> str:
    """The same for the same findings, in whatever order they were met."""
    listed = sorted(json.dumps(asdict(one), sort_keys=True) for one in found)
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()[:16]


def _gates(gates: Sequence[GateOutcome], outcome: str, retailer: Retailer, night: date) -> Iterator[Finding]:
    ours = sorted((gate for gate in dict.fromkeys(gates) if gate.outcome == outcome), key=lambda gate: gate.table)
    for table, broken in groupby(ours, key=lambda gate: gate.table):
        what = "; ".join(_in_words(gate) for gate in broken)
        is_warning = outcome == "warned"
        yield Finding(
            "warning" if is_warning else "failure",
            f"{table} {night}",
            retailer.owner(table),
            f"the gate {'warned' if is_warning else 'blocked publication'}: {what}",
            "The table was published." if is_warning else "The table still holds the night before.",
            f"Look at the check `gate` of {table} in `habitue ui`, or at the night's page (`habitue report`).",
        )


def _in_words(gate: GateOutcome) -> str:
    if gate.observed is not None:
        return f"{gate.rule} (observed {gate.observed:.4g})"
    return f"{gate.rule} (broken by {gate.failed:,}, limit {gate.limit:,})"


def _refused(record: NightRecord, retailer: Retailer, night: date) -> Iterator[Finding]:
    refused = sorted(
        (file.source, file.delivery, file.file_name, file.reason) for file in record.files if file.status == "refused"
    )
    for (source, delivery), files in groupby(refused, key=lambda file: file[:2]):
        named = "; ".join(f"{name}: {reason}" for _, _, name, reason in files)
        table = f"raw.{source}_{delivery}"
        yield Finding(
            "warning",
            f"{table} {night}",
            retailer.owner(table),
            f"a file could not be read: {named}",
            "Every other file was taken; this one waits.",
            f"Have it repaired and delivered again, then `habitue night --date {night}`.",
        )


def _tables(retailer: Retailer) -> list[str]:
    return [table.name for table in all_tables(retailer)]


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
