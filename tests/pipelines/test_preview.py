"""`habitue check`: what is mapped, what is not, and what fails, before any night."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import InvalidRetailerFile
from pipelines.mapping import Source
from pipelines.preview import Preview, preview


def crm(**columns: str) -> dict[str, Source]:
    """A source whose contacts are mapped, and whose notes never come."""
    sections: dict[str, Any] = {
        "deliveries": {"people": {"files": "people*.csv"}, "notes": {"files": "notes.csv"}},
        "entities": {"contacts": {"from": "people", "columns": {"source_contact_id": "Id"} | columns}},
    }
    return {"crm": Source.model_validate(sections)}


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    (tmp_path / "people_1.csv").write_text("Id,Born\n")
    (tmp_path / "people_2.csv").write_text("Id,Born,Tier\n7,5/8/1986,high\n8,31/31/1986,low\n,1/2/1990,low\n9,x\n")
    return tmp_path


def test_the_newest_file_shows_what_is_mapped_what_is_not_and_what_fails(spark: SparkSession, landing: Path) -> None:
    found = preview(spark, crm(born_on="to_date(Born, 'M/d/yyyy')"), landing)
    people, notes = found.deliveries
    assert (people.file_name, people.rows, people.corrupt, people.unmapped) == ("people_2.csv", 4, 1, ("Tier",))
    assert "no file of this delivery lies there" in str(notes.problem)
    [contacts] = found.mappings
    assert (contacts.rows, contacts.unparsed, contacts.missing) == (3, {"born_on": 1}, {"source_contact_id": 1})
    assert contacts.first[0] == {"source_contact_id": "7", "born_on": "1986-05-08"}
    assert_told(found)


def assert_told(found: Preview) -> None:
    assert json.loads(found.as_json())["ok"] is False
    text = found.render()
    for told in ("not mapped: Tier", "born_on: 1 values could not be parsed", "born_on=1986-05-08", "!! crm.notes"):
        assert told in text


def test_a_mapping_that_spark_cannot_evaluate_is_told_beside_the_others(spark: SparkSession, landing: Path) -> None:
    [contacts] = preview(spark, crm(email="lower(Id, Tier)"), landing).mappings
    assert "WRONG_NUM_ARGS" in str(contacts.problem)


def test_a_column_that_is_not_delivered_is_told_with_the_nearest_name(spark: SparkSession, landing: Path) -> None:
    people, _ = preview(spark, crm(email="Teir"), landing).deliveries
    assert "did you mean Tier" in str(people.problem)


def test_sql_that_may_not_stand_there_is_refused(spark: SparkSession, landing: Path) -> None:
    with pytest.raises(InvalidRetailerFile, match=r"crm\.entities\.contacts\.columns\.email"):
        preview(spark, crm(email="lower(Id"), landing)
