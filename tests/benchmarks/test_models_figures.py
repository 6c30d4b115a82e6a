"""The figures of the models' benchmark against their definitions."""

import numpy as np
import pytest

from benchmarks import models_figures as figures


def test_decile_error_is_nothing_for_the_truth_and_the_share_of_a_common_overshoot() -> None:
    spent = np.repeat(np.arange(1.0, 11), 10)
    assert figures.decile_error(spent, spent) == pytest.approx(0)
    assert figures.decile_error(spent, spent * 1.2) == pytest.approx(0.2)


def test_spearman_counts_returns_as_nothing_and_shares_ranks() -> None:
    assert figures.spearman(np.array([-5.0, 0, 3, 9]), np.array([1.0, 1, 2, 3])) == pytest.approx(1)


def test_the_shape_is_judged_after_the_rate_was_set_right() -> None:
    drawn = np.random.default_rng(1)
    rate = drawn.uniform(0.1, 0.9, 20_000)
    left = (drawn.uniform(size=20_000) < rate).astype(float)
    moved = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + 1)))
    assert figures.shape_error(left, moved) < 0.02
    assert figures.shape_error(left, np.full(20_000, 0.2)) < 0.05


def test_a_gain_has_an_interval_on_the_same_customers() -> None:
    drawn = np.random.default_rng(2)
    spent = drawn.gamma(1, 50, 300)
    gain, low, high = figures.gain(figures.gini, spent, spent, drawn.uniform(size=300))
    assert 0 < low < gain < high
    assert figures.gain(figures.gini, spent, spent, spent * 2) == (0, 0, 0)
