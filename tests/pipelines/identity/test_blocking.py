"""Which pairs of people are looked at: within a budget, rare values first, each pair once."""

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.blocking import SHARE_OF_A_KEY, KeyYield, find_pairs, find_pairs_of, most_pairs, usable_keys
from pipelines.identity.people import prepare
from tests.pipelines.identity.person_rows import Person, person, person_table

Found = set[tuple[str, str]]
PLENTY = 1_000_000


def looked_at(persons: list[Person], *, budget: int = PLENTY) -> tuple[list[tuple[str, str]], dict[str, KeyYield]]:
    """The pairs by the numbers of their records, and what each key gave."""
    with duckdb.connect() as engine:
        columns = prepare(engine, person_table(persons))
        yields = find_pairs(engine, columns, budget=budget)
        keys = [row[0].split(":")[-1] for row in engine.execute("select record_key from people order by id").fetchall()]
        rows = engine.execute("select l, r from pairs").fetchall()
    return [(keys[left], keys[right]) for left, right in rows], {found.key: found for found in yields}


def sharing(column: str, sizes: list[int]) -> list[Person]:
    """Records of which as many as each size share one value of the column."""
    values = [f"{column} {block}" for block, size in enumerate(sizes) for _ in range(size)]
    return [person(number, **{column: value}) for number, value in enumerate(values)]


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8), budget=st.integers(0, 200))
@settings(max_examples=25)
def test_no_key_gets_more_than_its_share_and_the_largest_blocks_go_first(sizes: list[int], budget: int) -> None:
    pairs, yields = looked_at(sharing("phone", sizes), budget=budget)
    possible = {size: size * (size - 1) // 2 for size in sizes}
    kept, spent = 0, 0
    for size in sorted(set(sizes)):
        spent += possible[size] * sizes.count(size)
        if size > 1 and spent <= budget // SHARE_OF_A_KEY:
            kept += possible[size] * sizes.count(size)
    whole = sum(possible[size] for size in sizes)
    assert len(pairs) == kept <= budget // SHARE_OF_A_KEY
    if whole:
        assert (yields["phone"].pairs, yields["phone"].pairs_left_out) == (kept, whole - kept)


@given(seed=st.integers(0, 1000), budget=st.sampled_from([0, 10, 40, 100, 400]))
@settings(max_examples=15)
def test_all_keys_together_keep_the_budget(seed: int, budget: int) -> None:
    persons = [
        person(n, f"name{n * seed % 5}", f"family{n % 4}", born=f"19{50 + n % 3}-01-0{1 + n % 2}", city=f"town{n % 2}")
        for n in range(24)
    ]
    pairs, yields = looked_at(persons, budget=budget)
    assert len(pairs) <= sum(found.pairs for found in yields.values()) <= budget
    assert all(found.pairs <= budget // SHARE_OF_A_KEY for found in yields.values())


def test_block_that_is_left_out_is_counted() -> None:
    _, yields = looked_at(sharing("phone", [2, 3, 9]), budget=4 * SHARE_OF_A_KEY)
    assert yields["phone"] == KeyYield("phone", pairs=4, blocks_left_out=1, pairs_left_out=36, largest=3)


def test_key_whose_column_is_empty_is_not_used() -> None:
    assert {"email", "mailbox"} <= usable_keys(["email", "mailbox"]).keys()
    assert not {"first, born", "first, year", "born", "{extra}"} & usable_keys(["first", "email"]).keys()
    assert {"extra_club", "first, extra_club"} <= usable_keys(["first", "extra_club"]).keys()
    _, yields = looked_at(sharing("phone", [2, 2]))
    assert yields.keys() == {"phone"}


def test_pair_found_by_two_keys_comes_once() -> None:
    shared = {"email": "anna@mail.example", "phone": "+32475123456"}
    pairs, yields = looked_at([person(n, "anna", "smit", born="1980-01-02", **shared) for n in (1, 2)])
    assert pairs == [("1", "2")]
    assert {"email", "phone", "born", "first, born"} <= yields.keys()


def test_record_that_shares_nothing_is_in_no_pair() -> None:
    pairs, _ = looked_at(
        [person(1, "anna", "smit"), person(2, "anna", "smit"), person(3, "zed", "quux"), person(4), person(5)]
    )
    assert pairs == [("1", "2")]


def test_budget_grows_with_the_records() -> None:
    budgets = [most_pairs(records) for records in (0, 2, 1_000, 100_000, 1_000_000, 10_000_000)]
    assert budgets == sorted(budgets)
    assert budgets[0] == 0
    assert budgets[-1] == 200_000_000


@given(seed=st.integers(0, 1000), fresh=st.sets(st.integers(0, 23), max_size=5))
@settings(max_examples=15)
def test_pairs_of_some_people_are_those_that_all_people_would_give(seed: int, fresh: set[int]) -> None:
    persons = [
        person(n, f"name{n * seed % 5}", f"family{n % 4}", born=f"19{50 + n % 3}-01-0{1 + n % 2}", city=f"town{n % 2}")
        for n in range(24)
    ]
    with duckdb.connect() as engine:
        columns = prepare(engine, person_table(persons))
        yields = find_pairs(engine, columns, budget=400)
        whole = set(engine.execute("select l, r from pairs").fetchall())
        engine.execute(f"create temp table fresh as from people where id in ({','.join(map(str, [-1, *fresh]))})")
        find_pairs_of(engine, columns, largest={found.key: found.largest for found in yields}, table="fresh")
        found = engine.execute("select l, r from pairs").fetchall()
    assert len(found) == len(set(found))
    assert set(found) == {pair for pair in whole if fresh & set(pair)}
