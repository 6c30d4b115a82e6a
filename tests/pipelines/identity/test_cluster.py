"""Which records become one person, and which never do."""

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.cluster import clusters
from tests.pipelines.identity.evidence import Record, record, records, ties

NAMES = ("", "Anna Smit", "Ann Smit", "Bert Smit", "whole: smit anna", "Carl Kahn")
VALUES = ("email:a", "email:b", "phone:a", "loyalty_id:a", "loyalty_id:b", "cookie:a", "cookie:b")


def groups(people: list[Record], tied: pa.Table, limit: int = 10) -> set[frozenset[str]]:
    """The keys that belong together, without `contact:`."""
    found = clusters(records(people), tied, shared_by_at_most=limit).members.to_pylist()
    keys: dict[int, set[str]] = {}
    for row in found:
        keys.setdefault(row["cluster"], set()).add(row["key"].removeprefix("contact:"))
    return {frozenset(group) for group in keys.values()}


def same(first: Record, second: Record, value: str) -> bool:
    """Whether two records that share one value become one person."""
    found = groups([first, second], ties((str(first["record_key"]), value), (str(second["record_key"]), value)))
    return any({"crm:1", "crm:2"} <= group for group in found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Anna Smit", "Anna Smit"),
        ("Anna Smit", "Smit Anna"),
        ("Anna Smit", "A Smit"),
        ("Anna Smit", "Anna Jansen"),
        ("Anna Smit", "whole: smit anna"),
        ("Alexander Smit", "Alexandre Smit"),
    ],
)
def test_shared_email_links_records_whose_given_names_agree(first: str, second: str) -> None:
    assert same(record(1, first), record(2, second), "email:a")


@pytest.mark.parametrize("value", ["email:a", "phone:a"])
@pytest.mark.parametrize("second", ["Bert Smit", "whole: bert smit", "Carl Kahn"])
def test_household_that_shares_a_value_stays_several_persons(value: str, second: str) -> None:
    assert not same(record(1, "Anna Smit"), record(2, second), value)


def test_namesakes_of_two_generations_stay_two_persons_when_only_the_given_name_agrees() -> None:
    assert not same(record(1, "Jan Smit", born="1950-03-01"), record(2, "Jan Kahn", born="1985-11-09"), "phone:a")


def test_equal_birth_date_and_family_name_link_a_nickname() -> None:
    born = "1980-02-03"
    assert same(record(1, "Bob Smit", born=born), record(2, "Robert Smit", born=born), "email:a")


def test_loyalty_card_links_unless_name_and_birth_date_both_contradict() -> None:
    anna, bert = record(1, "Anna Smit", born="1980-01-02"), record(2, "Bert Smit", born="1990-03-04")
    assert same(anna, record(2, "Bert Smit"), "loyalty_id:a")
    assert same(anna, record(2, "Anna Kahn", born="1990-03-04"), "loyalty_id:a")
    assert not same(anna, bert, "loyalty_id:a")


def test_value_shared_by_too_many_links_nobody() -> None:
    people = [record(n, "Anna Smit") for n in range(1, 7)]
    tied = ties(*((f"crm:{n}", "phone:a") for n in range(1, 7)))
    assert len(groups(people, tied, limit=6)) == 1
    assert len([group for group in groups(people, tied, limit=5) if group != {"phone:a"}]) == 6


def test_test_record_links_to_nobody() -> None:
    people = [record(1, "Anna Smit"), record(2, "Anna Smit", is_test=True)]
    assert groups(people, ties(("crm:1", "email:a"), ("crm:2", "email:a"))) == {
        frozenset({"crm:1", "email:a"}),
        frozenset({"crm:2"}),
    }


def test_identifier_of_two_persons_belongs_to_neither() -> None:
    people = [record(1, "Anna Smit"), record(2, "Bert Smit")]
    found = groups(people, ties(("crm:1", "email:a"), ("crm:2", "email:a"), ("crm:2", "email:b")))
    assert found == {frozenset({"crm:1"}), frozenset({"crm:2", "email:b"})}


def test_own_email_goes_before_an_order_by_somebody_else() -> None:
    people = [record(1, "Anna Smit"), record(2, "Bert Smit")]
    found = groups(people, ties(("crm:1", "email:a"), by_fact=[("crm:2", "email:a")]))
    assert found == {frozenset({"crm:1", "email:a"}), frozenset({"crm:2"})}


