"""The explanation of a pair adds up to its probability, and says what would change it."""

from dataclasses import replace

import pytest

from pipelines.identity.explain import Explanation, explanations, level_words, turned
from pipelines.identity.match import Matched
from pipelines.identity.what_if import joined_by, parted_by
from tests.pipelines.identity.town import Town, likely


@pytest.fixture(scope="module")
def told(home: Town, matched: Matched) -> list[Explanation]:
    return explanations(home.records, matched.model, list(likely(matched)))


def test_weights_add_up_to_the_probability_of_the_matcher(matched: Matched, told: list[Explanation]) -> None:
    probability = likely(matched)
    assert len(told) == len(probability)
    for each in told:
        assert each.probability == pytest.approx(probability[each.record_a, each.record_b], abs=1e-6)
        assert sum(each.classes.values()) == pytest.approx(1)


def test_every_comparison_says_which_values_it_saw(told: list[Explanation]) -> None:
    for each in told:
        for compared in each.comparisons:
            assert compared.is_missing == (compared.level == "no value")
            if compared.level == "equal":
                assert compared.left == compared.right
            if compared.is_missing:
                assert compared.weight == compared.rarity == 0


def test_pair_reads_the_same_from_the_other_side(told: list[Explanation]) -> None:
    other = turned(told[0])
    assert (other.record_a, other.comparisons[0].left) == (told[0].record_b, told[0].comparisons[0].right)
    assert other.classes == told[0].classes


def test_what_parts_a_pair_takes_it_below_the_cut_and_nothing_smaller_does(told: list[Explanation]) -> None:
    likely_ones = [each for each in told if each.probability > 0.9][:40]
    assert likely_ones
    for each in likely_ones:
        lost = parted_by(each, 0.5)
        assert _without(each, lost).probability < 0.5
        assert all(_without(each, tuple(n for n in lost if n != kept)).probability >= 0.5 for kept in lost)


def test_what_joins_a_pair_is_named_only_below_the_cut(told: list[Explanation]) -> None:
    assert all(joined_by(each, 0.5) == () for each in told if each.probability > 0.5)
    assert any(joined_by(each, 0.5) for each in told if 0.05 < each.probability < 0.5)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Exact match on email", "equal"),
        ("Exact match on area", "same postal area"),
        ("Levenshtein distance of born <= 2", "at most 2 characters differ"),
        ("day and month swapped", "day and month swapped"),
    ],
)
def test_levels_have_plain_names(label: str, words: str) -> None:
    assert level_words(label) == words


def _without(found: Explanation, lost: tuple[str, ...]) -> Explanation:
    return replace(found, comparisons=tuple(each for each in found.comparisons if each.column not in lost))
