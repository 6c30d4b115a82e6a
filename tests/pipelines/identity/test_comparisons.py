"""Levels of likeness: the more alike two people are, the higher the level, for every way in which records differ."""

import duckdb
import pytest

from pipelines.identity.likeness import MISSING, compare, name_sources
from pipelines.identity.people import prepare
from tests.pipelines.identity.person_rows import Person, person, person_table

ALIKE: dict[str, list[Person]] = {
    "born": [
        person(10, born="1980-03-07"),
        person(11, born="1980-03-07"),
        person(12, born="1980-07-03"),
        person(13, born="1980-03-08"),
        person(14, born="1980-03-29"),
        person(15, born="1980-11-25"),
        person(16, born="1982-04-07"),
        person(17, born="1987-11-25"),
        person(18, born="1935-11-25"),
    ],
    "first": [
        person(10, "robert", "smit"),
        person(11, "robert", "smit"),
        person(12, "smit", "robert"),
        person(13, "bob", "smit"),
        person(14, "robbert", "smit"),
        person(15, "r", "smit"),
        person(16, "robinson", "smit"),
        person(17, "jan robert", "smit"),
        person(18, "xena", "smit"),
    ],
    "last": [
        person(10, "anna", "vermeulen"),
        person(11, "anna", "vermeulen"),
        person(12, "vermeulen", "anna"),
        person(13, "anna", "vermeulin"),
        person(14, "anna", "vermeulen claes"),
        person(15, "anna", "maes"),
    ],
    "email": [
        person(10, email="anna.smit@mail.example"),
        person(11, email="anna.smit@mail.example"),
        person(12, email="anna.smit@other.example"),
        person(13, email="ana.smit@mail.example"),
        person(14, email="xena@quux.example"),
    ],
    "postcode": [
        person(10, postcode="9000"),
        person(11, postcode="9000"),
        person(12, postcode="9050"),
        person(13, postcode="9055"),
        person(14, postcode="1180"),
    ],
    "street": [
        person(10, street="kerkstraat", house="7b"),
        person(11, street="kerkstraat", house="7b"),
        person(12, street="kerkstrat", house="7b"),
        person(13, street="kerkstraat", house="9"),
        person(14, street="kerkstraad", house="9"),
        person(15, street="nieuwe markt", house="7b"),
        person(16, street="nieuwe markt", house="9"),
    ],
    "rest": [
        person(10, "anna maria els jo", "smit"),
        person(11, "anna jo maria els", "smit"),
        person(12, "anna maria els tim", "smit"),
        person(13, "anna maria ben tim", "smit"),
        person(14, "anna ben tim", "smit"),
    ],
    "city": [
        person(10, city="sint niklaas"),
        person(11, city="sint niklaas"),
        person(12, city="sint niklas"),
        person(13, city="belsele niklaas"),
        person(14, city="brugge"),
    ],
    "phone": [
        person(10, phone="+32475123456"),
        person(11, phone="+32475123456"),
        person(12, phone="+32475123465"),
        person(13, phone="+32470999999"),
    ],
    "card": [
        person(10, card="2900012"),
        person(11, card="2900012"),
        person(12, card="2900021"),
        person(13, card="4811734"),
    ],
}
"""Somebody, and records from the most alike to the least."""


def levels(column: str, people: list[Person]) -> list[int]:
    """The level of likeness of the first with each of the others."""
    with duckdb.connect() as engine:
        columns = prepare(engine, person_table(people))
        name_sources(engine)
        engine.execute("create table pairs as select 0 as l, id as r from people where id > 0")
        compare(engine, columns, pairs="pairs", into="likeness")
        rows = engine.execute(f"select gamma_{column} from likeness order by r").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize("column", ALIKE)
def test_every_way_of_writing_a_value_stands_above_the_less_alike(column: str) -> None:
    found = levels(column, ALIKE[column])
    assert found == sorted(set(found), reverse=True)
    assert found[-1] == 0


@pytest.mark.parametrize("column", ALIKE)
def test_value_that_is_not_there_is_neither_alike_nor_different(column: str) -> None:
    assert levels(column, [*ALIKE[column], person(19)])[-1] == MISSING
