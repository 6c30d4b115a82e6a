"""The stability index: nothing has moved, something has, and what chance alone may do."""

import numpy as np
import pytest

from lakehouse.stability import DRIFT, chance, stability_index


def test_a_known_shift_has_the_index_of_the_formula_and_size_does_not_matter() -> None:
    before = {"a": 50.0, "b": 50.0}
    assert stability_index({"a": 500, "b": 500}, before) == 0
    assert stability_index({"a": 80, "b": 20}, before) == pytest.approx(0.3 * np.log(1.6) + 0.3 * np.log(2.5))


def test_a_bin_that_appears_weighs_much_and_not_infinitely() -> None:
    assert DRIFT < stability_index({"a": 90, "b": 10}, {"a": 100}) < 1


def test_samples_of_the_same_customers_stay_within_chance() -> None:
    drawn = np.random.default_rng(7)
    shares = np.full(10, 0.1)
    found = []
    for _ in range(200):
        now, before = (dict(zip("abcdefghij", drawn.multinomial(300, shares), strict=True)) for _ in range(2))
        found.append(stability_index(now, before))
    assert max(found) < chance(10, 300, 300)
    assert chance(10, 300, 300) > chance(10, 30_000, 30_000)