def test_replaced_card_links_its_old_and_new_holder_record() -> None:
    people = [record(1, "Anna Smit"), record(2, "Anna Smit")]
    link = pa.Table.from_pylist(
        [{"left_key": "loyalty_id:a", "right_key": "loyalty_id:b", "kind": "link", "is_own": True}], ties().schema
    )
    tied = pa.concat_tables([ties(("crm:1", "loyalty_id:a"), ("crm:2", "loyalty_id:b")), link])
    assert groups(people, tied) == {frozenset({"crm:1", "crm:2", "loyalty_id:a", "loyalty_id:b"})}


def test_guest_is_a_customer_and_a_lone_cookie_is_not() -> None:
    tied = ties(by_fact=[("email:a", "email:a"), ("email:a", "cookie:a"), ("loyalty_id:a", "loyalty_id:a")])
    assert groups([], tied) == {frozenset({"email:a", "cookie:a"}), frozenset({"loyalty_id:a"})}


def test_phone_seen_with_two_guests_joins_them_not() -> None:
    tied = ties(
        by_fact=[("email:a", "phone:a"), ("email:b", "phone:a"), ("email:a", "email:a"), ("email:b", "email:b")]
    )
    assert {frozenset({"email:a"}), frozenset({"email:b"})} <= groups([], tied)


def test_record_without_a_name_joins_the_only_person_of_its_email() -> None:
    people = [record(1, "Anna Smit"), record(2)]
    assert frozenset({"crm:1", "crm:2", "email:a"}) in groups(people, ties(("crm:1", "email:a"), ("crm:2", "email:a")))


def test_name_and_place_joins_no_records_and_belongs_to_whoever_has_it_alone() -> None:
    people = [record(1, "Jan Maes"), record(2, "Jan Maes"), record(3, "Anna Smit"), record(4, "Anna Smit")]
    shared = ties(("crm:1", "name_place:a"), ("crm:2", "name_place:a"))
    alone = ties(("crm:3", "name_place:b"), ("crm:4", "name_place:b"), ("crm:3", "email:a"), ("crm:4", "email:a"))
    assert groups(people, pa.concat_tables([shared, alone])) == {
        frozenset({"crm:1"}),
        frozenset({"crm:2"}),
        frozenset({"crm:3", "crm:4", "email:a", "name_place:b"}),
    }


def test_ten_thousand_identical_records_are_nobody_in_particular() -> None:
    people = [record(number, "Anna Smit", born="1980-01-02") for number in range(10_000)]
    tied = ties(*((f"crm:{number}", value) for number in range(10_000) for value in ("email:a", "name_birth:a")))
    assert len(groups(people, tied)) == 10_000


def test_records_that_their_source_has_replaced_do_not_crowd_a_value() -> None:
    people = [record(number, "Anna Smit", is_deleted=number < 4) for number in range(7)]
    tied = ties(*((f"crm:{number}", "email:a") for number in range(7)))
    assert len(groups(people, tied, limit=4)) == 1
    assert len(groups([row | {"is_deleted": False} for row in people], tied, limit=4)) == 7


def test_nothing_gives_nothing() -> None:
    assert groups([], ties()) == set()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Record], list[tuple[str, str]], list[tuple[str, str]]]:
    people = [record(n, draw(st.sampled_from(NAMES))) for n in range(1, draw(st.integers(1, 6)))]
    ends = [f"crm:{person['source_contact_id']}" for person in people]
    tie = st.tuples(st.sampled_from([*ends, *VALUES]), st.sampled_from(VALUES))
    own = st.tuples(st.sampled_from(ends or ["email:a"]), st.sampled_from(VALUES))
    return people, draw(st.lists(own, max_size=8)), draw(st.lists(tie, max_size=8))


@settings(max_examples=12, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter_and_nobody_is_in_two_clusters(
    world: tuple[list[Record], list[tuple[str, str]], list[tuple[str, str]]], dice: random.Random
) -> None:
    people, own, facts = world
    once = groups(people, ties(*own, by_fact=facts))
    for rows in (people, own, facts):
        dice.shuffle(rows)
    assert groups(people, ties(*own, by_fact=facts)) == once
    members = [key for group in once for key in group]
    assert len(members) == len(set(members))
    assert {f"crm:{person['source_contact_id']}" for person in people if person["tokens"]} <= set(members)
