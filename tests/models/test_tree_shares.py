"""The shares of features are those of `xgboost` itself, for every tree that a model may have."""

import numpy as np
import pytest
import xgboost

from models import trees
from models.model import Customers

NAMES = tuple(f"feature_{number}" for number in range(8))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("objective", ["binary:logistic", "reg:tweedie"])
def test_shares_are_those_of_xgboost_with_unknown_values_and_repeated_features(objective: str, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    matrix = np.round(drawn.gamma(1, 5, (2_000, len(NAMES))), 1).astype(np.float32)
    matrix[drawn.uniform(size=matrix.shape) < 0.15] = np.nan
    known = np.nan_to_num(matrix)
    outcome = (known[:, 0] + known[:, 1] * (known[:, 2] > 3) > 7).astype(float)
    booster = trees.load(trees.grow(Customers(NAMES, matrix), outcome, {"objective": objective}))
    expected = booster.predict(xgboost.DMatrix(matrix), pred_contribs=True)[:, :-1]
    found = trees.contributions(booster, Customers(NAMES, matrix))
    assert np.abs(expected).max() > 0.5
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_tree_without_a_split_adds_nothing() -> None:
    customers = Customers(NAMES[:1], np.zeros((50, 1), dtype=np.float32))
    booster = trees.load(trees.grow(customers, np.ones(50), {"objective": "reg:squarederror"}))
    assert not trees.contributions(booster, customers).any()
