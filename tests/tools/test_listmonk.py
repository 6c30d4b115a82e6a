"""The `listmonk` destination and a real listmonk: what a person said there is never taken back."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activation.destination import Answer, Batch, DestinationSettings, Operation, Record, Refusal
from activation.destinations.listmonk import LEFT, NO_ADDRESS, REFUSED, STRANGER
from activation.destinations.listmonk import Listmonk as Destination
from lakehouse.errors import WrongCall
from tests.tools.listmonk import Listmonk

TAKEN = Answer("acknowledged")


def record(contact_id: str, operation: Operation = "add", **fields: object) -> Record:
    payload = None if operation == "remove" else json.dumps(fields)
    return Record(f"contact:crm:{contact_id}", contact_id, "c", operation, payload, "h", None, 1)


def batch(name: str, *records: Record, is_audience: bool = True) -> Batch:
    return Batch("newsletter", name, date(2026, 3, 1), ("email", "band"), records, is_audience=is_audience)


def destination(server: Listmonk, password: str | None = None) -> Destination:
    entry: dict[str, Any] = {"type": "listmonk", "source": "crm", "url": server.url, "user": server.user}
    settings = DestinationSettings.model_validate(entry | {"credentials": "LISTMONK"})
    return Destination.opened(settings, folder=Path(), secret=password or server.password)


def answers(server: Listmonk, sent: Batch) -> dict[str, Answer]:
    return {key.rpartition(":")[2]: answer for key, answer in destination(server).send(sent).items()}


def test_an_audience_is_a_list_and_its_fields_are_attributes(listmonk: Listmonk) -> None:
    destination(listmonk).check()
    sent = batch(
        "spring",
        record("s1", email="S1@example.org ", band=["Ça va \x00", "\\u0000"]),
        record("s2", email="", band="low"),
    )
    assert answers(listmonk, sent) == {"s1": TAKEN, "s2": NO_ADDRESS}
    assert answers(listmonk, sent) == {"s1": TAKEN, "s2": NO_ADDRESS}
    person = listmonk.subscriber("s1@example.org")
    assert person["attribs"] == {"habitue": {"record": "contact:crm:s1", "spring": {"band": ["Ça va ", "\\u0000"]}}}
    assert listmonk.statuses("s1@example.org") == {"spring": "unconfirmed"}


def test_attributes_of_others_stay_and_a_changed_address_moves_the_person(listmonk: Listmonk) -> None:
    listmonk.call(
        "POST", "subscribers", {"email": "m1@example.org", "name": "M", "status": "enabled", "attribs": {"tea": 1}}
    )
    answers(listmonk, batch("moving", record("m1", email="m1@example.org", band="low")))
    answers(listmonk, batch("moving", record("m1", "update", email="new-m1@example.org", band="high")))
    person = listmonk.subscriber("new-m1@example.org")
    assert person["attribs"]["tea"] == 1
    assert (person["name"], person["attribs"]["habitue"]["moving"]) == ("M", {"band": "high"})
    assert not listmonk.call("GET", "subscribers?query=subscribers.email='m1@example.org'")["results"]


def test_an_address_that_another_person_has_already_takes_the_list_with_it(listmonk: Listmonk) -> None:
    answers(listmonk, batch("taken", record("t1", email="t1@example.org"), record("t2", email="t2@example.org")))
    assert answers(listmonk, batch("taken", record("t1", "update", email="t2@example.org"))) == {"t1": TAKEN}
    assert listmonk.statuses("t1@example.org") == {"taken": "unsubscribed"}
    assert listmonk.statuses("t2@example.org") == {"taken": "unconfirmed"}


def test_who_left_the_audience_gets_no_mail_and_that_is_no_unsubscribe(listmonk: Listmonk) -> None:
    answers(listmonk, batch("autumn", record("a1", email="a1@example.org"), record("a2", email="a2@example.org")))
    assert answers(listmonk, batch("autumn", record("a1", "remove"), record("never", "remove"))) == {
        "a1": TAKEN,
        "never": TAKEN,
    }
    assert listmonk.send_campaign("autumn") == ["a2@example.org"]
    assert "a1" not in {one.contact_id for one in destination(listmonk).suppressions()}
    assert answers(listmonk, batch("autumn", record("a1", email="a1@example.org"))) == {"a1": LEFT}
    assert answers(listmonk, batch("winter", record("a1", email="a1@example.org"))) == {"a1": TAKEN}


def test_who_unsubscribes_by_the_link_stays_so_whatever_is_sent(listmonk: Listmonk) -> None:
    people = [record(f"u{n}", email=f"u{n}@example.org", band="low") for n in (1, 2)]
    answers(listmonk, batch("summer", *people))
    assert listmonk.send_campaign("summer") == ["u1@example.org", "u2@example.org"]
    listmonk.unsubscribe("u1@example.org")
    assert Refusal("u1", "email", "withdrawn", None) in set(destination(listmonk).suppressions())
    for name in ("summer", "other"):
        again = batch(name, record("u1", "update", email="u1@example.org", band="high"), people[1])
        assert answers(listmonk, again) == {"u1": REFUSED, "u2": TAKEN}
    answers(listmonk, batch("summer", record("u1", "remove")))
    assert listmonk.statuses("u1@example.org") == {"summer": "unsubscribed"}
    assert listmonk.send_campaign("summer") == ["u2@example.org"]
    assert "u1" in {one.contact_id for one in destination(listmonk).suppressions()}


def test_the_blocklist_holds_for_every_list_and_is_not_left_by_a_changed_address(listmonk: Listmonk) -> None:
    answers(listmonk, batch("blocked", record("b1", email="b1@example.org")))
    listmonk.send_campaign("blocked")
    listmonk.unsubscribe("b1@example.org", everywhere=True)
    for email in ("b1@example.org", "new-b1@example.org"):
        assert answers(listmonk, batch("elsewhere", record("b1", email=email))) == {"b1": REFUSED}
    assert listmonk.subscriber("b1@example.org")["status"] == "blocklisted"


def test_an_address_that_refused_before_it_was_known_is_learnt(listmonk: Listmonk) -> None:
    made = listmonk.call(
        "POST", "subscribers", {"email": "k1@example.org", "name": "K", "status": "enabled", "attribs": {}}
    )
    listmonk.call("PUT", f"subscribers/{made['id']}/blocklist")
    assert answers(listmonk, batch("known", record("k1", email="k1@example.org"))) == {"k1": REFUSED}
    assert "k1" in {one.contact_id for one in destination(listmonk).suppressions()}


def test_a_sync_makes_no_subscriber_and_no_list(listmonk: Listmonk) -> None:
    answers(listmonk, batch("members", record("y1", email="y1@example.org")))
    sent = batch("scores", record("y1", band="high"), record("y2", email="y2@example.org"), is_audience=False)
    assert answers(listmonk, sent) == {"y1": TAKEN, "y2": STRANGER}
    assert listmonk.subscriber("y1@example.org")["attribs"]["habitue"]["scores"] == {"band": "high"}
    assert "scores" not in {one["name"] for one in listmonk.call("GET", "lists?per_page=all")["results"]}


def test_a_wrong_password_is_found_by_the_check(listmonk: Listmonk) -> None:
    with pytest.raises(WrongCall, match="refuses the credentials") as refused:
        destination(listmonk, password="another").check()
    assert "another" not in str(refused.value)


def test_an_odd_contact_id_finds_its_own_person_alone(listmonk: Listmonk) -> None:
    odd = "o'1; drop table subscribers --%"
    answers(listmonk, batch("odd", record(odd, email="o'1@example.org"), record("o2", email="o2@example.org")))
    answers(listmonk, batch("odd", record(odd, "remove")))
    assert listmonk.statuses("o2@example.org") == {"odd": "unconfirmed"}
