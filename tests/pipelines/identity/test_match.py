"""How probable it is that two records are one person: better than shared identifiers, repeatable, never failing."""

from collections.abc import Callable
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest

from pipelines.identity.match import Known, Matched, as_table, fits, match
from pipelines.identity.model import as_json, from_json
from tests.pipelines.identity.person_rows import Person, person, person_table
from tests.pipelines.identity.town import (
    Town,
    couples_apart,
    likely,
    pairwise_f1,
    persons_of,
    sharing_an_identifier,
    town,
)


def with_column(records: pa.Table, name: str, value: Callable[[int, str | None], str | None]) -> pa.Table:
    """The records with another value of a text column in each row."""
    before = records.column(name).to_pylist() if name in records.column_names else [None] * records.num_rows
    values = pa.array([value(row, known) for row, known in enumerate(before)], pa.string())
    return records.drop_columns([name] if name in records.column_names else []).append_column(name, values)


def test_persons_are_found_better_than_by_shared_identifiers(home: Town, matched: Matched) -> None:
    baseline = pairwise_f1(sharing_an_identifier(home.records), home.owner)
    assert pairwise_f1(persons_of(matched), home.owner) > max(0.95, baseline)


def test_spouses_who_share_name_address_and_phone_stay_two_persons(home: Town, matched: Matched) -> None:
    assert couples_apart(persons_of(matched), home) >= 0.99


