"""Differences and their intervals, beside published figures and known truths."""

import numpy as np
import pytest

from activation.lift import (
    adjusted_spend_difference,
    conversion_difference,
    detectable_conversion,
    detectable_spend,
    sample_ratio,
    spend_difference,
    wilson,
)


@pytest.mark.parametrize(
    ("buyers", "customers", "low", "high"),
    [
        ((56, 48), (70, 80), 0.0524, 0.3339),
        ((9, 3), (10, 10), 0.1705, 0.8090),
        ((6, 2), (7, 7), 0.0582, 0.8062),
        ((5, 0), (56, 29), -0.0381, 0.1926),
        ((0, 0), (10, 20), -0.1611, 0.2775),
        ((10, 0), (10, 20), 0.6791, 1.0),
    ],
)
def test_newcombes_published_examples_come_out(
    buyers: tuple[int, int], customers: tuple[int, int], low: float, high: float
) -> None:
    found = conversion_difference(buyers, customers)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_an_interval_holds_its_difference_and_turns_round_with_the_sides() -> None:
    one, other = conversion_difference((30, 10), (200, 100)), conversion_difference((10, 30), (100, 200))
    assert one.low < one.difference < one.high
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.difference == pytest.approx(0.05)
    assert conversion_difference((30, 10), (300, 100)).excludes_zero is False
    assert conversion_difference((90, 10), (300, 100)).excludes_zero
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=5e-5)
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_spend_of_a_side_that_spends_more_lies_above_zero_and_the_seed_decides_alone() -> None:
    generator = np.random.default_rng(7)
    low, high = (generator.gamma(2, mean, 600) * (generator.random(600) < 0.5) for mean in (10.0, 16.0))
    found = spend_difference(high, low, seed=1)
    assert found.excludes_zero
    assert found.low < found.difference < found.high
    assert found.difference == pytest.approx(high.mean() - low.mean())
    assert spend_difference(high, low, seed=1) == found
    assert spend_difference(high, low, seed=2) != found
    assert spend_difference(high, high, seed=1).excludes_zero is False


def test_nobody_who_spent_is_a_difference_of_nothing_and_an_empty_side_is_none() -> None:
    nothing = np.zeros(20)
    found = spend_difference(nothing, nothing, seed=1)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)
    for sides in ((nothing, nothing[:0]), (nothing[:0], nothing)):
        with pytest.raises(ValueError, match="both sides"):
            spend_difference(*sides, seed=1)


def test_spend_before_narrows_the_interval_by_what_it_foretells() -> None:
    generator = np.random.default_rng(3)
    before = generator.gamma(2, 50, 2_000)
    spend = before * 0.8 + generator.gamma(2, 10, 2_000)
    spend[:1_000] += 12
    sides = (spend[:1_000], before[:1_000]), (spend[1_000:], before[1_000:])
    plain = spend_difference(sides[0][0], sides[1][0], seed=1)
    adjusted, foretold = adjusted_spend_difference(*sides, seed=1)
    assert foretold == pytest.approx(np.corrcoef(before, spend)[0, 1] ** 2, abs=0.02)
    assert adjusted.high - adjusted.low < 0.5 * (plain.high - plain.low)
    assert adjusted.low < 12 < adjusted.high
    same, nothing = adjusted_spend_difference((spend, np.zeros(2_000)), (before, np.zeros(2_000)), seed=1)
    assert nothing == 0
    assert same == spend_difference(spend, before, seed=1)


def test_sides_as_they_were_drawn_pass_and_a_hundred_missing_do_not() -> None:
    assert sample_ratio(900, 100, shares=[0.1] * 1_000) == pytest.approx(1)
    assert sample_ratio(905, 95, shares=[0.1] * 1_000) > 0.3
    assert sample_ratio(890, 110, shares=[0.1] * 1_000) == pytest.approx(0.2918, abs=1e-4)
    assert sample_ratio(800, 100, shares=[0.1] * 900) > 0.1
    assert sample_ratio(700, 200, shares=[0.1] * 500 + [0.5] * 400) < 1e-3
    assert sample_ratio(10, 0, shares=[0.0] * 10) == 1


def test_what_would_show_shrinks_with_the_sides_and_shows_in_four_of_five_cases() -> None:
    rise = detectable_conversion(9_000, 1_000, rate=0.1)
    assert 0.02 < rise < 0.04
    assert detectable_conversion(90_000, 10_000, rate=0.1) < rise / 3
    assert detectable_conversion(5, 2, rate=0.5) == 1
    assert detectable_conversion(0, 2, rate=0.5) == 1
    generator = np.random.default_rng(1)
    sent, held_out = generator.binomial(9_000, 0.1 + rise, 800), generator.binomial(1_000, 0.1, 800)
    pairs = zip(sent.tolist(), held_out.tolist(), strict=True)
    shown = np.mean([conversion_difference(pair, (9_000, 1_000)).excludes_zero for pair in pairs])
    assert 0.75 < shown < 0.85
    assert detectable_spend(np.array([0.0, 10.0] * 50), np.array([0.0, 10.0] * 50)) == pytest.approx(1.99, abs=0.01)
