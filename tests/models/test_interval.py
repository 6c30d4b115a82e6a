"""The range around a predicted amount: it covers what it says, and is wider where predictions were further off."""

import numpy as np
import pytest

from models import interval


def test_nine_in_ten_customers_whom_nobody_learned_of_lie_within() -> None:
    drawn = np.random.default_rng(1)
    predicted = drawn.gamma(1, 100, 8000)
    outcome = np.where(drawn.uniform(size=8000) < 0.5, 0, drawn.gamma(2, predicted))
    learned = interval.learned(outcome[:4000], predicted[:4000])
    low, high = interval.bounds(learned, predicted[4000:])
    within = (outcome[4000:] >= low) & (outcome[4000:] <= high)
    assert within.mean() == pytest.approx(0.9, abs=0.02)
    assert (low >= 0).all()
    assert (low <= predicted[4000:]).all()
    assert (high >= predicted[4000:]).all()


def test_the_range_is_wider_where_predictions_were_further_off() -> None:
    predicted = np.tile(np.array([10.0, 20.0]), 200)
    off = np.random.default_rng(2).uniform(-1, 1, 400) * np.tile([1.0, 10.0], 200)
    low, high = interval.bounds(interval.learned(predicted + off, predicted), np.array([10.0, 20.0]))
    assert (high - low)[1] > 5 * (high - low)[0]


def test_too_few_customers_teach_no_range() -> None:
    learned = interval.learned(np.ones(20), np.ones(20))
    assert learned == {}
    assert np.isnan(interval.bounds(learned, np.ones(3))).all()
