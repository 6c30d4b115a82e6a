"""Groups of people from pairs: average linkage, and the cut with the largest expected F1."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from pipelines.identity.linkage import FORBIDDEN, LOWEST, LOWEST_CUT, Pairs, average_linkage, best_cut, groups_at
from pipelines.identity.model import rounded

Shares = dict[tuple[int, int], float]
HEIGHTS = (0.05, 0.2, 0.4, 0.6, 0.9)


def pairs_of(shares: Shares) -> Pairs:
    ends = np.array(list(shares), dtype=np.int64).reshape(-1, 2)
    return Pairs(ends[:, 0], ends[:, 1], np.array(list(shares.values()), dtype=np.float64))


def groups(people: int, shares: Shares, height: float, start: list[int] | None = None) -> list[int]:
    """The smallest id of each person's group."""
    begun = np.arange(people) if start is None else np.array(start)
    found: list[int] = groups_at(average_linkage(begun, pairs_of(shares)), height).tolist()
    return found


def random_shares(seed: int, people: int, *, density: float = 0.5) -> Shares:
    """Sparse probabilities; two are never equal, nor are their sums."""
    random = np.random.default_rng(seed)
    every = combinations(range(people), 2)
    return {pair: float(random.uniform(0.01, 1)) for pair in every if random.random() < density}


def smallest_names(labels: NDArray[np.int32]) -> list[int]:
    """Each one's group by its smallest member, as linkage.py names it."""
    return [int(np.flatnonzero(labels == label)[0]) for label in labels]


@given(seed=st.integers(0, 10_000), people=st.integers(2, 14), density=st.sampled_from([0.2, 0.5, 1.0]))
@settings(max_examples=80)
def test_every_cut_gives_the_groups_of_dense_average_linkage(seed: int, people: int, density: float) -> None:
    shares = random_shares(seed, people, density=density)
    dense = np.zeros((people, people))
    for (left, right), share in shares.items():
        dense[left, right] = dense[right, left] = share
    tree = linkage(squareform(1 - dense, checks=False), "average")
    for height in HEIGHTS:
        expected = fcluster(tree, 1 - height, "distance")
        assert groups(people, shares, height) == smallest_names(expected)


@given(seed=st.integers(0, 10_000), people=st.integers(2, 12))
@settings(max_examples=40)
def test_order_and_side_of_pairs_do_not_matter(seed: int, people: int) -> None:
    shares = random_shares(seed, people)
    mixed = list(shares.items())
    np.random.default_rng(seed).shuffle(mixed)
    turned = {(int(right), int(left)): float(share) for (left, right), share in mixed}
    for height in HEIGHTS:
        assert groups(people, turned, height) == groups(people, shares, height)


def test_two_certain_pairs_through_one_record_do_not_chain_three_strangers() -> None:
    assert groups(3, {(0, 1): 0.99, (1, 2): 0.98}, 0.5) == [0, 0, 2]
    assert groups(4, {(0, 1): 1.0, (1, 2): 0.9, (2, 3): 1.0}, 0.5) == [0, 0, 2, 2]


def test_third_record_joins_when_it_is_like_both() -> None:
    assert groups(3, {(0, 1): 0.99, (1, 2): 0.98, (0, 2): 0.6}, 0.5) == [0, 0, 0]


@given(seed=st.integers(0, 10_000), people=st.integers(3, 14), together=st.integers(1, 3))
@settings(max_examples=60)
def test_best_cut_is_the_best_expected_f1_of_all_heights(seed: int, people: int, together: int) -> None:
    shares = random_shares(seed, people)
    start = [0] * together + list(range(together, people))
    pairs = pairs_of(shares)
    tree = average_linkage(np.array(start), pairs)
    cut = best_cut(tree)

    certain = dict.fromkeys(combinations(range(together), 2), 1.0)
    weighed = {pair: share for pair, share in shares.items() if pair not in certain} | certain
    whole = sum(weighed.values())

    def f1(height: float) -> float:
        group = groups_at(tree, height)
        inside = [pair for pair in combinations(range(people), 2) if group[pair[0]] == group[pair[1]]]
        return 2 * sum(weighed.get(pair, 0.0) for pair in inside) / max(len(inside) + whole, 1e-9)

    assert cut.f1 == pytest.approx(max(f1(height) for height in (1.0, *tree.height.tolist()) if height >= LOWEST_CUT))
    assert cut.f1 == pytest.approx(f1(cut.height))


@given(seed=st.integers(0, 10_000), people=st.integers(4, 12))
@settings(max_examples=40)
def test_groups_given_at_the_start_are_never_split(seed: int, people: int) -> None:
    start = [0, 0, 2, 2, *range(4, people)]
    for height in (*HEIGHTS, 1.0):
        found = groups(people, random_shares(seed, people), height, start)
        assert found[0] == found[1]
        assert found[2] == found[3]


@given(seed=st.integers(0, 10_000), people=st.integers(3, 12))
@settings(max_examples=40)
def test_forbidden_pair_is_never_in_one_group(seed: int, people: int) -> None:
    shares = random_shares(seed, people, density=1.0) | {(0, 1): FORBIDDEN, (1, 2): FORBIDDEN}
    tree = average_linkage(np.arange(people), pairs_of(shares))
    for height in (0.0, LOWEST, *HEIGHTS):
        found = groups_at(tree, height)
        assert found[0] != found[1]
        assert found[1] != found[2]
    assert np.isfinite(tree.expected)


def test_without_pairs_everybody_stays_alone_and_the_cut_is_the_highest() -> None:
    tree = average_linkage(np.arange(3), pairs_of({}))
    assert groups_at(tree, 0.0).tolist() == [0, 1, 2]
    assert best_cut(tree).height == 1.0
    nobody = average_linkage(np.arange(0), pairs_of({}))
    assert groups_at(nobody, 0.5).tolist() == []


@pytest.mark.parametrize("probability", [0.7654329, 0.5000006, 0.99999951])
def test_cut_that_is_kept_holds_the_merge_that_it_was_chosen_for(probability: float) -> None:
    tree = average_linkage(np.arange(2), pairs_of({(0, 1): probability}))
    kept = rounded(best_cut(tree).height)
    assert kept == best_cut(tree).height <= probability
    assert groups_at(tree, kept).tolist() == [0, 0]
