"""The columns by which people are compared and found: order of names, particles, short forms, hostile values."""

import duckdb
import pytest

from pipelines.identity.people import add, prepare
from tests.pipelines.identity.person_rows import Person, person, person_table

FEMALE = ("anna", "carla", "elise", "greet", "ines", "karin")
FAMILIES = ("peeters", "janssens", "maes", "jacobs", "mertens")


def people(*persons: Person) -> tuple[dict[str, dict[str, object]], list[str]]:
    """The rows of people by the number of their record, and the columns that hold values."""
    with duckdb.connect() as engine:
        columns = prepare(engine, person_table(persons))
        rows = engine.sql("from people").to_arrow_table().to_pylist()
    return {str(row["record_key"]).split(":")[-1]: row for row in rows}, columns


def name(found: dict[str, dict[str, object]], number: int) -> tuple[object, object]:
    row = found[str(number)]
    return row["first"], row["last"]


def towns_folk() -> list[Person]:
    """Ninety persons whose words say which are given names and which family names."""
    return [
        person(100 * time + 10 * at + place, given, family)
        for time in (1, 2, 3)
        for at, given in enumerate(FEMALE)
        for place, family in enumerate(FAMILIES)
    ]


def test_names_in_the_wrong_order_are_turned_round() -> None:
    found, _ = people(*towns_folk(), person(1, "peeters", "anna"), person(2, whole="maes elise"))
    assert name(found, 1) == ("anna", "peeters")
    assert name(found, 2) == ("elise", "maes")
    assert name(found, 100) == ("anna", "peeters")


def test_names_stay_as_they_are_where_the_data_do_not_say_otherwise() -> None:
    found, _ = people(*towns_folk(), person(1, "zoe", "quux"), person(2, "anna", "karin"), person(3, "peeters", "maes"))
    assert [name(found, number) for number in (1, 2, 3)] == [("zoe", "quux"), ("anna", "karin"), ("peeters", "maes")]
    alone, _ = people(person(1, "thomas", "martin"), person(2, "martin", "thomas"))
    assert (name(alone, 1), name(alone, 2)) == (("thomas", "martin"), ("martin", "thomas"))


def test_particles_say_nothing_unless_they_are_all_there_is() -> None:
    found, _ = people(
        person(1, "jan", "van den berg"), person(2, "jan", "berg"), person(3, "de", "van"), person(4, whole="van")
    )
    assert name(found, 1) == name(found, 2) == ("jan", "berg")
    assert found["1"]["words"] == found["2"]["words"] == ["jan", "berg"]
    assert found["1"]["whole"] == "berg jan"
    assert name(found, 3) == ("de", "van")
    assert found["4"]["words"] == ["van"]


def test_words_between_the_first_and_the_last_are_the_rest_in_any_order() -> None:
    found, _ = people(person(1, "anna maria", "de vos smit"), person(2, whole="anna vos maria smit"))
    assert name(found, 1) == name(found, 2) == ("anna", "smit")
    assert found["1"]["rest"] == found["2"]["rest"] == ["maria", "vos"]


def test_short_forms_meet_in_the_names_that_they_stand_for() -> None:
    found, _ = people(person(1, "bob", "smit"), person(2, "robert", "smit"), person(3, "xandrine", "smit"))
    assert {"robert"} <= set(found["1"]["first_roots"]) & set(found["2"]["first_roots"])  # type: ignore[call-overload]
    assert found["3"]["first_roots"] == ["xandrine"]


def test_one_spelled_sound_is_one_value() -> None:
    found, _ = people(person(1, "philipp", "schmidt"), person(2, "filip", "smit"), person(3, "anna", "smit"))
    assert found["1"]["first_sound"] == found["2"]["first_sound"] == "flp"
    assert found["3"]["first_sound"] != found["1"]["first_sound"]


def test_name_of_one_word_is_a_first_name_without_a_last() -> None:
    found, _ = people(person(1, whole="cher"), person(2, "cher"), person(3, family="smit"))
    assert (name(found, 1), name(found, 2), name(found, 3)) == (("cher", None), ("cher", None), (None, "smit"))
    assert [found[number]["whole"] for number in ("1", "2", "3")] == [None, None, None]


def test_records_of_tests_are_left_out_and_the_rest_is_counted_by_key() -> None:
    found, _ = people(person(2, "bert", "maes"), person(1, "anna", "smit") | {"is_test": True}, person(3, "carl", "x"))
    assert {number: row["id"] for number, row in found.items()} == {"2": 0, "3": 1}


@pytest.mark.parametrize(("given", "family"), [("мария", "иванова"), ("花子", "山田"), ("فاطمة", "حسن"), ("😀", "ß")])
def test_names_in_other_scripts_are_kept(given: str, family: str) -> None:
    found, columns = people(person(1, given, family), person(2, given, family))
    assert name(found, 1) == (given, family)
    assert found["1"]["first_sound"] == found["2"]["first_sound"]
    assert {"first", "last", "whole"} <= set(columns)


def test_names_of_ten_kilobytes_survive() -> None:
    long, many = "x" * 10_000, " ".join(f"w{n}" for n in range(2_000))
    found, _ = people(*(person(n, long, many) for n in range(50)))
    assert name(found, 7) == (long, "w1999")
    assert len(found["7"]["words"]) == 2_001  # type: ignore[arg-type]


def test_only_columns_with_values_are_named() -> None:
    _, columns = people(person(1, "anna", "smit"), person(2, "bert", "maes", email="bert@mail.example"))
    assert {"first", "last", "email", "mailbox"} <= set(columns)
    assert not {"rest", "born", "phone", "postcode", "area", "city"} & set(columns)


def test_records_without_any_value_have_no_column_to_compare() -> None:
    found, columns = people(person(1), person(2))
    assert len(found) == 2
    assert set(columns) == {"id", "record_key", "source"}


def test_no_records_are_no_people() -> None:
    assert people() == ({}, [])


def test_area_is_what_several_postcodes_share() -> None:
    codes = ("9000", "75011", "sw1a1aa", "7")
    found, _ = people(*(person(n, postcode=code) for n, code in enumerate(codes)))
    assert [found[str(n)]["area"] for n in range(4)] == ["90", "750", "sw1a", "7"]


def test_records_that_are_added_read_as_if_they_had_been_there_from_the_first() -> None:
    new = [person(1, "peeters", "anna"), person(2, whole="maes elise"), person(3, "zoe", "quux"), person(4)]
    with duckdb.connect() as engine:
        prepare(engine, person_table(towns_folk()))
        columns = add(engine, person_table(new))
        rows = engine.sql("from people order by id").to_arrow_table().to_pylist()
    at_once, columns_at_once = people(*towns_folk(), *new)
    assert columns == columns_at_once
    assert [row.pop("id") for row in rows] == list(range(len(rows)))
    for row in at_once.values():
        del row["id"]
    assert {str(row["record_key"]).split(":")[-1]: row for row in rows} == at_once
