"""The few places that are shown of a broken rule lead to the row and tell nobody who a person is."""

from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import DataFrame

from lakehouse.delta import Lakehouse
from quality.gate import PublicationBlocked
from quality.publish import publish
from quality.rules import Rule, between, row_count, unique
from quality.samples import MOST
from tests.quality.frames import NOTES, NOTES_REJECTED, notes

NIGHT = date(2026, 3, 1)
POSITIVE = between("amount", minimum=0, severity="warn")


def samples(lake: Lakehouse, frame: DataFrame, *rules: Rule, table: object = NOTES) -> dict[str, tuple[str, ...]]:
    made = NOTES if table is NOTES else replace(NOTES, columns=table)  # type: ignore[arg-type]
    published = publish(lake, made, frame, rules=rules, night=NIGHT, rejected=NOTES_REJECTED)
    return {gate.rule: gate.sample for gate in published.gates}


def test_a_row_that_stays_is_shown_by_its_key_and_one_set_aside_by_its_file_and_number(lake: Lakehouse) -> None:
    rejecting = between("amount", maximum=9, severity="reject")
    frame = notes(lake.spark, ("a", "1"), ("b", "-2"), ("ann@example.org", "-3"), ("d", "10"), ("e", "5", "unparsed"))
    assert samples(lake, frame, POSITIVE, rejecting) == {
        POSITIVE.name: ("source=crm, note_id=b", "source=crm, note_id=(not shown)"),
        rejecting.name: ("notes.csv row 4",),
        "unparsed": ("notes.csv row 5",),
    }


def test_at_most_five_places_are_shown_and_none_of_a_rule_that_holds_or_is_about_the_table(lake: Lakehouse) -> None:
    frame = notes(lake.spark, *((str(number), "-1") for number in range(9)))
    few = row_count(50, severity="warn")
    found = samples(lake, frame, POSITIVE, few, between("row_number", minimum=0, severity="warn"))
    assert [len(sample) for sample in found.values()] == [MOST, 0, 0]


def test_a_key_that_is_personal_is_not_shown(lake: Lakehouse) -> None:
    columns = tuple(replace(column, personal=column.name == "note_id") for column in NOTES.columns)
    assert samples(lake, notes(lake.spark, ("Ann Smith", "-1")), POSITIVE, table=columns) == {POSITIVE.name: ()}


def test_a_key_that_stands_twice_is_shown_once(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "1"), ("a", "2"), ("b", "3"))
    with pytest.raises(PublicationBlocked) as stopped:
        publish(lake, NOTES, frame, rules=[unique("source", "note_id")], night=NIGHT)
    assert [gate.sample for gate in stopped.value.gates] == [("source=crm, note_id=a",)]
