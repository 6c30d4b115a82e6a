"""HubSpot's contacts and lists, against a server that does what its documentation says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from activation.circuit import Circuit
from activation.destination import Answer, Batch, BatchRefused, KnowsFields, Operation, Record
from activation.destinations.hubspot import LONGEST, NOT_THERE, UNSUBSCRIBED, HubSpot, HubSpotKeys, client
from activation.http import Clock
from activation.settings import Activation
from lakehouse.errors import WrongCall
from tests.activation.vendors import HubSpotServer

TAKEN = Answer("acknowledged")


def record(contact: str, operation: Operation = "update", segment: object = "Loyal") -> Record:
    payload = None if operation == "remove" else json.dumps({"segment": segment}, ensure_ascii=False)
    return Record(f"contact:crm:{contact}", contact, "c", operation, payload, payload, None, 1)


def batch(*records: Record, is_audience: bool = False) -> Batch:
    return Batch("hubspot", "scores", date(2026, 3, 1), ("segment",), records, is_audience=is_audience)


@contextmanager
def tool(token: str = "good-token", keys: Any = None, **other: Any) -> Iterator[tuple[HubSpotServer, HubSpot]]:
    server = HubSpotServer(**other)
    with server.listening() as url:
        named = HubSpotKeys.model_validate(keys or {})
        yield server, HubSpot(named, client(token, clock=Clock(sleep=lambda _: None), timeout=2), url=url)


def test_fields_stand_in_our_properties_and_a_removal_clears_them_and_deletes_nobody() -> None:
    contacts = {"1": {"firstname": "Ann"}, "ü2": {}}
    with tool(contacts=contacts) as (server, hubspot):
        hubspot.check()
        hubspot.check_fields(["segment"])
        answers = hubspot.send(batch(record("1"), record("ü2", segment=["Ça va", "naïve 😀"])))
        assert set(answers.values()) == {TAKEN}
        assert server.contacts["ü2"]["habitue_segment"] == "Ça va; naïve 😀"
        assert hubspot.send(batch(record("1", "remove"))) == {"contact:crm:1": TAKEN}
        assert server.contacts["1"] == {"firstname": "Ann", "habitue_segment": "", "habitue_contact_id": "1"}


def test_a_contact_that_is_not_there_is_rejected_and_made_only_where_the_entry_says_so() -> None:
    with tool(contacts={"1": {}}) as (server, hubspot):
        answers = hubspot.send(batch(record("1"), record("new"), record("gone", "remove")))
        assert answers == {
            "contact:crm:1": TAKEN,
            "contact:crm:new": Answer("rejected", "HubSpot says OBJECT_NOT_FOUND"),
            "contact:crm:gone": NOT_THERE,
        }
        assert set(server.contacts) == {"1"}
    with tool(keys={"create": True}) as (server, hubspot):
        assert hubspot.send(batch(record("new"), record("gone", "remove")))["contact:crm:new"] == TAKEN
        assert set(server.contacts) == {"new"}


def test_each_record_of_a_partial_failure_has_its_own_answer_and_no_sentence_is_kept() -> None:
    with tool(contacts={"1": {}, "bad": {}, "3": {}}) as (_, hubspot):
        answers = hubspot.send(batch(record("1"), record("bad", segment="unacceptable"), record("3")))
    assert answers["contact:crm:bad"] == Answer("rejected", "HubSpot says VALIDATION_ERROR")
    assert [answers[f"contact:crm:{one}"] for one in "13"] == [TAKEN, TAKEN]


def test_who_unsubscribed_there_is_in_no_audience_but_has_his_scores() -> None:
    contacts = {"1": {}, "out": {"hs_email_optout": "true"}}
    with tool(contacts=contacts, keys={"list_id": "7"}) as (server, hubspot):
        answers = hubspot.send(batch(record("1", "add"), record("out", "add"), is_audience=True))
        assert answers == {"contact:crm:1": TAKEN, "contact:crm:out": UNSUBSCRIBED}
        assert server.members == {"91"}
        server.contacts["1"]["hs_email_optout"] = "true"
        assert hubspot.send(batch(record("1"), is_audience=True)) == {"contact:crm:1": UNSUBSCRIBED}
        assert server.members == set(), "who unsubscribes later leaves the list"
        server.contacts["1"]["hs_email_optout"] = "false"
        hubspot.send(batch(record("1"), is_audience=True))
        hubspot.send(batch(record("1", "remove"), is_audience=True))
        assert server.members == set()
    with tool(contacts=contacts) as (_, hubspot):
        assert hubspot.send(batch(record("out")))["contact:crm:out"] == TAKEN


def test_a_property_that_is_missing_is_named_with_the_nearest() -> None:
    with tool(keys={"properties": {"grade": "habitue_segmnt"}}) as (_, hubspot):
        assert isinstance(hubspot, KnowsFields)
        with pytest.raises(WrongCall, match=r"habitue_segmnt \(did you mean habitue_segment or habitue_contact_id\?\)"):
            hubspot.check_fields(["segment", "grade"])
        with pytest.raises(BatchRefused, match="VALIDATION_ERROR"):
            hubspot.send(Batch("hubspot", "scores", date(2026, 3, 1), ("churn_band",), (record("1"),)))
    wrong = tool(keys={"id_property": "habitue_contactid"})
    with wrong as (_, hubspot), pytest.raises(WrongCall, match=r"habitue_contactid \(did you mean habitue_contact_id"):
        hubspot.check()
    shared = tool(properties={"habitue_contact_id": False})
    with shared as (_, hubspot), pytest.raises(WrongCall, match="does not hold unique values"):
        hubspot.check()


def test_expired_credentials_and_a_wrong_list_are_found_by_the_check() -> None:
    with tool(token="expired") as (_, hubspot), pytest.raises(WrongCall, match=r"refuses the credentials \(401\)"):
        hubspot.check()
    with tool(keys={"list_id": "8"}) as (_, hubspot), pytest.raises(WrongCall, match="no list of this list_id"):
        hubspot.check()
    changing = tool(keys={"list_id": "7"}, processing_type="DYNAMIC")
    with changing as (_, hubspot), pytest.raises(WrongCall, match="no static list"):
        hubspot.check()


def test_a_value_longer_than_a_property_is_rejected_and_the_others_are_taken() -> None:
    with tool(contacts={"1": {}, "2": {}}) as (server, hubspot):
        answers = hubspot.send(batch(record("1", segment="x" * (LONGEST + 1)), record("2", segment="y" * LONGEST)))
        assert answers["contact:crm:1"] == Answer("rejected", "segment: longer than 65,536 characters")
        assert answers["contact:crm:2"] == TAKEN
        assert len(server.contacts["2"]["habitue_segment"]) == LONGEST


def test_a_call_too_many_is_made_again_after_the_wait_that_was_asked_for() -> None:
    with tool(contacts={"1": {}}, too_many=2) as (server, hubspot):
        assert Circuit(hubspot).send(batch(record("1"))) == {"contact:crm:1": TAKEN}
        assert len(server.calls) == 3


def test_an_entry_that_is_one_list_takes_one_audience() -> None:
    entry = {"type": "hubspot", "source": "crm", "credentials": "HUBSPOT"}
    sync = {"to": "hubspot", "fields": ["segment"]}
    shared = {"syncs": {"a": sync, "b": sync | {"fields": ["grade"]}}}
    Activation.model_validate(shared | {"destinations": {"hubspot": entry}})
    with pytest.raises(ValidationError, match="it is one list there; give each of a, b its own entry"):
        Activation.model_validate(shared | {"destinations": {"hubspot": entry | {"list_id": "7"}}})
