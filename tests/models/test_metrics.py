"""The figures that models are judged by, against their definitions."""

import numpy as np
import pytest

from models.metrics import auc, calibration_bins, calibration_error, compared, normalised_gini, total_bias, value
from models.model import Array


def test_auc_equals_that_of_scikit_learn_with_ties_and_weights() -> None:
    from sklearn.metrics import roc_auc_score

    drawn = np.random.default_rng(3)
    outcome = drawn.integers(0, 2, 200).astype(float)
    prediction = np.round(outcome + drawn.normal(size=200), 1)
    weights = drawn.poisson(1.0, (2, 200)).astype(float)
    expected = [roc_auc_score(outcome, prediction, sample_weight=row) for row in weights]
    assert auc(outcome, prediction, weights) == pytest.approx(expected)


def test_normalised_gini_follows_its_definition_and_a_weight_of_two_is_a_customer_twice() -> None:
    def gini(y: Array, s: Array) -> float:
        rank = np.empty(len(s))
        rank[np.argsort(-s)] = np.arange(1, len(s) + 1)
        return float((y * (len(s) - rank + 1)).sum() / y.sum() - (len(s) + 1) / 2)

    drawn = np.random.default_rng(4)
    spend, prediction = drawn.gamma(1, 50, 100) - 10, drawn.normal(size=100)
    positive = np.maximum(spend, 0)
    assert value(normalised_gini, spend, prediction) == pytest.approx(
        gini(positive, prediction) / gini(positive, positive)
    )
    weights = np.ones((1, 100))
    weights[0, :50] = 2
    twice = np.concatenate([np.arange(100), np.arange(50)])
    assert normalised_gini(spend, prediction, weights)[0] == pytest.approx(
        value(normalised_gini, spend[twice], prediction[twice])
    )


def test_the_interval_of_a_gain_holds_zero_for_equal_rankings_and_not_for_a_better_one() -> None:
    drawn = np.random.default_rng(5)
    outcome = drawn.integers(0, 2, 400).astype(float)
    good, noise = outcome + drawn.normal(size=400), drawn.normal(size=400)
    gains = compared(auc, outcome, good, {"noise": noise, "twin": good * 2}).gains
    assert gains["noise"][1] > 0.1
    assert gains["twin"] == (0.0, 0.0, 0.0)
    assert compared(auc, outcome, good, {"noise": noise}).gains == {"noise": gains["noise"]}


def test_calibration_error_and_bias_are_zero_for_the_truth_and_known_for_a_shift() -> None:
    rate = np.repeat([0.2, 0.8], 150)
    outcome = np.tile([1.0, 0, 0, 0, 0], 30).tolist() + np.tile([0.0, 1, 1, 1, 1], 30).tolist()
    assert calibration_error(np.array(outcome), rate, bins=2) == pytest.approx(0)
    assert calibration_error(np.array(outcome), rate + 0.1, bins=2) == pytest.approx(0.1)
    assert total_bias(np.array([50.0, 50]), np.array([60.0, 60])) == pytest.approx(0.2)
    assert np.isnan(value(auc, np.ones(3), np.arange(3.0)))


def test_calibration_bins_hold_equally_many_customers_and_show_what_came_true() -> None:
    probability = np.linspace(0, 0.999, 200)
    outcome = np.tile([0.0, 1.0], 100)
    bins = calibration_bins(outcome, probability)
    assert bins[:, 0].tolist() == list(range(1, 11))
    assert bins[:, 1].tolist() == [20] * 10
    assert bins[:, 2] == pytest.approx(probability.reshape(10, 20).mean(axis=1))
    assert bins[:, 3] == pytest.approx(0.5)


def test_calibration_bins_are_the_same_in_any_order_of_customers_who_are_predicted_alike() -> None:
    probability = np.repeat([0.1, 0.1, 0.1, 0.8], 25)
    outcome = np.concatenate([np.zeros(60), np.ones(40)])
    expected = [[4, 75, 0.1, 15 / 75], [9, 25, 0.8, 1.0]]
    shuffled = np.random.default_rng(6).permutation(100)
    for order in (np.arange(100), shuffled):
        assert calibration_bins(outcome[order], probability[order]) == pytest.approx(np.array(expected))
