"""A second opinion, learned from groups: repeatable, never by trees that saw the group, better where names vary."""

import json
from collections.abc import Iterator
from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity import rescore
from pipelines.identity.aliases import FOLDS, LEFT_OUT, alias_scores, folds, kept_aliases, known_aliases
from pipelines.identity.linkage import Ids, Pairs
from pipelines.identity.match import Known, Matched, as_table, fits, match
from pipelines.identity.model import as_json, from_json
from pipelines.identity.rescore import lessons
from pipelines.identity.vouchers import vouched
from pipelines.identity.workbench import workbench
from tests.pipelines.identity.town import Town, likely, pairwise_f1, persons_of, town

GIVEN = ("carla", "hugo", "joris", "simon", "tine", "victor")
CALLED = {"carla": "zuster", "hugo": "opa", "joris": "nonkel", "simon": "baas"}
"""How some people call themselves elsewhere: no nickname of any table."""
UNSURE, SURE = 0.3, 0.95


@pytest.fixture(scope="module")
def small() -> Town:
    return town(persons=200)


@pytest.fixture(scope="module")
def second(small: Town, few: None) -> Matched:
    return match(small.records, thorough=True)


@pytest.fixture(scope="module")
def few() -> Iterator[None]:
    """A few pairs are enough to learn from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rescore, "FEWEST_PAIRS", 10)
        patch.setattr(rescore, "ROUNDS", 2)
        patch.setattr(rescore, "TREES", 40)
        yield


def people_of(engine: duckdb.DuckDBPyConnection, names: list[str], found: list[tuple[int, int, float]]) -> Pairs:
    """The pairs (l, r, probability) of people with these first names, with the tables that match.py would have made."""
    engine.register("named", pa.table({"id": range(len(names)), "first": names}))
    engine.execute("create temp table people as select cast(id as integer) as id, first from named")
    left, right, probability = (np.array(column) for column in zip(*found, strict=True))
    engine.register("found", pa.table({"l": left, "r": right}))
    engine.execute(
        "create temp table likeness as select l, r, 0 as pairing, cast(x.first = y.first as tinyint) as gamma_first"
        " from found join people x on x.id = l join people y on y.id = r"
    )
    engine.execute("create temp table more as from likeness limit 0")
    return Pairs(left, right, probability)


def pairs_of(*ends: tuple[int, int], probability: float = 0.9) -> Pairs:
    found = np.array(ends, dtype=np.int64)
    return Pairs(found[:, 0], found[:, 1], np.full(len(ends), probability))


def test_learned_alias_lifts_a_pair_above_strangers_whom_the_first_opinion_held_as_likely(few: None) -> None:
    """Most persons teach that carla is zuster; of some the records are as unlike as those of two strangers."""
    names: list[str] = []
    found: list[tuple[int, int, float]] = []
    missed: list[int] = []
    strangers: list[int] = []
    for number in range(480):
        at, name = len(names), GIVEN[number % len(GIVEN)]
        is_known = number >= 240 and name in CALLED
        is_missed = number < 40 and name in CALLED
        other = CALLED[name] if is_known or is_missed else GIVEN[(number + 1) % len(GIVEN)]
        names += [name, name, other]
        found += [(at, at + 1, SURE), (at, at + 2, UNSURE), (at + 1, at + 2, SURE if is_known else UNSURE)]
        if not is_known:
            (missed if is_missed else strangers).append(at + 1)
    with workbench() as engine:
        pairs = people_of(engine, names, found)
        again, rescorer = rescore.rescored(engine, ["first"], pairs, seed=1)
    assert rescorer is not None
    assert len(rescorer.keyed_aliases["first"]) == len(CALLED)
    assert not [name for name in (*CALLED, *CALLED.values()) if name in str(rescorer.keyed_aliases)]
    probability = dict(zip(again.left.tolist(), again.probability.tolist(), strict=True))
    assert min(probability[at] for at in missed) > 2 * max(probability.get(at, 0.0) for at in strangers)


def test_same_records_and_seed_give_the_same_opinion_in_any_order(small: Town, second: Matched) -> None:
    assert second.model.rescorer is not None
    mixed = small.records.take(np.random.default_rng(3).permutation(small.records.num_rows))
    again = match(mixed, thorough=True)
    assert as_json(again.model) == as_json(second.model)
    assert likely(again) == likely(second)


def test_nothing_to_learn_from_leaves_everything_as_it_was(
    home: Town, matched: Matched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescore, "FEWEST_PAIRS", 100_000)
    again = match(home.records, thorough=True)
    assert again.model == matched.model
    assert likely(again) == likely(matched)


@given(st.lists(st.integers(0, 15), min_size=4, max_size=30), st.integers(0, 9))
def test_pair_is_scored_once_by_trees_that_saw_the_group_of_neither_record(groups: list[int], seed: int) -> None:
    smallest = {group: at for at, group in reversed(list(enumerate(groups)))}
    of_record = np.array([smallest[group] for group in groups], dtype=np.int64)
    pairs = pairs_of(*combinations(range(len(groups)), 2))
    dealt = folds(of_record, pairs, seed=seed)
    scored = np.zeros(len(pairs.left))
    for left_out in combinations(range(FOLDS), LEFT_OUT):
        taught, _ = lessons(dealt, left_out)
        asked = rescore.asked(dealt, left_out)
        seen = set(of_record[np.concatenate([pairs.left[taught], pairs.right[taught]])].tolist())
        assert not seen & set(of_record[np.concatenate([pairs.left[asked], pairs.right[asked]])].tolist())
        scored += asked
    assert (scored == 1).all()


def test_alias_is_told_by_other_persons_alone() -> None:
    """Forty persons are called 1 and 2; one person alone is called 3 and 4."""
    number = np.array([1, 2] * 40 + [3, 4] + [5, 6, 5, 6], dtype=np.int64)
    groups: Ids = np.array([at - at % 2 for at in range(82)] + [82, 83, 84, 85], dtype=np.int64)
    pairs = pairs_of((0, 1), (80, 81), (82, 83))
    scores = alias_scores({"first": number}, pairs, groups, folds(groups, pairs, seed=1))
    lift = scores.values[:, scores.names.index("alias_first")]
    assert lift[0] > 0
    assert lift[1:].tolist() == [0, 0]


def test_aliases_that_are_kept_tell_nothing_without_the_key() -> None:
    """Forty persons are called carla and zuster, forty are hugo; somebody has these names, but not the key."""
    number = np.array([0, 2] * 40 + [1] * 40, dtype=np.int64)
    groups: Ids = np.concatenate([np.repeat(np.arange(0, 80, 2), 2), np.arange(80, 120)])
    pairs = pairs_of((0, 1))
    with workbench() as engine:
        engine.register("people", pa.table({"first": ["carla", "zuster"] * 40 + ["hugo"] * 40}))
        dealt = folds(groups, pairs, seed=1)
        kept = kept_aliases(engine, {"first": number}, groups, dealt, key="secret")
        by_owner, by_another = (
            known_aliases(engine, {"first": number}, pairs, kept, key=key).values[0, 0] for key in ("secret", "")
        )
    assert "carla" not in str(kept)
    assert by_owner > 0 == by_another


def test_key_of_the_lake_reaches_what_is_learned_and_what_is_scored_by_it(
    small: Town, second: Matched, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def taught(_engine: object, _columns: object, pairs: Pairs, **given: object) -> tuple[Pairs, None]:
        seen.append(given["key"])
        return pairs, None

    def scored(_engine: object, _columns: object, _rescorer: object, pairs: Pairs, **given: object) -> Pairs:
        seen.append(given["key"])
        return pairs

    monkeypatch.setattr("pipelines.identity.match.rescored", taught)
    monkeypatch.setattr("pipelines.identity.match.rescored_by", scored)
    known = Known(as_table(second), fresh=small.records.slice(0, 20).select(["record_key"]))
    match(small.records, thorough=True, key="secret")
    match(small.records, model=second.model, key="secret")
    match(small.records, model=second.model, known=known, key="secret")
    assert seen == ["secret"] * 3


def test_model_of_aliases_without_a_key_is_learned_anew(second: Matched) -> None:
    kept = json.loads(as_json(second.model))
    kept["rescorer"]["aliases"] = kept["rescorer"].pop("keyed_aliases")
    assert not fits(from_json(json.dumps(kept)), ["first"])


def test_records_nearby_vouch_and_neither_record_of_the_pair_does() -> None:
    born = np.array([1, 1, 2, 2], dtype=np.int64)
    pairs = pairs_of((0, 1), (1, 2), (2, 3))
    found = vouched({"born": born}, pairs, pairs)
    assert found.names == ("vouched_less_born", "vouched_more_born")
    # 0's only neighbour is 1, so nobody but 2 speaks for the pair of both; 2 and 3 likewise.
    assert found.values.tolist()[1] == [0.0, 0.0]
    assert found.values[0, 0] == 0.0


def test_kept_model_scores_new_records_and_leaves_known_pairs(small: Town, second: Matched) -> None:
    model = from_json(as_json(second.model))
    assert model == second.model
    new = small.records.num_rows // 10
    unchanged = small.records.slice(new)
    before = match(unchanged, model=model)
    known = Known(as_table(before), fresh=small.records.slice(0, new).select(["record_key"]))
    night = match(small.records, model=model, known=known)
    assert likely(before).items() <= likely(night).items()
    assert pairwise_f1(persons_of(night), small.owner) > 0.9
