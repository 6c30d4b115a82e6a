"""Households: who lives together, under an id that stays, and nobody merged."""

from datetime import date

import pyarrow as pa

from pipelines.identity.households import households
from tests.pipelines.identity.person_rows import Person, person, person_table

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
HOME = {"street": "kerkstraat", "house": "12", "postcode": "9000"}
ELSEWHERE = {"street": "molenstraat", "house": "3", "postcode": "2000"}
NOBODY = pa.table(
    {
        "household_id": pa.array([], pa.string()),
        "customer_id": pa.array([], pa.string()),
        "since": pa.array([], pa.date32()),
    }
)


def found(
    *people: Person, owners: dict[int, str] | None = None, before: pa.Table = NOBODY, on: date = FIRST, most: int = 10
) -> pa.Table:
    """The households of people, each a customer of its own unless owners say whose record it is."""
    records = person_table(people)
    numbers = [int(str(one["record_key"]).split(":")[2]) for one in people]
    owned = [(owners or {}).get(number, f"c{number}") for number in numbers]
    records = records.append_column("first_seen", pa.array([None] * len(people), pa.timestamp("us")))
    links = pa.table({"record_key": records["record_key"], "customer_id": pa.array(owned, pa.string())})
    return households(records, links, before, shared_by_at_most=most, night=on, key="k")


def together(table: pa.Table) -> set[frozenset[str]]:
    homes: dict[str, set[str]] = {}
    for row in table.to_pylist():
        homes.setdefault(row["household_id"], set()).add(row["customer_id"])
    return {frozenset(people) for people in homes.values()}


def test_one_address_and_family_name_are_a_household_and_neither_alone_is() -> None:
    table = found(
        person(1, "Anna", "Smit", **HOME),
        person(2, "Bert", "Smitt", **HOME),
        person(3, "Carl", "Maes", **HOME),
        person(4, "Dora", "Smit", **ELSEWHERE),
    )
    assert together(table) == {frozenset({"c1", "c2"})}
    assert {row["evidence"] for row in table.to_pylist()} == {"name_address"}


def test_a_shared_phone_makes_a_household_with_the_same_name_or_the_same_address_only() -> None:
    table = found(
        person(1, "Anna", "Smit", phone="+3291111111"),
        person(2, "Bert", "Smit", phone="+3291111111"),
        person(3, "Carl", "Maes", phone="+3292222222", **HOME),
        person(4, "Dora", "Noel", phone="+3292222222", **HOME),
        person(5, "Elsa", "Kahn", phone="+3293333333"),
        person(6, "Finn", "Vos", phone="+3293333333"),
    )
    assert together(table) == {frozenset({"c1", "c2"}), frozenset({"c3", "c4"})}
    assert {row["customer_id"]: row["evidence"] for row in table.to_pylist()} == {
        "c1": "name_phone", "c2": "name_phone", "c3": "address_phone", "c4": "address_phone",
    }  # fmt: skip


def test_address_and_phone_may_stand_on_different_records_of_a_customer() -> None:
    """A couple of two names: one source knows where they live, another the phone that they share."""
    table = found(
        person(1, "Carl", "Maes", **HOME),
        person(2, "Carl", "Maes", phone="+3291111111"),
        person(3, "Dora", "Noel", **HOME),
        person(4, "Dora", "Noel", phone="+3291111111"),
        person(5, "Elsa", "Kahn", phone="+3291111111", **ELSEWHERE),
        owners={1: "carl", 2: "carl", 3: "dora", 4: "dora"},
    )
    assert together(table) == {frozenset({"carl", "dora"})}
    assert {row["evidence"] for row in table.to_pylist()} == {"address_phone"}


def test_two_records_of_one_customer_are_no_household() -> None:
    table = found(person(1, "Anna", "Smit", **HOME), person(2, "Ann", "Smit", **HOME), owners={1: "c", 2: "c"})
    assert table.num_rows == 0


def test_institutions_tills_test_accounts_and_deleted_records_make_no_household() -> None:
    names = ("Smit", "Maes", "Noel", "Kahn")
    table = found(
        *(person(number, "Anna", name, **HOME) for number, name in enumerate(names)),
        person(10, "Bert", "Smit", **HOME),
        *(person(20 + number, "Carl", "Vos", phone="+3291111111") for number in range(4)),
        person(30, "Dora", "Peeters", **ELSEWHERE),
        {**person(31, "Test", "Peeters", **ELSEWHERE), "is_test": True},
        {**person(32, "Emma", "Peeters", **ELSEWHERE), "is_deleted": True},
        most=3,
    )
    assert table.num_rows == 0


def test_a_grown_child_does_not_tie_the_parents_to_its_flat_mates() -> None:
    table = found(
        person(1, "Anna", "Smit", **HOME),
        person(2, "Bert", "Smit", **HOME),
        person(3, "Carl", "Smit", **HOME),
        person(4, "Carl", "Smit", phone="+3291111111", **ELSEWHERE),
        person(5, "Dora", "Noel", phone="+3291111111", **ELSEWHERE),
        owners={3: "child", 4: "child"},
    )
    assert together(table) == {frozenset({"c1", "c2", "child"})}


def test_household_ids_survive_reruns_and_newcomers() -> None:
    couple = (person(1, "Anna", "Smit", **HOME), person(2, "Bert", "Smit", **HOME))
    first = found(*couple)
    assert found(*couple, before=first, on=SECOND).equals(first)
    second = found(*couple, person(3, "Carl", "Smit", **HOME), before=first, on=SECOND)
    assert set(second["household_id"].to_pylist()) == set(first["household_id"].to_pylist())
    assert {row["customer_id"]: row["since"] for row in second.to_pylist()} == {"c1": FIRST, "c2": FIRST, "c3": SECOND}


def test_records_without_any_address_or_phone_give_no_household() -> None:
    assert found(person(1, "Anna", "Smit"), person(2, "Bert", "Smit")).num_rows == 0
