"""Groups of several records that contradict one another in birth date and identifier are taken apart; typos are not."""

from itertools import combinations

import numpy as np
import pytest

from pipelines.identity.contradictions import Facts, parted
from pipelines.identity.linkage import Pairs, chosen

FATHER, SON, TYPO = "19520317", "19811104", "19520371"


def family(
    born: tuple[str | None, ...], emails: tuple[str | None, ...], *, between: float = 0.7
) -> tuple[Facts, Pairs]:
    """Two records of each of two people of one name and street, in this order."""
    ends = list(combinations(range(4), 2))
    probability = [0.95 if pair in ((0, 1), (2, 3)) else between for pair in ends]
    left, right = np.array(ends).T
    return Facts(born, (emails,)), Pairs(left, right, np.array(probability))


def groups(born: tuple[str | None, ...], emails: tuple[str | None, ...]) -> list[int]:
    known, pairs = family(born, emails)
    found: list[int] = parted(known, pairs, people=4)[1].tolist()
    return found


def test_other_birth_dates_and_other_emails_part_two_people_of_one_name() -> None:
    assert groups((FATHER, FATHER, SON, SON), ("a", "a", "b", "b")) == [0, 0, 2, 2]


def test_pairs_between_the_parted_are_gone_and_those_within_stay() -> None:
    known, pairs = family((FATHER, None, SON, None), ("a", None, None, "b"))
    left = chosen(pairs, parted(known, pairs, people=4)[0])
    assert list(zip(left.left.tolist(), left.right.tolist(), strict=True)) == [(0, 1), (2, 3)]


@pytest.mark.parametrize(
    ("born", "emails"),
    [
        ((FATHER, FATHER, TYPO, TYPO), ("a", "a", "b", "b")),
        ((FATHER, FATHER, SON, FATHER), ("a", "a", "b", "b")),
        ((FATHER, FATHER, None, None), ("a", "a", "b", "b")),
        ((FATHER, FATHER, SON, SON), ("a", "a", "a", "b")),
        ((FATHER, FATHER, SON, SON), ("a", "a", None, None)),
        ((), ("a", "a", "b", "b")),
    ],
    ids=["a typo", "one date in both", "no date", "one e-mail in both", "no e-mail", "no column of dates"],
)
def test_less_than_two_contradictions_part_nobody(born: tuple[str | None, ...], emails: tuple[str | None, ...]) -> None:
    assert groups(born, emails) == [0, 0, 0, 0]


def test_a_single_record_does_not_contradict_a_group() -> None:
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([0.95, 0.7, 0.7]))
    known = Facts((FATHER, FATHER, SON), (("a", "a", "b"),))
    assert parted(known, pairs, people=3)[1].tolist() == [0, 0, 0]
