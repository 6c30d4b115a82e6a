"""Customers that may be two people are listed with a reason, and with what to part where that is plain."""

from datetime import date
from itertools import combinations

import pyarrow as pa

from pipelines.identity.suspicion import suspicious_clusters
from tests.pipelines.identity.person_rows import Person, person, person_table

NIGHT = date(2026, 3, 1)


def listed(
    people: list[Person], owners: list[str], likely: dict[tuple[int, int], float]
) -> dict[str, dict[str, object]]:
    """The suspicious customers by id; people are numbered from 0, likely holds the matched pairs."""
    records = person_table(people)
    keys = records["record_key"].to_pylist()
    pairs = pa.table(
        {
            "record_a": pa.array([keys[a] for a, _ in likely], pa.string()),
            "record_b": pa.array([keys[b] for _, b in likely], pa.string()),
            "probability": pa.array(likely.values(), pa.float64()),
        }
    )
    links = pa.table({"record_key": keys, "customer_id": owners})
    found = suspicious_clusters(records, links, pairs, night=NIGHT).to_pylist()
    assert {row["night"] for row in found} <= {NIGHT}
    return {row["customer_id"]: row for row in found}


def dense(numbers: range, probability: float = 0.9) -> dict[tuple[int, int], float]:
    return dict.fromkeys(combinations(numbers, 2), probability)


def spouses(first: int, second: int) -> list[Person]:
    names = ["Anna"] * first + ["Bert"] * second
    return [person(number, name, "Smit") for number, name in enumerate(names)]


def test_records_that_look_alike_are_not_suspicious() -> None:
    people = [person(number, "Anna", "Smit", born="1980-05-01") for number in range(4)]
    assert listed(people, ["c"] * 4, dense(range(4))) == {}


def test_a_customer_of_far_more_records_than_usual_is_listed() -> None:
    people = [person(number, "Anna", "Smit") for number in range(40)]
    owners = ["large"] * 9 + [f"c{number}" for number in range(31)]
    found = listed(people, owners, dense(range(9)))
    assert {name: (row["records_count"], row["reasons"]) for name, row in found.items()} == {"large": (9, ["size"])}
    assert found["large"]["part"] is None


def test_two_dense_groups_held_by_a_weak_tie_fall_apart_into_a_proposal() -> None:
    found = listed(spouses(3, 2), ["c"] * 5, dense(range(3)) | dense(range(3, 5)) | {(2, 3): 0.2})
    assert found["c"]["reasons"] == ["density"]
    assert found["c"]["density"] == (3 * 0.9 + 0.9 + 0.2) / 10
    assert found["c"]["part"] == ["contact:crm:3", "contact:crm:4"]


def test_records_that_hang_together_thinly_everywhere_come_without_a_proposal() -> None:
    found = listed(spouses(2, 2), ["c"] * 4, {(0, 1): 0.3, (1, 2): 0.3, (2, 3): 0.3})
    assert (found["c"]["reasons"], found["c"]["part"]) == (["density"], None)


def test_one_name_at_two_addresses_on_one_card_is_not_suspicious() -> None:
    assert listed([person(0, "Anna", "Smit"), person(1, "Anna", "Smitt")], ["c", "c"], {(0, 1): 0.02}) == {}


def test_contradicting_birth_dates_and_given_names_are_parted_in_the_proposal() -> None:
    people = [
        person(0, "Anna", "Smit", born="1980-05-01"),
        person(1, "Anna", "Smit", born="1980-05-01"),
        person(2, "Bert", "Smit", born="1955-11-23"),
    ]
    found = listed(people, ["c"] * 3, dense(range(2)) | {(0, 2): 0.5, (1, 2): 0.5})
    assert (found["c"]["reasons"], found["c"]["part"]) == (["contradiction"], ["contact:crm:2"])


def test_one_digit_wrong_in_a_birth_date_or_another_given_name_alone_is_no_contradiction() -> None:
    typed = [person(0, "Anna", "Smit", born="1980-05-01"), person(1, "Bert", "Smit", born="1980-05-11")]
    named = [person(2, "Carla", "Maes", born="1980-05-01"), person(3, "Carla", "Maes", born="1955-11-23")]
    assert listed(typed + named, ["a", "a", "b", "b"], {(0, 1): 0.9, (2, 3): 0.9}) == {}


def test_customers_without_a_named_record_are_passed_over() -> None:
    nameless = [person(number, email="a@mail.example") for number in range(12)]
    assert listed(nameless, ["c"] * 12, {}) == {}
