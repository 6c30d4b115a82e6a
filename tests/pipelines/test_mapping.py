"""The sources of a retailer file: what is accepted, and what a user is told when it is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.mapping import Delivery, Format, Jdbc, Source

CONTACTS = {"from": "people", "columns": {"source_contact_id": "Id", "email": "EMail"}}


def source(entities: dict[str, Any], **sections: Any) -> Source:
    return Source.model_validate({"deliveries": {"people": {"files": "*.csv"}}, "entities": entities, **sections})


def problems(entities: dict[str, Any], **sections: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ValidationError) as refused:
        source(entities, **sections)
    return [(error["loc"], error["msg"]) for error in refused.value.errors()]


def test_one_mapping_is_a_list_of_one() -> None:
    assert source({"contacts": CONTACTS}) == source({"contacts": [CONTACTS]})


def test_literals_of_the_file_become_sql() -> None:
    mapping = source({"contacts": CONTACTS | {"columns": {"source_contact_id": 7, "is_staff": False}}})
    assert mapping.entities["contacts"][0].columns == {"source_contact_id": "7", "is_staff": "false"}


def test_an_unknown_column_is_refused_with_its_place_and_the_nearest_name() -> None:
    wrong = CONTACTS | {"columns": {"source_contact_id": "Id", "emial": "EMail"}}
    assert problems({"contacts": [wrong]}) == [
        (("entities", "contacts", 0, "columns", "emial"), "contacts has no column emial (did you mean email?)")
    ]


def test_an_unknown_entity_is_refused_with_the_nearest_name() -> None:
    [(place, text)] = problems({"contact": CONTACTS})
    assert place == ("entities", "contact")
    assert "did you mean contacts" in text


def test_a_mapping_from_an_unknown_delivery_is_refused() -> None:
    [(place, text)] = problems({"contacts": CONTACTS | {"from": "peple"}})
    assert place == ("entities", "contacts", 0, "from")
    assert "did you mean people" in text


def test_a_missing_key_column_is_refused_with_its_meaning() -> None:
    [(_, text)] = problems({"orders": {"from": "people", "columns": {"channel": "'web'"}}})
    assert text == "orders needs the column order_id: order or ticket number, unique within the source"


def test_a_consent_needs_no_id_of_its_own() -> None:
    source({"consents": {"from": "people", "columns": {"email": "EMail", "status": "'granted'"}}})


def test_null_is_meant_only_for_columns_that_are_mapped() -> None:
    [(_, text)] = problems({"contacts": CONTACTS | {"null_ok": "emial"}})
    assert "did you mean email" in text


def test_every_problem_is_told_at_once() -> None:
    assert len(problems({"contacts": CONTACTS | {"from": "x"}, "visit": CONTACTS})) == 2


def test_an_unknown_time_zone_is_refused() -> None:
    [(place, text)] = problems({}, timezone="Europe/Pari")
    assert place == ("timezone",)
    assert "did you mean Europe/Paris" in text


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({}, "exactly one of files, jdbc, delta"),
        ({"files": "*.csv", "delta": "table"}, "exactly one of files, jdbc, delta"),
        ({"files": "/etc/*.csv"}, "leaves the landing folder"),
        ({"files": "../*.csv"}, "leaves the landing folder"),
        ({"files": "*.csv", "dated": "%Y"}, "year, month and day"),
        ({"files": "*.csv", "key": "Id", "drop": ["Id"]}, "cannot be dropped"),
        (
            {"jdbc": {"url": "jdbc:postgresql://db/x", "table": "t", "watermark": "At"}, "drop": ["At"]},
            "cannot be dropped",
        ),
        ({"files": "*.csv", "loads": "append"}, "Extra inputs"),
        ({"jdbc": {"url": "jdbc:x", "table": "t", "watermark": "w"}, "load": "snapshot"}, "only what is new"),
    ],
)
def test_a_delivery_that_contradicts_itself_is_refused(section: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Delivery.model_validate(section)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"header": False}, "needs `columns`"),
        ({"columns": {"price": "double"}}, "delivered as strings"),
        ({"encoding": "utf-9"}, "no known encoding"),
        ({"type": "json", "columns": {"at": "timestamp"}}, "to_timestamp"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused(section: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Format.model_validate(section)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"url": "jdbc:x", "table": "t"}, "`watermark: <column>` and `whole: true`"),
        ({"url": "jdbc:x", "table": "t", "query": "q", "whole": True}, "exactly one of table, query"),
        ({"url": "jdbc:postgresql://h/d?password=x", "table": "t", "whole": True}, "no password in the address"),
    ],
)
def test_a_database_that_is_not_told_fully_is_refused(section: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Jdbc.model_validate(section)
