"""What was one customer the night before stays one, unless something speaks against it."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date
from functools import partial
from typing import cast

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from pipelines.identity.cluster import clusters
from pipelines.identity.evidence import Evidence
from pipelines.identity.linkage import Pairs
from pipelines.identity.match import Matched
from pipelines.identity.model import LEARNED_NOTHING, with_cut
from pipelines.identity.overrides import NONE, Overrides
from pipelines.identity.resolve import resolved
from pipelines.identity.stay import FORMER, former_customers
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_LINKS
from tests.pipelines.conformed_rows import KEY, NIGHT
from tests.pipelines.identity.evidence import TIES, ties
from tests.pipelines.identity.known import with_keys
from tests.pipelines.identity.nights import Began, Rows, after, as_evidence, nothing_yet
from tests.pipelines.identity.person_rows import Person, person, person_table
from tests.pipelines.identity.town import Town

BORN = "1971-02-03"
ANNA = {"email": "anna@mail.example", "phone": "+32475123456"}
HOME = {"street": "kerkstraat", "house": "1", "postcode": "9000", "city": "gent"}
TEXT = pa.string()
NO_TIES, NO_KEYS = TIES.empty_table(), pa.table({"record_key": pa.array([], TEXT)})
CUT = 0.5
MATCHES_AT_HALF = with_cut(LEARNED_NOTHING, 0.5)


def let_go(
    before: Person,
    now: Person,
    *,
    linked: tuple[str | None, str | None] = (None, None),
    tied_before: pa.Table = NO_TIES,
    evidence: str = "match",
    decided: Overrides = NONE,
) -> bool:
    """Whether a record that says something else, or is tied by something else, need not stay with its customer."""
    earlier, made = (
        with_keys(person_table([said])).drop_columns("linked_key").append_column("linked_key", pa.array([link], TEXT))
        for said, link in zip((before, now), linked, strict=True)
    )
    given = Evidence(made, NO_TIES, earlier, tied_before, NO_KEYS, cast(DataFrame, None), NO_KEYS)
    links = {"record_key": ["contact:crm:1"], "customer_id": ["c_1"], "evidence": [evidence]}
    owners = {"identifier_key": ["contact:crm:1", "email:x"], "customer_id": ["c_1", "c_1"]}
    began = {IDENTITY_LINKS.name: pa.table(links), IDENTIFIERS.name: pa.table(owners)}
    return not any(former_customers(given, began, decided)["stays"].to_pylist())


@pytest.mark.parametrize(
    "now",
    [
        person(
            1,
            "anna",
            "peeters",
            born=BORN,
            **ANNA,
            **HOME | {"street": "dorpsstraat", "postcode": "1000", "city": "brussel"},
        ),
        person(1, "anna", "peeters", born=BORN, **ANNA | {"email": "other@mail.example", "phone": "+32475999999"}),
        person(1, "anna", "janssens", born=BORN, **ANNA, **HOME),
        person(1, "anna", "janssens", **ANNA | {"email": "anna.janssens@mail.example"}, **HOME),
        person(1, "anne", "peeters"),
        person(1, "marie", "peeters", born=BORN, **ANNA | {"email": "marie@mail.example"}),
    ],
    ids=["moved", "new contact data", "married", "married, new e-mail", "says less", "goes by another given name"],
)
def test_what_happens_to_people_makes_a_record_nobody_elses(now: Person) -> None:
    assert not let_go(person(1, "anna", "peeters", born=BORN, **ANNA, **HOME), now)


@pytest.mark.parametrize(
    "now",
    [
        person(1, "luc", "maes", born="1950-11-30", email="luc@mail.example"),
        person(1, "luc", "maes"),
        person(1, "anna", "maes"),
        person(1, "bert", "peeters", born="1969-07-28", email="bert@mail.example", phone="+32475123456", **HOME),
        person(1, "bert", "peeters", email="anna@mail.example", phone="+32475123456", **HOME),
        person(1, "anna", "peeters", born="1999-10-20", **ANNA, **HOME),
        person(1),
    ],
    ids=["stranger", "bare name", "same given name", "spouse", "spouse, same mailbox", "daughter", "no name"],
)
def test_a_record_that_is_another_person_now_is_let_go(now: Person) -> None:
    assert let_go(person(1, "anna", "peeters", born=BORN, **ANNA, **HOME), now)


def test_a_record_that_says_what_it_said_is_no_other_however_little_it_says() -> None:
    assert not let_go(person(1, whole="anna"), person(1, whole="anna", **HOME))


def test_what_a_source_or_a_person_takes_back_holds_nobody() -> None:
    same = person(1, "anna", "peeters")
    assert not let_go(same, same)
    assert let_go(same, same, linked=("contact:web:5", None))
    assert let_go(same, same, tied_before=ties(("email:x", "loyalty_id:y")))
    assert let_go(same, same, evidence="decided,match")
    still = Overrides(always=(("contact:crm:1", "contact:crm:2"),))
    assert not let_go(same, same, evidence="decided,match", decided=still)


def groups(
    people: list[Person],
    former: dict[int, str],
    *,
    likely: dict[tuple[int, int], float],
    decided: Overrides = NONE,
    let_go_now: Collection[int] = (),
) -> list[list[int]]:
    """Which of the people, by number, are one."""
    records = with_keys(person_table(people))
    keys = records["record_key"].combine_chunks()
    left, right = (np.array([pair[side] for pair in likely], dtype=np.int64) for side in (0, 1))
    pairs = Pairs(left, right, np.array([*likely.values()], dtype=np.float64))
    matched = Matched(keys, pairs, MATCHES_AT_HALF, 0, ())
    kept = [(f"contact:crm:{number}", customer, number not in let_go_now) for number, customer in former.items()]
    known = pa.Table.from_pylist([dict(zip(FORMER.names, row, strict=True)) for row in kept], FORMER)
    found = clusters(records, NO_TIES, shared_by_at_most=10, matched=matched, overrides=decided, former=known)
    home: dict[int, list[int]] = {}
    for row in found.members.to_pylist():
        if row["is_record"]:
            home.setdefault(row["cluster"], []).append(int(row["key"].split(":")[2]))
    return sorted(sorted(numbers) for numbers in home.values())


def test_records_that_look_alike_no_longer_stay_with_their_customer() -> None:
    people = [person(0, "anna", "peeters"), person(1, "anna", "peeters")]
    assert groups(people, {}, likely={(0, 1): 0.1}) == [[0], [1]]
    assert groups(people, {0: "c_1", 1: "c_1"}, likely={(0, 1): 0.1}) == [[0, 1]]
    assert groups(people, {0: "c_1", 1: "c_1"}, likely={}) == [[0, 1]]


def test_what_was_apart_is_never_merged() -> None:
    people = [person(number, "anna", "peeters") for number in range(3)]
    assert groups(people, {0: "c_1", 1: "c_2"}, likely={(0, 1): 0.1}) == [[0], [1], [2]]
    former = {0: "c_1", 1: "c_1", 2: "c_2"}
    assert groups(people, former, likely={(1, 2): 0.9}) == [[0], [1, 2]]
    assert groups(people, former, likely={(1, 2): 0.9}, let_go_now=[2]) == [[0], [1, 2]]


def test_a_new_record_that_matches_joins_the_customer_as_a_whole() -> None:
    people = [person(number, "anna", "peeters") for number in range(3)]
    assert groups(people, {0: "c_1", 1: "c_1"}, likely={(1, 2): 0.9}) == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (person(0, "anna", "peeters", born="1971-02-03"), person(1, "anna", "peeters", born="1999-10-20")),
        (person(0, "anna", "peeters"), person(1, "bert", "peeters")),
    ],
    ids=["birth dates", "given names"],
)
def test_records_that_contradict_one_another_are_parted(one: Person, other: Person) -> None:
    assert groups([one, other], {0: "c_1", 1: "c_1"}, likely={}) == [[0], [1]]


def test_what_people_decided_goes_before_what_was() -> None:
    people = [person(0, "anna", "peeters"), person(1, "anna", "peeters")]
    apart = Overrides(never=(("contact:crm:0", "contact:crm:1"),))
    assert groups(people, {0: "c_1", 1: "c_1"}, likely={(0, 1): 0.9}, decided=apart) == [[0], [1]]


ELSEWHERE: dict[str, object] = {"street": "nieuwstraat", "house": "77", "postcode": "1000", "city": "brussel"}
MOVED = ELSEWHERE | {"email": None, "phone": None}
STRANGER = MOVED | {
    "given": ["zoltan"],
    "family": ["kovacs"],
    "tokens": ["zoltan", "kovacs"],
    "born_on": date(1931, 8, 9),
}


def night(rows: Rows, before: Rows, began: Began, *, cut: float, matched: Matched, schema: pa.Schema) -> Began:
    """What the tables hold after a night without facts."""
    given, model = as_evidence(rows, [], before, [], schema), with_cut(matched.model, cut)
    return after(began, resolved(given, began, IdentitySettings(), night=NIGHT, key=KEY, model=model))


def customers(tables: Began) -> dict[str, str]:
    """The customer id by record key."""
    links = tables[IDENTITY_LINKS.name]
    return dict(zip(links["record_key"].to_pylist(), links["customer_id"].to_pylist(), strict=True))


def changed(rows: Rows, was: dict[str, str], values: dict[str, object]) -> tuple[Rows, list[str]]:
    """The rows, of which forty in customers of two records say something else; the ids of these."""
    two = {one for one, count in Counter(was.values()).items() if count == 2}
    keys = [row["record_key"] for row in rows if row["source"] == "web" and was[str(row["record_key"])] in two][:40]
    now = [row | values if row["record_key"] in keys else row for row in rows]
    return now, [was[str(key)] for key in keys]


def whole(tables: Began, those: list[str]) -> int:
    """How many of the customers have both of their records."""
    counted = Counter(customers(tables).values())
    return sum(counted[one] == 2 for one in those)


@pytest.fixture(scope="module")
def to_match(home: Town, matched: Matched) -> Callable[..., Began]:
    return partial(night, matched=matched, schema=with_keys(home.records).schema)


@pytest.fixture(scope="module")
def rows(home: Town) -> Rows:
    found: Rows = with_keys(home.records).to_pylist()
    return found


@pytest.fixture(scope="module")
def first(home: Town, rows: Rows, to_match: Callable[..., Began]) -> Began:
    return to_match(rows, [], nothing_yet(with_keys(home.records).schema), cut=CUT)


def test_whoever_moves_keeps_the_customer_id(rows: Rows, first: Began, to_match: Callable[..., Began]) -> None:
    moved, movers = changed(rows, customers(first), MOVED)
    then = to_match(moved, rows, first, cut=CUT)
    assert whole(then, movers) >= 38
    later = to_match(moved, moved, then, cut=0.9)
    assert whole(later, movers) >= 38


def test_an_id_that_a_stranger_has_now_is_another_customer(
    rows: Rows, first: Began, to_match: Callable[..., Began]
) -> None:
    now, those = changed(rows, customers(first), STRANGER)
    assert whole(to_match(now, rows, first, cut=CUT), those) == 0
