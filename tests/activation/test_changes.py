"""What is due, from what should be held and what was answered before."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from pyspark.sql import SparkSession

from activation.changes import changes
from activation.sync import records
from activation.tables import DELIVERIES
from tests.activation.builders import NIGHT, Person, consents, frames, rows, statement

DESIRED = (
    "record_key string, customer_id string, address string, payload string, payload_hash string, "
    "banded_values string, valid_until date"
)
SOON, LATE, LATER = date(2026, 3, 4), date(2026, 3, 5), date(2026, 4, 1)
ADDED = ("add", "acknowledged", "old", LATE)
RULES: dict[str, Any] = {
    "destination": "crm",
    "name": "scores",
    "night": NIGHT,
    "dead_bands": {"probability": 0.05},
    "dead_after_nights": 3,
}
CASES: dict[str, tuple[list[tuple[str, str, str | None, date | None]], tuple[str, date | None] | None, str | None]] = {
    "never seen": ([], ("new", None), "add"),
    "the same": ([ADDED], ("old", LATE), None),
    "changed": ([ADDED], ("new", LATE), "update"),
    "later end, not yet due": ([ADDED], ("old", LATER), None),
    "later end, due": ([("add", "acknowledged", "old", SOON)], ("old", LATER), "update"),
    "no later end to send": ([("add", "acknowledged", "old", SOON)], ("old", SOON), None),
    "no longer wanted": ([ADDED], None, "remove"),
    "removed": ([ADDED, ("remove", "acknowledged", None, None)], None, "absent"),
    "back again": ([ADDED, ("remove", "acknowledged", None, None)], ("old", LATE), "add"),
    "rejected": ([("add", "rejected", "old", LATE)], ("old", LATE), "add"),
    "rejected and unwanted": ([("add", "rejected", "old", LATE)], None, "absent"),
    "unknown fate": ([("add", "failed", "old", LATE)], ("old", LATE), "add"),
    "unknown fate, unwanted": ([("add", "failed", "old", LATE)], None, "remove"),
    "update of unknown fate": ([ADDED, ("update", "failed", "new", LATE)], ("old", LATE), "update"),
    "removal of unknown fate": ([ADDED, ("remove", "failed", None, None)], None, "remove"),
    "withheld": ([("add", "withheld", "old", LATE)], None, "absent"),
}


def test_what_is_due_follows_from_what_is_wanted_and_what_was_answered(spark: SparkSession) -> None:
    wanted = [_wanted(name, *case[1]) for name, case in CASES.items() if case[1]]
    answered = [_delivery(name, *row) for name, case in CASES.items() for row in case[0]]
    sent = [{**row, "sequence": place} for place, row in enumerate(answered)]
    known = rows(spark, DELIVERIES.schema, [*sent, {**_delivery("elsewhere", *ADDED), "name": "other", "sequence": 99}])
    due = changes(rows(spark, DESIRED, wanted), known, **RULES).collect()
    found = {row["record_key"]: row["operation"] for row in due}
    assert found == {name: case[2] for name, case in CASES.items() if case[2] != "absent"}
    assert all(row["attempt"] == 1 + len(CASES[row["record_key"]][0]) for row in due)


def test_both_cards_of_a_person_carry_scores_and_those_of_an_objector_none(spark: SparkSession) -> None:
    people = [Person("a", contact="1"), Person("flagged", objects=True), Person("said"), Person("t", is_test=True)]
    objection = statement(None, "withdrawn", customer="said", purpose="profiling")
    known = frames(spark, people, consents(spark, [objection]))
    second = known.links.where("customer_id = 'a'").replace({"contact:crm:1": "contact:crm:2", "1": "2"})
    card = known.contacts.where("record_key = 'contact:crm:1'").replace({"contact:crm:1": "contact:crm:2"})
    both = replace(known, links=known.links.unionByName(second), contacts=known.contacts.unionByName(card))
    assert {row["record_key"] for row in records(both, "crm").collect()} == {"contact:crm:1", "contact:crm:2"}


def _wanted(name: str, payload_hash: str, valid_until: date | None) -> dict[str, Any]:
    return {
        "record_key": name,
        "customer_id": name,
        "payload": "{}",
        "payload_hash": payload_hash,
        "valid_until": valid_until,
    }


def _delivery(
    name: str, operation: str, outcome: str, payload_hash: str | None, valid_until: date | None
) -> dict[str, Any]:
    return {
        "destination": "crm",
        "name": "scores",
        "night": NIGHT,
        "record_key": name,
        "operation": operation,
        "outcome": outcome,
        "payload_hash": payload_hash,
        "valid_until": valid_until,
    }


def test_contact_id_that_only_facts_name_is_no_record_of_the_crm(spark: SparkSession) -> None:
    known, unknown = Person("known"), Person("unknown")
    both = frames(spark, [known, unknown])
    delivered = replace(both, contacts=both.contacts.where(f"record_key = '{known.record_key}'"))
    assert [row["customer_id"] for row in records(delivered, "crm").collect()] == ["known"]


# The nights on which it was refused and with which hash, taken in between or not, and what is due with the hash "old".
REFUSED: dict[str, tuple[list[tuple[int, str, str]], tuple[str | None, bool]]] = {
    "two nights": ([(3, "rejected", "old"), (2, "rejected", "old")], ("add", False)),
    "twice in one night": ([(3, "rejected", "old"), (2, "rejected", "old"), (2, "rejected", "old")], ("add", False)),
    "three nights": ([(3, "rejected", "old"), (2, "rejected", "old"), (1, "rejected", "old")], (None, True)),
    "says something else": ([(3, "rejected", "old"), (2, "rejected", "old"), (1, "rejected", "other")], ("add", False)),
    "taken in between": (
        [(4, "rejected", "old"), (3, "acknowledged", "new"), (2, "rejected", "old"), (1, "rejected", "old")],
        ("update", False),
    ),
}


def test_a_refused_record_is_tried_until_it_was_refused_on_enough_nights(spark: SparkSession) -> None:
    answered = [
        _delivery(name, "add", outcome, said, LATE) | {"night": NIGHT - timedelta(days=ago)}
        for name, case in REFUSED.items()
        for ago, outcome, said in case[0]
    ]
    answered += [
        _delivery("never given up", operation, outcome, said, LATE) | {"night": NIGHT - timedelta(days=ago)}
        for ago, operation, outcome, said in [
            (9, "add", "acknowledged", "old"),
            *((ago, "remove", "rejected", None) for ago in (4, 3, 2, 1)),
        ]
    ]
    sent = rows(spark, DELIVERIES.schema, [{**row, "sequence": place} for place, row in enumerate(answered)])
    wanted = rows(spark, DESIRED, [_wanted(name, "old", LATE) for name in REFUSED])
    due = {row["record_key"]: row for row in changes(wanted, sent, **RULES).collect()}
    assert due.pop("never given up")["operation"] == "remove"
    assert {name: (row["operation"], row["is_dead"]) for name, row in due.items()} == {
        name: case[1] for name, case in REFUSED.items()
    }


# What was sent, what it is now, and whether that is sent.
MOVES: dict[str, tuple[str | None, str | None, bool]] = {
    "a little": ('{"probability":0.5}', '{"probability":0.54}', False),
    "enough": ('{"probability":0.5}', '{"probability":0.56}', True),
    "enough downwards": ('{"probability":0.5}', '{"probability":0.44}', True),
    "no longer known": ('{"probability":0.5}', '{"probability":null}', True),
    "still unknown": ('{"probability":null}', '{"probability":null}', False),
    "sent before there was a band": (None, '{"probability":0.5}', True),
}


def test_a_move_within_the_dead_band_around_what_was_sent_causes_no_send(spark: SparkSession) -> None:
    answered = [
        {**_delivery(name, *ADDED), "banded_values": before, "sequence": place}
        for place, (name, (before, _, _)) in enumerate(MOVES.items())
    ]
    wanted = [{**_wanted(name, "old", LATE), "banded_values": now} for name, (_, now, _) in MOVES.items()]
    due = changes(rows(spark, DESIRED, wanted), rows(spark, DELIVERIES.schema, answered), **RULES).collect()
    assert {row["record_key"]: row["operation"] == "update" for row in due} == {
        name: is_sent for name, (_, _, is_sent) in MOVES.items()
    }
