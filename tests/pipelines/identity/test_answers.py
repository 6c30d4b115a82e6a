"""People's decisions near the cut shift how every pair is read; without them nothing changes."""

import numpy as np
import pytest

from pipelines.identity.answers import FEWEST_ANSWERS, fitted_shift, log_odds, read_anew
from pipelines.identity.key_pairs import KeyPair
from pipelines.identity.linkage import Pairs
from pipelines.identity.match import Known, Matched, as_table, match
from pipelines.identity.model import as_json, from_json
from pipelines.identity.overrides import Overrides
from tests.pipelines.identity.town import Town, likely

CUT = 0.5
JUST_BELOW, JUST_ABOVE = 0.42, 0.58


def shift(probability: float, *, same: bool, answers: int = FEWEST_ANSWERS) -> float:
    return fitted_shift(np.full(answers, probability), np.full(answers, same))


def read(probability: float, bits: float) -> float:
    one = np.array([0])
    return float(read_anew(Pairs(one, one, np.array([probability])), bits).probability[0])


def test_pairs_just_below_the_cut_that_are_one_person_pull_their_like_over_it() -> None:
    assert read(JUST_BELOW, shift(JUST_BELOW, same=True)) > CUT


def test_pairs_just_above_the_cut_that_are_two_push_their_like_below_it() -> None:
    assert read(JUST_ABOVE, shift(JUST_ABOVE, same=False)) < CUT


def test_answers_as_the_model_expects_them_change_next_to_nothing() -> None:
    same = np.array([True] * 10 + [False] * 10)
    assert abs(fitted_shift(np.full(20, 0.5), same)) < 1e-4


def test_few_answers_and_answers_far_from_the_cut_change_nothing() -> None:
    assert shift(JUST_BELOW, same=True, answers=FEWEST_ANSWERS - 1) == 0
    assert shift(0.99, same=False, answers=50) == 0
    assert shift(0.002, same=True, answers=50) == 0


def test_more_answers_that_agree_shift_further() -> None:
    assert 0 < shift(0.5, same=True, answers=10) < shift(0.5, same=True, answers=40)


def test_pairs_read_anew_keep_their_order_and_lose_what_is_no_evidence() -> None:
    ids = np.arange(4)
    found = read_anew(Pairs(ids, ids + 1, np.array([0.002, 0.3, 0.6, 1.0])), -2.0)
    assert found.left.tolist() == [1, 2, 3]
    assert (np.diff(found.probability) > 0).all()
    assert log_odds(found.probability[:2]) == pytest.approx(log_odds(np.array([0.3, 0.6])) - 2.0, abs=1e-3)


@pytest.fixture(scope="module")
def near(matched: Matched) -> list[KeyPair]:
    """Pairs of the town that an answer teaches something about."""
    return [pair for pair, probability in likely(matched).items() if 0.1 < probability < 0.9]


def test_decisions_shift_the_pairs_that_nobody_decided(home: Town, matched: Matched, near: list[KeyPair]) -> None:
    decided = Overrides(always=tuple(near[:FEWEST_ANSWERS]))
    before, after = likely(matched), match(home.records, model=matched.model, decided=decided)
    assert after.model.shift > 0
    others = near[FEWEST_ANSWERS:]
    assert others
    assert all(likely(after)[pair] > before[pair] for pair in others)


def test_known_pairs_are_read_as_if_all_were_compared_again(home: Town, matched: Matched, near: list[KeyPair]) -> None:
    decided = Overrides(never=tuple(near[:FEWEST_ANSWERS]))
    known = Known(as_table(matched), fresh=home.records.select(["record_key"]).slice(0, 0))
    whole = likely(match(home.records, model=matched.model, decided=decided))
    again = likely(match(home.records, model=matched.model, known=known, decided=decided))
    assert whole.keys() == again.keys()
    assert max(abs(whole[pair] - again[pair]) for pair in whole) < 1e-4


def test_same_decisions_leave_the_model_as_it_is(home: Town, matched: Matched, near: list[KeyPair]) -> None:
    decided = Overrides(always=tuple(near[:FEWEST_ANSWERS]))
    taught = match(home.records, model=matched.model, decided=decided).model
    again = match(home.records, model=from_json(as_json(taught)), decided=decided)
    assert again.model == taught
    assert match(home.records, model=taught).model == matched.model
    assert match(home.records, model=matched.model).model == matched.model
