"""A bad record is found by halves, and a dead tool is left alone."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation.circuit import Circuit
from activation.destination import Answer, Batch, BatchRefused, Capabilities, Record
from lakehouse.errors import DestinationUnavailable

TAKEN = Answer("acknowledged")


def batch(size: int) -> Batch:
    records = tuple(Record(f"r{n}", str(n), "c", "add", "{}", "h", None, 1) for n in range(size))
    return Batch("crm", "scores", date(2026, 3, 1), (), records)


class Strict:
    """A tool that refuses a whole call for one bad record."""

    capabilities = Capabilities("strict", frozenset({"add"}), None)

    def __init__(self, bad: set[int]) -> None:
        self.bad, self.calls = {f"r{n}" for n in bad}, 0
        self.taken: Counter[str] = Counter()

    def check(self) -> None:
        return None

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        self.calls += 1
        keys = [record.record_key for record in batch.records]
        if self.bad.intersection(keys):
            raise BatchRefused("it answered 422", where="crm")
        self.taken.update(keys)
        return dict.fromkeys(keys, TAKEN)


class Moody(Strict):
    """A tool whose calls break or succeed as told, such as "broken broken fine"."""

    def __init__(self, calls: str) -> None:
        super().__init__(set())
        self.told = calls.split()

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        if self.told.pop(0) == "broken":
            self.calls += 1
            raise DestinationUnavailable("no answer", where="crm", still_true="", next_step="")
        return super().send(batch)


@given(bad=st.sets(st.integers(0, 63), max_size=8))
def test_exactly_the_bad_records_of_a_refused_batch_are_rejected_and_all_others_taken_once(bad: set[int]) -> None:
    tool = Strict(bad)
    answers = Circuit(tool).send(batch(64))
    assert {key for key, answer in answers.items() if answer.verdict == "rejected"} == tool.bad
    assert set(tool.taken.values()) <= {1}
    assert len(tool.taken) + len(bad) == 64
    assert tool.calls <= 1 + 2 * 6 * max(1, len(bad))


def test_a_destination_that_failed_too_often_is_not_called_any_more() -> None:
    tool = Moody("broken broken broken")
    circuit = Circuit(tool, most_failures=3)
    answers = [circuit.send(batch(2)) for _ in range(5)]
    assert tool.calls == 3
    assert answers[2]["r0"] == Answer("failed", "no answer")
    assert answers[4]["r1"] == Answer("failed", "not called any more: 3 calls failed one after the other")


def test_failures_between_successes_break_nothing() -> None:
    tool = Moody("broken broken fine broken broken fine")
    circuit = Circuit(tool, most_failures=3)
    for _ in range(6):
        circuit.send(batch(1))
    assert circuit.broken is None
    assert tool.calls == 6


def test_a_destination_that_refuses_everything_is_left_before_all_records_count_as_refused() -> None:
    tool = Strict(set(range(1000)))
    verdicts = Counter(answer.verdict for answer in Circuit(tool, most_refusals=20).send(batch(1000)).values())
    assert verdicts == {"rejected": 20, "failed": 980}
    assert tool.calls < 60


def test_only_the_kind_of_an_unforeseen_error_is_kept() -> None:
    class Rude(Strict):
        def send(self, batch: Batch) -> Mapping[str, Answer]:
            raise ValueError("a@example.org is not welcome")

    assert Circuit(Rude(set())).send(batch(1)) == {"r0": Answer("failed", "ValueError")}


@pytest.mark.parametrize("verdict", ["rejected", "failed"])
def test_what_is_answered_record_by_record_is_passed_on(verdict: str) -> None:
    class Answering(Strict):
        def send(self, batch: Batch) -> Mapping[str, Answer]:
            return {"r0": TAKEN, "r1": Answer(verdict, "why")}  # type: ignore[arg-type]

    assert Circuit(Answering(set())).send(batch(2))["r1"].verdict == verdict
