"""Scores on the customers of a real CRM, Tryton 8.0, by the destination and the module of integrations/tryton."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from activation.circuit import Circuit
from activation.destination import Answer, Batch, BatchRefused, Operation, Record
from activation.destinations.tryton import FIELDS as SHOWN
from activation.settings import Activation
from lakehouse.errors import DestinationUnavailable, WrongCall
from tests.activation.builders import NIGHT, Person, no_members
from tests.activation.world import World
from tests.tools.tryton import PARTY, Crm

TAKEN = Answer("acknowledged")
NO_CONTACT = Answer("rejected", "the CRM has no such contact")
TWO_CONTACTS = Answer("rejected", "the CRM has several contacts of this id")
FIELDS = (
    "churn_probability", "churn_band", "value_amount", "expected_orders", "segment", "reasons", "grade", "as_of",
    "valid_until",
)  # fmt: skip
SCORES: dict[str, Any] = {
    "churn_probability": 0.61234,
    "churn_band": "high",
    "value_amount": 1234.5,
    "expected_orders": 0.426,
    "segment": "Fidèles",
    "reasons": ["Last bought in May", "Buys half as often"],
    "grade": "B",
    "as_of": "2026-03-01T23:00:00.000Z",
    "valid_until": "2026-04-01",
}


def record(code: str, operation: Operation = "add", **changed: Any) -> Record:
    payload = None if operation == "remove" else json.dumps(SCORES | changed, ensure_ascii=False)
    return Record(f"contact:crm:{code}", code, "c", operation, payload, payload and f"h{payload}", None, 1)


def batch(*records: Record, fields: tuple[str, ...] = FIELDS) -> Batch:
    return Batch("crm", "crm_scores", date(2026, 3, 2), fields, records)


def verdicts(answers: Any) -> dict[str, str]:
    return {key.rpartition(":")[2]: answer.verdict for key, answer in answers.items()}


def categories(crm: Crm, code: str) -> set[str]:
    numbers = crm.read(code, "categories")["categories"]
    rows = crm.user("admin").call("model.party.category.read", list(numbers), ["rec_name"], {})
    return {row["rec_name"] for row in rows}


def test_scores_arrive_on_the_contact_they_speak_of(crm: Crm) -> None:
    crm.add("K1", "K2")
    destination = crm.destination()
    destination.check()
    assert set(destination.send(batch(record("K1"), record("K2", churn_band=None))).values()) == {TAKEN}
    assert crm.read("K1", *(f"habitue_{name}" for name in FIELDS)) == {
        "habitue_churn_probability": 0.6123,
        "habitue_churn_band": "high",
        "habitue_value_amount": {"__class__": "Decimal", "decimal": "1234.50"},
        "habitue_expected_orders": 0.43,
        "habitue_segment": "Fidèles",
        "habitue_reasons": "Last bought in May\nBuys half as often",
        "habitue_grade": "B",
        "habitue_as_of": {
            "__class__": "datetime",
            "year": 2026,
            "month": 3,
            "day": 1,
            "hour": 23,
            "minute": 0,
            "second": 0,
            "microsecond": 0,
        },
        "habitue_valid_until": {"__class__": "date", "year": 2026, "month": 4, "day": 1},
    }
    assert crm.read("K2", "habitue_churn_band") == {"habitue_churn_band": None}
    assert categories(crm, "K1") == {"Habitué segment / Fidèles"}


def test_only_what_changed_is_written_on_the_next_night(crm: Crm, spark: SparkSession, tmp_path: Path) -> None:
    people = [Person("1"), Person("2"), Person("3")]
    crm.add(*(person.contact_id for person in people))
    world = World(spark, tmp_path, _synced_to(crm))
    world.opened = {"crm": crm.destination()}
    world.run(people, members=no_members(spark))
    assert crm.query("select count(*) from party_party where habitue_churn_band = 'high'") == [(3,)]
    before = crm.query("select max(write_date) from party_party")[0]
    changed = [Person("1", band="low"), Person("2", objects=True), Person("3")]
    world.run(changed, night=NIGHT + timedelta(days=1), members=no_members(spark))
    after = "select code, habitue_churn_band from party_party where write_date > ? order by code"
    assert crm.query(after, *before) == [("crm-1", "low"), ("crm-2", None)]


def _synced_to(crm: Crm) -> Activation:
    sync = {"to": "crm", "fields": ["churn_probability", "churn_band", "value_amount", "reasons", "valid_until"]}
    entry = {"type": "tryton", "source": "crm", "url": crm.url, "user": "sync", "credentials": "CRM_PASSWORD"}
    return Activation.model_validate({"syncs": {"crm_scores": sync}, "destinations": {"crm": entry}})


def test_an_archived_contact_is_found_too(crm: Crm) -> None:
    crm.add("K1", active=False)
    assert verdicts(crm.destination().send(batch(record("K1")))) == {"K1": "acknowledged"}
    assert crm.read("K1", "habitue_grade", "active") == {"habitue_grade": "B", "active": False}


def test_a_removed_contact_keeps_nothing_but_what_is_its_own(crm: Crm) -> None:
    (mine,) = crm.user("admin").call("model.party.category.create", [{"name": "Press"}], {})
    crm.add("K1", categories=[["add", [mine]]])
    destination = crm.destination()
    destination.send(batch(record("K1")))
    assert categories(crm, "K1") == {"Press", "Habitué segment / Fidèles"}
    destination.send(batch(record("K1", segment="Leaving")))
    assert categories(crm, "K1") == {"Press", "Habitué segment / Leaving"}
    assert verdicts(destination.send(batch(record("K1", "remove")))) == {"K1": "acknowledged"}
    assert set(crm.read("K1", *(f"habitue_{name}" for name in FIELDS)).values()) == {None}
    assert (categories(crm, "K1"), crm.read("K1", "name")["name"]) == ({"Press"}, "Customer K1")


def test_a_sync_that_has_left_the_retailer_file_clears_every_field(crm: Crm) -> None:
    crm.add("K1")
    destination = crm.destination()
    destination.send(batch(record("K1")))
    destination.send(batch(record("K1", "remove"), fields=()))
    assert set(crm.read("K1", *(f"habitue_{name}" for name in FIELDS)).values()) == {None}


def test_an_unknown_contact_is_rejected_and_nobody_is_made(crm: Crm) -> None:
    crm.add("K1")
    before = crm.query("select count(*) from party_party")
    answers = crm.destination().send(batch(record("K1"), record("K9"), record("K8", "remove")))
    assert answers["contact:crm:K9"] == NO_CONTACT
    assert verdicts(answers) == {"K1": "acknowledged", "K9": "rejected", "K8": "acknowledged"}
    assert crm.query("select count(*) from party_party") == before


def test_of_two_contacts_with_one_id_neither_is_scored_and_both_are_cleared(crm: Crm) -> None:
    crm.add("K1", "K2", name="Both")
    destination = crm.destination(contact_field="name")
    assert destination.send(batch(record("Both"))) == {"contact:crm:Both": TWO_CONTACTS}
    crm.destination().send(batch(record("K1"), record("K2")))
    assert verdicts(destination.send(batch(record("Both", "remove")))) == {"Both": "acknowledged"}
    assert crm.query("select count(*) from party_party where habitue_grade is not null") == [(0,)]


def test_a_bad_record_is_found_and_the_others_are_taken(crm: Crm) -> None:
    codes = [f"K{n}" for n in range(20)]
    crm.add(*codes)
    sent = [record(code, grade="Z" if code == "K13" else "B") for code in codes]
    answers = Circuit(crm.destination()).send(batch(*sent))
    assert [key for key, answer in answers.items() if answer != TAKEN] == ["contact:crm:K13"]
    assert answers["contact:crm:K13"] == Answer("rejected", "the CRM refuses it (UserError)")
    assert crm.query("select count(*) from party_party where habitue_grade = 'B'") == [(19,)]


def test_a_value_of_another_kind_is_rejected_by_name_alone(crm: Crm) -> None:
    crm.add("K1", "K2")
    answers = crm.destination().send(batch(record("K1", value_amount="much"), record("K2", churn_probability="NaN")))
    assert [answer.message for answer in answers.values()] == [
        "value_amount is not what the CRM's field can hold",
        "churn_probability is not what the CRM's field can hold",
    ]
    assert crm.read("K1", "habitue_grade") == {"habitue_grade": None}


def test_long_and_foreign_words_arrive_whole(crm: Crm) -> None:
    crm.add("Kø 1")
    reason = "Kauft seit Ostern nichts mehr – 客户 " * 500
    crm.destination().send(batch(record("Kø 1", reasons=[reason])))
    assert crm.read("Kø 1", "habitue_reasons") == {"habitue_reasons": reason}


def test_an_expired_session_is_opened_again(crm: Crm) -> None:
    crm.add("K1")
    destination = crm.destination()
    destination.check()
    crm.query("delete from ir_session")
    assert verdicts(destination.send(batch(record("K1")))) == {"K1": "acknowledged"}


def test_a_wrong_password_is_found_by_the_check_and_too_many_are_told_apart(crm: Crm) -> None:
    destination = crm.destination(password="not this one")
    with pytest.raises(WrongCall, match="refuses the user or the password") as refused:
        destination.check()
    with pytest.raises(DestinationUnavailable, match="too many wrong passwords"):
        destination.check()
    assert "not this one" not in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"url": "http://127.0.0.1:{port}/elsewhere"}, "no such database"),
        ({"url": "http://crm.example/crm"}, "not https"),
        ({"contact_field": "card_number"}, "no field card_number"),
        ({"user": "marketing"}, "may not write scores"),
    ],
)
def test_a_wrong_setting_is_found_by_the_check(crm: Crm, entry: dict[str, str], told: str) -> None:
    port = crm.url.rpartition(":")[2].split("/")[0]
    with pytest.raises(WrongCall, match=told):
        crm.destination(**{key: value.replace("{port}", port) for key, value in entry.items()}).check()


def test_a_field_that_the_crm_lacks_is_found_with_what_to_do(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongCall, match="no field habitue_shoe_size: install or update the module"):
        crm.destination().send(batch(record("K1"), fields=("shoe_size",)))
    monkeypatch.setattr("activation.destinations.tryton.FIELDS", (*FIELDS, "shoe_size"))
    with pytest.raises(WrongCall, match="no field habitue_shoe_size: install or update the module"):
        crm.destination().check()


def test_marketing_reads_scores_and_changes_none(crm: Crm) -> None:
    numbers = crm.add("K1")
    crm.destination().send(batch(record("K1")))
    assert crm.read("K1", "habitue_grade", login="marketing") == {"habitue_grade": "B"}
    with pytest.raises(BatchRefused):
        crm.user("marketing").call(f"{PARTY}.write", numbers, {"habitue_grade": "A"}, {})
    assert crm.read("K1", "habitue_grade") == {"habitue_grade": "B"}


def test_who_is_in_neither_group_sees_no_score(crm: Crm) -> None:
    crm.add("K1")
    crm.destination().send(batch(record("K1")))
    till = {"login": "till", "name": "Till", "password": crm.password}
    crm.user("admin").call("model.res.user.create", [till], {})
    assert crm.read("K1", "name", login="till") == {"name": "Customer K1"}
    with pytest.raises(BatchRefused):
        crm.read("K1", "habitue_grade", login="till")


def test_a_copied_customer_has_no_scores(crm: Crm) -> None:
    numbers = crm.add("K1")
    crm.destination().send(batch(record("K1")))
    (copy,) = crm.user("admin").call(f"{PARTY}.copy", numbers, {"code": "K2"}, {})
    assert crm.query("select habitue_grade, habitue_segment from party_party where id = ?", copy) == [(None, None)]


def test_erasing_a_customer_takes_scores_and_segment_away(crm: Crm) -> None:
    (number,) = crm.add("K1")
    crm.destination().send(batch(record("K1")))
    admin = crm.user("admin")
    admin.call(f"{PARTY}.write", [number], {"active": False}, {})
    wizard, _, _ = admin.call("wizard.party.erase.create", {})
    admin.call("wizard.party.erase.execute", wizard, {"ask": {"party": number}}, "erase", {})
    columns = [name for (name,) in crm.query("select name from pragma_table_info('party_party')")]
    scores = [name for name in columns if name.startswith("habitue_")]
    assert set(crm.query(f"select {', '.join(scores)} from party_party where id = ?", number)[0]) == {None}
    assert (len(scores), categories(crm, "K1")) == (len(SHOWN), set())