def test_order_of_rows_and_number_of_threads_change_nothing(
    home: Town, matched: Matched, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = duckdb.connect

    def on_one_thread(name: str = ":memory:", *, config: dict[str, str] | None = None) -> duckdb.DuckDBPyConnection:
        return connect(name, config={**(config or {}), "threads": 1})

    monkeypatch.setattr(duckdb, "connect", on_one_thread)
    mixed = home.records.take(np.random.default_rng(1).permutation(home.records.num_rows))
    again = match(mixed)
    assert as_json(again.model) == as_json(matched.model)
    assert likely(again) == likely(matched)


def test_model_that_was_kept_gives_the_same_pairs(home: Town, matched: Matched) -> None:
    again = match(home.records, model=from_json(as_json(matched.model)))
    assert again.model == matched.model
    assert likely(again) == likely(matched)


def test_night_of_new_and_changed_records_ends_where_a_look_at_all_of_them_does(home: Town, matched: Matched) -> None:
    chosen = np.random.default_rng(3).permutation(home.records.num_rows)
    new, moved = chosen[:12], set(home.records["record_key"].take(chosen[12:20]).to_pylist())
    before = with_column(home.records.take(np.sort(chosen[12:])), "street", lambda _, street: street)
    old_keys = before["record_key"].to_pylist()
    before = with_column(before, "street", lambda row, street: "elsewhere" if old_keys[row] in moved else street)
    yesterday = match(before)
    touched = moved | set(home.records["record_key"].take(new).to_pylist())
    known = Known(as_table(yesterday), fresh=pa.table({"record_key": sorted(touched)}))
    tonight, whole = (match(home.records, model=yesterday.model, known=k) for k in (known, None))
    assert len(new) + len(moved) < tonight.looked_at < whole.looked_at / 2
    assert tonight.model == yesterday.model
    assert pairwise_f1(persons_of(tonight), home.owner) >= pairwise_f1(persons_of(whole), home.owner) - 0.005
    before_and_after = [
        {pair: p for pair, p in likely(found).items() if not touched & set(pair)} for found in (yesterday, tonight)
    ]
    assert before_and_after[0] == before_and_after[1]


def test_new_record_is_compared_where_it_makes_the_largest_block_larger(home: Town, matched: Matched) -> None:
    rows = home.records.to_pylist()
    anyone = next(row for row in rows if row["email"] and row["phone"])
    new = {**anyone, "record_key": "contact:crm:new"}
    people = pa.Table.from_pylist([*rows, new], home.records.schema)
    nobody_shared = replace(matched.model, largest_blocks=dict.fromkeys(matched.model.largest_blocks, 1))
    known = Known(as_table(matched), fresh=pa.table({"record_key": ["contact:crm:new"]}))
    tonight = match(people, model=nobody_shared, known=known)
    assert tuple(sorted((anyone["record_key"], "contact:crm:new"))) in likely(tonight)


def test_night_without_a_change_looks_at_no_pair_and_keeps_all(home: Town, matched: Matched) -> None:
    known = Known(as_table(matched), fresh=home.records.select(["record_key"]).slice(0, 0))
    again = match(home.records, model=matched.model, known=known)
    assert again.looked_at == 0
    assert likely(again) == likely(matched)


def test_column_that_the_model_does_not_know_makes_it_learn_anew(matched: Matched) -> None:
    clubs = with_column(town(persons=100).records, "extra_club", lambda row, _: f"club {row % 7}")
    again = match(clubs, model=matched.model)
    assert "extra_club" in again.model.columns
    assert not fits(matched.model, list(again.model.columns))


def test_column_that_is_empty_today_is_left_out(home: Town, matched: Matched) -> None:
    bare = with_column(home.records, "phone", lambda *_: None)
    again = match(bare, model=matched.model)
    assert again.model == matched.model
    assert pairwise_f1(persons_of(again), home.owner) > 0.8


def test_email_on_half_of_the_records_joins_nobody(home: Town) -> None:
    flooded = with_column(home.records, "email", lambda row, email: "desk@shop.example" if row % 2 else email)
    found = match(flooded)
    assert pairwise_f1(persons_of(found), home.owner) > 0.85
    assert next(key for key in found.yields if key.key == "email").blocks_left_out == 1


def test_nobody_has_a_name() -> None:
    nameless = [
        person(n, born=f"19{40 + n % 50}-0{1 + n % 9}-1{n % 7}", email=f"x{n // 2}@mail.example") for n in range(300)
    ]
    found = match(person_table(nameless))
    assert len(found.record_keys) == 300
    assert np.isfinite(found.pairs.probability).all()


@pytest.mark.parametrize(
    "persons",
    [
        [],
        [person(1, "anna", "smit")],
        [person(n) for n in range(300)],
        [person(n, email=f"x{n // 2}@mail.example") for n in range(300)],
        [person(1, "anna", "smit"), person(2, "bert", "maes", source="web")],
    ],
    ids=["no records", "one record", "no values", "one column", "two strangers"],
)
def test_records_that_teach_nothing_match_nobody(persons: list[Person]) -> None:
    found = match(person_table(persons))
    assert len(found.record_keys) == len(persons)
    assert likely(found) == {}
    assert match(person_table(persons), model=from_json(as_json(found.model))).model == found.model


def test_record_in_each_of_two_sources_is_compared_without_failing() -> None:
    twice = [person(1, "anna", "smit", born="1980-01-02", email="anna@mail.example", source=s) for s in ("crm", "web")]
    assert likely(match(person_table(twice))).keys() == {("contact:crm:1", "contact:web:1")}


def test_second_source_that_is_empty_today_leaves_the_first_without_pairs(home: Town, matched: Matched) -> None:
    alone = home.records.filter(pa.compute.equal(home.records.column("source"), "crm"))
    found = match(alone, model=matched.model)
    assert len(found.record_keys) == alone.num_rows
    assert (found.pairs.probability > 0.5).sum() <= 2


def test_ten_thousand_identical_records_are_counted_and_not_compared() -> None:
    anna = person(0, "anna", "smit", born="1980-01-02", email="anna@mail.example", postcode="9000", city="gent")
    found = match(person_table(anna | {"record_key": f"contact:crm:{n}"} for n in range(10_000)))
    assert len(found.record_keys) == 10_000
    assert found.looked_at == 0
    assert all(key.pairs_left_out >= 49_995_000 for key in found.yields)


def test_column_stays_in_the_model_when_a_training_block_holds_no_pairs() -> None:
    """Splink takes the columns of a block out of the model until the round ends well."""
    namesakes = [person(n, f"given{n}", f"family{n}", email=f"x{n // 2}@mail.example", city="gent") for n in range(40)]
    assert {"first", "last", "email", "city"} == match(person_table(namesakes)).model.match.keys()


def test_model_of_nothing_fits_no_column(matched: Matched) -> None:
    assert not fits(replace(matched.model, columns=()), ["id"])
