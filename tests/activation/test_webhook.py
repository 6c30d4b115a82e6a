"""The webhook and a receiver that does what docs/webhook.md asks of one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from activation.destination import Answer, Batch, BatchRefused, Operation, Record
from activation.destinations.webhook import Webhook, client
from activation.http import Clock
from benchmarks.receiver import Fault, Receiver
from lakehouse.errors import DestinationUnavailable, HabitueError, WrongCall

SECRET = "shared between two"
TAKEN = Answer("acknowledged")


def record(contact_id: str, operation: Operation = "add", **fields: object) -> Record:
    payload = None if operation == "remove" else json.dumps(fields, ensure_ascii=False)
    return Record(f"contact:crm:{contact_id}", contact_id, "c", operation, payload, payload and f"h{payload}", None, 1)


def batch(*records: Record) -> Batch:
    return Batch("crm", "win_back", date(2026, 3, 1), ("band",), records)


@contextmanager
def tool(*faults: Fault, secret: str = SECRET, **other: object) -> Iterator[tuple[Receiver, Webhook]]:
    """A receiver with these faults, one per call, and the webhook that calls it without ever sleeping."""
    receiver = Receiver(SECRET, fault=lambda call: faults[call - 1] if call <= len(faults) else None, **other)  # type: ignore[arg-type]
    with receiver.listening() as url:
        yield receiver, Webhook(url, client(url, secret, clock=Clock(sleep=lambda _: None), timeout=0.2))


def test_records_arrive_as_they_are_and_a_removal_takes_them_away() -> None:
    with tool() as (receiver, webhook):
        webhook.check()
        answers = webhook.send(batch(record("1", band="Ça va"), record("ü=2", band=None)))
        assert set(answers.values()) == {TAKEN}
        assert receiver.held == {("win_back", "1"): {"band": "Ça va"}, ("win_back", "ü=2"): {"band": None}}
        webhook.send(batch(record("1", "remove")))
        assert set(receiver.held) == {("win_back", "ü=2")}


def test_wrong_credentials_are_found_by_the_check_and_nothing_is_taken() -> None:
    with tool(secret="another") as (receiver, webhook):
        with pytest.raises(WrongCall, match=r"refuses the credentials \(401\)") as refused:
            webhook.check()
        with pytest.raises(WrongCall):
            webhook.send(batch(record("1")))
        assert not receiver.held
    assert "another" not in str(refused.value)
    assert "/habitue" not in str(refused.value)


def test_an_address_that_is_no_https_is_refused_before_a_call() -> None:
    with pytest.raises(WrongCall, match="not https"):
        Webhook("http://tool.example/x", client("http://tool.example/x", SECRET)).check()


def test_a_receiver_that_is_not_there_is_unavailable() -> None:
    with tool() as (_, webhook):
        pass
    with pytest.raises(DestinationUnavailable, match="connection breaks"):
        webhook.check()


@pytest.mark.parametrize("fault", ["too_many", "error", "reset", "timeout", "lose_answer"])
def test_each_record_has_one_effect_whatever_happens_on_the_way(fault: Fault) -> None:
    with tool(fault, fault, stall=0.3) as (receiver, webhook):
        answers = webhook.send(batch(record("1", band="high"), record("2", band="low")))
        assert answers == {"contact:crm:1": TAKEN, "contact:crm:2": TAKEN}
        assert receiver.calls == 3
        assert sorted(receiver.effects.values()) == [1, 1]


def test_a_rejected_record_has_its_reason_and_the_others_are_taken() -> None:
    with tool(rejects=lambda contact: contact == "bad") as (_, webhook):
        answers = webhook.send(batch(record("good"), record("bad")))
    assert answers == {"contact:crm:good": TAKEN, "contact:crm:bad": Answer("rejected", "unknown_contact")}


def test_a_batch_refused_as_a_whole_is_told_apart_from_a_broken_tool() -> None:
    refusing = tool(rejects=lambda contact: contact == "bad", refuses_whole_batches=True)
    with refusing as (_, webhook), pytest.raises(BatchRefused, match="answered 422"):
        webhook.send(batch(record("good"), record("bad")))


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (
            {"status": "rejected", "reason": "mail of Ann Smith is wrong"},
            Answer("rejected", "no reason that can be kept"),
        ),
        (
            {"status": "maybe"},
            Answer("failed", "the destination's answer for this record is neither accepted nor rejected"),
        ),
        ("not an object", None),
    ],
)
def test_what_a_receiver_says_is_never_trusted_to_hold_no_person(
    said: object, answer: Answer | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tool() as (receiver, webhook):
        sent = batch(record("1"))
        told = {"key": sent.key_of(sent.records[0]), **said} if isinstance(said, dict) else said
        monkeypatch.setattr(receiver, "take", lambda _: (200, [told]))
        assert webhook.send(sent).get("contact:crm:1") == answer


def test_a_record_keeps_its_key_in_any_batch_and_gets_another_when_it_says_something_else() -> None:
    first, other = record("1", band="high"), record("1", band="low")
    alone, among = batch(first), batch(record("2"), first)
    assert alone.key_of(first) == among.key_of(first) != alone.key_of(other)
    assert alone.key == batch(first).key != among.key
    assert alone.key_of(first) != alone.key_of(record("1", "remove"))


def test_errors_hold_neither_secret_nor_path() -> None:
    with (
        tool("error", "error", "error", "error", "error", "error") as (_, webhook),
        pytest.raises(HabitueError) as failed,
    ):
        webhook.send(batch(record("1")))
    assert SECRET not in str(failed.value)
    assert "/habitue" not in str(failed.value)
