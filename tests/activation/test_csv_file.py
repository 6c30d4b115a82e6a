"""A CRM import file: safe to open, safe to send twice."""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation.destination import Answer, Batch, Operation, Record
from activation.destinations.csv_file import CsvFile
from activation.import_file import cell, is_formula
from lakehouse.errors import DestinationUnavailable


def record(contact_id: str, operation: Operation = "add", **fields: object) -> Record:
    payload = None if operation == "remove" else json.dumps(fields)
    return Record(f"contact:crm:{contact_id}", contact_id, "c", operation, payload, "h", None, 1)


def batch(*records: Record) -> Batch:
    return Batch("crm", "win_back", date(2026, 3, 1), ("band", "reasons", "amount"), records)


def content(folder: Path) -> str:
    return (folder / "win_back_2026-03-01.csv").read_text(encoding="utf-8")


def test_a_file_holds_one_row_per_contact_with_what_to_do(tmp_path: Path) -> None:
    rows = (record("2", band="high", reasons=["Ça va", "b"], amount=-12.5), record("1", "remove"))
    CsvFile(tmp_path).send(batch(*rows))
    assert content(tmp_path) == "contact_id,operation,band,reasons,amount\n1,remove,,,\n2,add,high,Ça va; b,-12.5\n"
    assert [path.name for path in tmp_path.iterdir()] == ["win_back_2026-03-01.csv"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@sum", "-1+1"])
def test_a_formula_is_defused(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell([text, "b"]) == f"'{text}; b"
    assert cell(f"\t{text}\r\n") == f"'{text}"


@pytest.mark.parametrize(("value", "text"), [(Decimal("-1.50"), "-1.50"), ("+4915112345", "+4915112345"), (None, "")])
def test_a_number_stays_a_number(value: object, text: str) -> None:
    assert cell(value) == text


def test_a_contact_id_that_is_a_formula_is_rejected_and_the_others_are_taken(tmp_path: Path) -> None:
    answers = CsvFile(tmp_path).send(batch(record("=1"), record("2")))
    assert answers["contact:crm:=1"].verdict == "rejected"
    assert answers["contact:crm:2"] == Answer("acknowledged")
    assert "=1" not in content(tmp_path)


def test_a_later_send_of_the_night_keeps_what_the_file_held(tmp_path: Path) -> None:
    file = CsvFile(tmp_path)
    file.send(batch(record("1", band="=low"), record("2"), record("3")))
    file.send(batch(record("1", "update", band="high"), record("3", "remove"), record("4")))
    rows = list(csv.reader(content(tmp_path).splitlines()))[1:]
    assert [row[:3] for row in rows] == [["1", "add", "high"], ["2", "add", ""], ["3", "remove", ""], ["4", "add", ""]]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(DestinationUnavailable, match="cannot be written"):
        CsvFile(tmp_path / "taken").check()


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(max_size=5), max_size=3))
RECORDS = st.builds(record, st.text(min_size=1, max_size=4), band=VALUES, reasons=VALUES, amount=VALUES)


@settings(max_examples=60, deadline=None)
@given(records=st.lists(RECORDS, max_size=6, unique_by=lambda one: one.contact_id))
def test_sending_twice_leaves_the_same_file_and_no_cell_is_a_formula(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    first = CsvFile(folder).send(batch(*records))
    once = [path.read_bytes() for path in folder.iterdir()]
    assert CsvFile(folder).send(batch(*records)) == first
    assert [path.read_bytes() for path in folder.iterdir()] == once
    assert set(first) == {one.record_key for one in records}
    for path in folder.iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            assert not any(is_formula(text.lstrip()) for row in csv.reader(file) for text in row)
