"""Meta's custom audiences, against a server that does what the Marketing API's documentation says."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from typing import Any

import pytest

from activation.circuit import Circuit
from activation.destination import Addresses, Answer, Batch, DestinationSettings, Operation, Record
from activation.destinations.meta import Meta, MetaKeys, client, email_form, phone_form, proof
from activation.http import Clock
from activation.matching import NO_ADDRESS
from lakehouse.errors import DestinationUnavailable, HabitueError, WrongCall
from tests.activation.vendors import MetaServer

TAKEN = Answer("acknowledged")
KEYS = MetaKeys(account_id="100", audience_id="200")


def record(
    contact: str, operation: Operation = "add", *, now: Addresses | None = None, held: tuple[Addresses, ...] = ()
) -> Record:
    payload = None if operation == "remove" else "{}"
    return Record(f"contact:crm:{contact}", contact, "c", operation, payload, payload, None, 1, None, now, held)


def batch(*records: Record) -> Batch:
    return Batch("meta", "win_back", date(2026, 3, 1), ("email",), records, is_audience=True)


@contextmanager
def tool(token: str = "good-token", app_secret: str | None = None, **other: Any) -> Iterator[tuple[MetaServer, Meta]]:
    server = MetaServer(**other)
    with server.listening() as url:
        calling = client(token, clock=Clock(sleep=lambda _: None), timeout=2)
        yield server, Meta(KEYS, calling, proof=proof(token, app_secret), url=url)


def hashed(*forms: str) -> set[str]:
    return {sha256(form.encode()).hexdigest() for form in forms}


# Source: the examples of "Customer File Custom Audiences", Hashing and Normalization for Multi-Key.
@pytest.mark.parametrize(
    ("form", "digest"),
    [
        (email_form(" Mary@Example.com "), "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"),
        (phone_form("+1 (555) 987-6543"), "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e"),
    ],
)
def test_addresses_are_hashed_as_the_documentation_shows(form: str, digest: str) -> None:
    assert sha256(form.encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("email", "form"),
    [
        ("a.b+c@gmail.com", "a.b+c@gmail.com"),
        ("ÅSA@exämple.se", "åsa@exämple.se"),
        ("no address", None),
        ("@x.org", None),
        ("", None),
    ],
)
def test_dots_and_suffixes_stay_and_what_is_no_address_has_no_form(email: str, form: str | None) -> None:
    assert email_form(email) == form
    assert phone_form("0032 470 12 34 56") == "32470123456"
    assert phone_form("none") is None


def test_people_come_change_address_and_go_by_what_was_sent() -> None:
    old, new = Addresses("old@example.org", "+32470000000"), Addresses("new@example.org", "+32470000000")
    with tool() as (server, meta):
        meta.check()
        meta.send(batch(record("1", now=old), record("2", now=Addresses("b@example.org"))))
        assert server.people == hashed("old@example.org", "32470000000", "b@example.org")
        meta.send(batch(record("1", "update", now=new, held=(old,))))
        assert server.people == hashed("new@example.org", "32470000000", "b@example.org")
        answers = meta.send(batch(record("1", "remove", held=(old, new))))
        assert answers == {"contact:crm:1": TAKEN}
        assert server.people == hashed("b@example.org")
        removal = next(call for call in reversed(server.calls) if call.method == "DELETE")
        assert all(row[2] == "" for row in json.loads(removal.form["payload"])["data"])


def test_a_batch_is_one_session_with_the_same_number_when_it_comes_again() -> None:
    with tool() as (server, meta):
        sent = batch(*(record(str(n), now=Addresses(f"p{n}@example.org")) for n in range(3)))
        meta.send(sent)
        meta.send(sent)
        first, again = server.sessions
        assert (
            first
            == again
            == {
                "session_id": first["session_id"],
                "batch_seq": 1,
                "last_batch_flag": True,
                "estimated_num_total": 3,
            }
        )


def test_more_removals_than_a_request_takes_travel_in_parts_of_one_session() -> None:
    held = tuple(Addresses(f"p{n}@example.org") for n in range(10_001))
    with tool() as (server, meta):
        meta.send(batch(record("1", "remove", held=held)))
        assert [(one["batch_seq"], one["last_batch_flag"]) for one in server.sessions] == [(1, False), (2, True)]
        assert len({one["session_id"] for one in server.sessions}) == 1


def test_a_person_without_an_address_is_rejected_before_sending_and_leaves_the_list() -> None:
    old = Addresses("old@example.org")
    with tool(people=hashed("old@example.org")) as (server, meta):
        answers = meta.send(batch(record("1", "update", now=Addresses("nonsense", "x"), held=(old,))))
        assert answers == {"contact:crm:1": NO_ADDRESS}
        assert [call.method for call in server.calls] == ["DELETE"]
        assert server.people == set()


def test_an_expired_token_is_found_by_the_check_and_no_word_of_the_answer_is_kept() -> None:
    with tool(token="expired-token") as (_, meta), pytest.raises(WrongCall, match="refuses the credentials") as error:
        meta.check()
    assert "expired-token" not in str(error.value)
    assert "example.org" not in str(error.value)


def test_an_audience_of_another_account_or_none_is_found_by_the_check() -> None:
    with tool(account="999") as (_, meta), pytest.raises(WrongCall, match="not one of this account_id"):
        meta.check()
    with tool(audience="201") as (_, meta), pytest.raises(WrongCall, match="no audience of this audience_id"):
        meta.check()


def test_the_secret_of_the_app_is_proved_where_it_is_given() -> None:
    asked = proof("good-token", "app-secret")
    with tool(app_secret="app-secret", proof=asked) as (server, meta):
        meta.check()
        meta.send(batch(record("1", now=Addresses("a@example.org"))))
        assert server.people == hashed("a@example.org")
    with tool(proof=asked) as (_, meta), pytest.raises(HabitueError):
        meta.check()


def test_a_call_too_many_is_made_again_after_the_wait_that_was_asked_for() -> None:
    with tool(too_many=2) as (server, meta):
        assert meta.send(batch(record("1", now=Addresses("a@example.org")))) == {"contact:crm:1": TAKEN}
        assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        ({"code": 80003}, DestinationUnavailable, "fewer calls"),
        ({"code": 2}, DestinationUnavailable, "fault of its own"),
        ({"code": 100, "error_subcode": 1713230}, WrongCall, "restricted the audience"),
        ({"code": 200}, WrongCall, "refuses the credentials"),
        ({"code": "ann@example.org"}, DestinationUnavailable, "code none"),
    ],
)
def test_what_meta_answers_is_told_apart(error: dict[str, Any], kind: type[HabitueError], told: str) -> None:
    with tool(error=error) as (_, meta), pytest.raises(kind, match=told) as raised:
        meta.send(batch(record("1", now=Addresses("a@example.org"))))
    assert "example.org" not in str(raised.value)


def test_a_lost_row_leaves_the_outcome_unknown() -> None:
    with tool(loses_rows=1) as (_, meta), pytest.raises(DestinationUnavailable, match="another number of rows"):
        meta.send(batch(record("1", now=Addresses("a@example.org"))))


def test_an_invalid_row_is_found_by_halves_and_its_sample_is_never_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with tool() as (_, meta):
        broken = sha256(b"bad@example.org").hexdigest()
        counted = MetaServer._session

        def invalid(self: MetaServer, call: Any) -> Any:
            status, said = counted(self, call)
            return status, said | {"num_invalid_entries": int(broken in call.form["payload"])}

        monkeypatch.setattr(MetaServer, "_session", invalid)
        people = [record(name, now=Addresses(f"{name}@example.org")) for name in ("a", "bad", "c", "d")]
        answers = Circuit(meta).send(batch(*people))
    assert {key: one.verdict for key, one in answers.items()} == {
        f"contact:crm:{name}": "rejected" if name == "bad" else "acknowledged" for name in ("a", "bad", "c", "d")
    }
    assert "example.org" not in str(answers.values()) + caplog.text
    assert "good-token" not in caplog.text


def test_the_secret_of_the_app_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("META_APP", "app-secret")
    entry = {"type": "meta", "source": "crm", "account_id": "1", "audience_id": "2", "app_secret": "META_APP"}
    opened = Meta.opened(DestinationSettings.model_validate(entry), folder=tmp_path, secret="token")
    assert (opened.proof, opened.url) == (proof("token", "app-secret"), "https://graph.facebook.com/v25.0/2")
