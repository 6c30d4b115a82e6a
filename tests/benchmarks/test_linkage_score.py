"""The scores of benchmarks: pairs, records, and households told from one person."""

import pandas as pd
import pytest

from benchmarks.linkage_score import households_apart, scored, with_less


def test_pairs_and_records_are_scored_by_hand_counts() -> None:
    score = scored(["x", "x", "x", "y"], ["a", "a", "b", "b"])
    assert (score.precision, score.recall) == pytest.approx((1 / 3, 1 / 2))


def test_a_household_pair_that_meets_in_two_groups_counts_once() -> None:
    groups, persons = ["x", "x", "y", "y", "z", "z"], ["a", "b", "a", "b", "c", "d"]
    assert households_apart(groups, persons, ["h", "h", "h", "h", "h", "other"]) == pytest.approx(1 - 1 / 3)


def test_records_of_one_person_and_strangers_in_one_group_are_no_household_pair() -> None:
    assert households_apart(["x", "x", "x"], ["a", "a", "b"], ["h", "h", "other"]) == 1.0


def test_records_that_say_too_little_are_told_apart_from_those_that_are_judged() -> None:
    groups, everybody = ["x", "x", "y", "z", "z"], ["a", "a", "a", None, "b"]
    share, f1 = with_less(groups, pd.Series(["a", "a", None, None, "b"]), pd.Series(everybody))
    assert share == pytest.approx(1 / 4)
    assert f1 == pytest.approx(2 * 1 * (1 / 3) / (1 + 1 / 3))
