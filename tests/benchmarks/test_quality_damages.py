"""How loud a night was about what is wrong with it."""

from datetime import date

from benchmarks.conformed_nights import ConformedNight
from benchmarks.quality_damages import signals
from lakehouse.errors import GateBlocked, HabitueError
from orchestration.record import NightRecord
from pipelines.ingest import DeliveredFile
from quality.gate import GateOutcome

TABLE = "conformed.orders"


def night(
    *, gates: tuple[GateOutcome, ...] = (), files: tuple[DeliveredFile, ...] = (), stopped: HabitueError | None = None
) -> ConformedNight:
    record = NightRecord(gates=list(gates), files=list(files))
    return ConformedNight(date(2026, 5, 7), record, {"conformed__orders": stopped} if stopped else {})


def file(status: str, *, source: str = "pos", reason: str | None = None) -> DeliveredFile:
    return DeliveredFile(source, "tickets", "tickets.csv", "f00d", 1, status, reason)  # type: ignore[arg-type]


def test_a_night_without_a_word_is_silent() -> None:
    passed = GateOutcome(TABLE, "order_id is given", "block", 0, 0, "passed")
    assert signals(night(gates=(passed,), files=(file("new"), file("known")))).answer == "silent"


def test_a_warning_of_a_gate_and_a_file_that_did_not_come_are_warnings() -> None:
    warned = GateOutcome(TABLE, "ordered_at is not in the future", "warn", 3, 0, "warned")
    assert signals(night(gates=(warned,))).warned == ("conformed.orders: ordered_at is not in the future",)
    assert signals(night(files=(file("missing"),))).answer == "warned"
    assert signals(night(files=(file("new", reason="columns that were not there before: Clerk"),))).answer == "warned"


def test_a_source_that_comes_once_may_be_missing() -> None:
    assert signals(night(files=(file("missing", source="erp"),))).answer == "silent"


def test_a_stopped_step_is_louder_than_all() -> None:
    error = GateBlocked("far too few rows", where=TABLE, still_true="Unchanged.", next_step="Look.")
    assert signals(night(files=(file("refused"),), stopped=error)).answer == "blocked"
