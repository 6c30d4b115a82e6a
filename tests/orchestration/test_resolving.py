"""`habitue resolve`: any table of people in, the same rows with a customer out; wrong calls say what to type."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from orchestration import cli
from orchestration.resolving import in_words
from pipelines.identity.any_table import Told
from pipelines.identity.blocking import KeyYield

PEOPLE = [
    ("Anna", "Smit", "anna@mail.example", "1980-02-03"),
    ("Carl", "Kahn", "", ""),
    ("anna", "SMIT", " ANNA@mail.example", "3/2/1980"),
    ("Bert", "Smit", "anna@mail.example", "25/12/79"),
]


def people(folder: Path, rows: Sequence[Sequence[str]] = PEOPLE, head: str = "given,surname,mail,born") -> Path:
    file = folder / "people.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([head.split(","), *rows])
    return file


def call(file: Path, mapping: str, *more: str) -> int:
    return cli.main(
        ["resolve", "--records", str(file), "--map", mapping, "--out", str(file.with_name("out.csv")), *more]
    )


MAPPING = "first_name=given,last_name=surname,email=mail,born_on=born"


def test_rows_of_one_person_get_one_customer_and_a_household_stays_several(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(people(tmp_path), MAPPING, "--json") == 0
    with (tmp_path / "out.csv").open() as made:
        rows = list(csv.DictReader(made))
    assert [row["given"] for row in rows] == [row[0] for row in PEOPLE]
    assert [row["customer_id"] for row in rows] == ["p1", "p2", "p1", "p4"]
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["records"], said["customers"], said["largest"]) == (4, 3, {"p1": 2, "p2": 1, "p4": 1})


def test_everything_that_a_reader_needs_to_judge_the_result_is_said() -> None:
    keys = [
        KeyYield(key, 100, left_out, 1000 * left_out, 9) for left_out, key in enumerate(("email", "a", "b", "c", "d"))
    ]
    told = Told(
        table=pa.table({}), records=1200, customers=1, largest={"p0001": 1200}, pairs_looked_at=5000, cut=0.474,
        expected_precision=0.9161, expected_recall=0.9534, seconds={"read": 0.1, "match": 14.3}, keys=tuple(keys),
    )  # fmt: skip
    assert in_words(told, Path("out.csv")).splitlines() == [
        "1,200 records, 1 customer; the largest: p0001 with 1,200",
        "5,000 pairs were looked at; values left out as too frequent, by key: d 4 (4,000 pairs), c 3 (3,000 pairs),"
        " b 2 (2,000 pairs) and 1 other key",
        "cut at a mean probability of 0.47: expected precision 0.916, expected recall 0.953"
        " (by the model, without labels)",
        "seconds: read 0.1, match 14.3",
        "out.csv",
    ]
    few = replace(told, cut=None, pairs_looked_at=0, keys=())
    assert "too few records to learn from" in in_words(few, Path("out.csv"))


def test_source_that_is_free_of_duplicates_keeps_its_records_apart(spark: SparkSession, tmp_path: Path) -> None:
    rows = [("crm", *PEOPLE[0]), ("crm", *PEOPLE[2]), ("web", *PEOPLE[0])]
    file = people(tmp_path, rows, "system,given,surname,mail,born")
    assert call(file, f"source=system,{MAPPING}", "--unique-source", "crm") == 0
    with (tmp_path / "out.csv").open() as made:
        found = [row["customer_id"] for row in csv.DictReader(made)]
    assert found[0] != found[1]
    assert found[2] in found[:2]


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ("email=mial", "the file has no column: mial (did you mean mail?)"),
        ("e_mail=mail", "no such meaning of a column: e_mail (did you mean email?)"),
        ("email=mail,phone=mail", "a column is mapped twice: mail"),
        ("email=mail,email=born", "--map gives email two columns"),
        ("email", "--map email names no column"),
        ("source_contact_id=surname,email=mail", "the ids in column surname are not unique"),
    ],
)
def test_wrong_mapping_is_refused_with_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mapping: str, told: str
) -> None:
    assert call(people(tmp_path), mapping) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "Nothing was written." in said
    assert "--map " in said.split("Nothing was written.")[1]
    assert not (tmp_path / "out.csv").exists()


def test_file_without_a_known_column_or_none_at_all_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = people(tmp_path)
    out = str(tmp_path / "out.csv")
    assert cli.main(["resolve", "--records", str(file), "--out", out]) == 2
    assert "no column of the file is known to say anything about a person" in capsys.readouterr().err
    assert cli.main(["resolve", "--records", str(tmp_path / "gone.csv"), "--out", out]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert cli.main(["resolve", "--records", str(file), "--out", str(file)]) == 2
    assert "the result goes to another file" in capsys.readouterr().err


def test_table_of_a_spreadsheet_without_rows_or_with_fillings_comes_out_as_it_was(
    spark: SparkSession, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("name;mail\nZo\u00eb Null;NULL\nAnna Smit;NULL\nZo\u00eb Null;n/a\n".encode("cp1252"))
    assert call(file, "full_name=name,email=mail") == 0
    lines = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(";")[:3] for line in lines[1:]] == [
        ['"Zo\u00eb Null"', '"NULL"', '"p1"'],
        ['"Anna Smit"', '"NULL"', '"p2"'],
        ['"Zo\u00eb Null"', '"n/a"', '"p3"'],
    ]
    file.write_text("name;mail\n")
    assert call(file, "full_name=name,email=mail") == 0
    assert (tmp_path / "out.csv").read_text() == '"name";"mail";"customer_id";"match_probability"\n'
