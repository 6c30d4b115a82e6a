"""`habitue why`: what a data engineer sees, and what is said about names that nobody has."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.keys import lake_key
from lakehouse.rows import frame_of
from orchestration import cli
from pipelines.tables import IDENTIFIERS, IDENTITY_EVENTS, PERSON_RECORDS

CARD = "loyalty_id:5f"
NIGHT = date(2026, 3, 1)


@pytest.fixture(scope="module")
def known(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with three records: two of one person with one card, and a namesake; no test changes it."""
    lake = Lakehouse(str(tmp_path_factory.mktemp("known") / "lake"), spark)
    people = [("1", CARD), ("2", CARD), ("3", None)]
    rows = [_record(number, card) for number, card in people]
    lake.replace_all(PERSON_RECORDS, frame_of(lake.spark, rows, PERSON_RECORDS.schema))
    owners = [("contact:crm:1", "c_a"), ("contact:crm:2", "c_a"), (CARD, "c_a"), ("contact:crm:3", "c_b")]
    lake.replace_all(IDENTIFIERS, frame_of(lake.spark, owners, IDENTIFIERS.schema))
    merged = [(NIGHT, "c_old", "merged_into", "c_a", 1, None, None)]
    lake.replace_night(IDENTITY_EVENTS, frame_of(lake.spark, merged, IDENTITY_EVENTS.schema), NIGHT)
    lake_key(Path(f"{lake.path}.state"))
    return Path(lake.path)


def _record(number: str, card: str | None) -> list[object]:
    known: dict[str, object] = {
        "record_key": f"contact:crm:{number}",
        "source": "crm",
        "source_contact_id": number,
        "given": ["anna"],
        "family": ["smit"],
        "tokens": ["anna", "smit"],
        "born_on": date(1980, 2, 3) if card else date(1951, 7, 9),
        "is_test": False,
        "is_deleted": False,
        "first_seen": datetime(2020, 1, 1, tzinfo=UTC),
        "loyalty_id_key": card,
        "fingerprint": 0,
    }
    return [known.get(column.name) for column in PERSON_RECORDS.columns]


def why(lake: Path, left: str, right: str, *more: str) -> int:
    return cli.main(["why", left, right, "--lake", str(lake), *more])


def test_two_records_of_one_person(known: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert why(known, "crm:1", "crm:2", "--html", str(tmp_path / "why.html")) == 0
    said = capsys.readouterr().out
    assert "crm:1 and crm:2 are one person: customer c_a." in said
    assert "They share the same loyalty card, which links them by itself." in said
    assert "crm:1 - the same loyalty card - crm:2" in said
    page = (tmp_path / "why.html").read_text()
    assert "are one person" in page
    assert "<script" not in page


def test_two_customers_by_an_old_id_and_a_living_one(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why(known, "c_old", "c_b", "--json") == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["is_one_person"], said["chain"], said["probability"]) == (False, [], None)
    assert {said["left"]["customer_id"], said["right"]["customer_id"]} == {"c_a", "c_b"}


def test_name_that_nobody_has_is_refused_with_those_like_it(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why(known, "crm:11", "crm:2") == 2
    said = capsys.readouterr().err
    assert "no record and no customer with person records is called crm:11" in said
    assert "Did you mean crm:1" in said
    assert "Nothing was changed." in said


def test_email_is_refused_without_being_repeated(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why(known, "anna@mail.example", "crm:1") == 2
    said = capsys.readouterr().err
    assert "is called by this e-mail" in said
    assert "anna@" not in said


def test_one_record_twice_is_refused(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why(known, "crm:3", "c_b") == 2
    assert "are one and the same record" in capsys.readouterr().err
