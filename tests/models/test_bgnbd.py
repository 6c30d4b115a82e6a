"""BG/NBD and Gamma-Gamma: published values, customers drawn from the model itself, and shops that teach nothing."""

from pathlib import Path

import numpy as np
import pytest

from models import bgnbd
from models.bgnbd import BgNbd, GammaGamma, Purchases, Refused, fit_bgnbd, fit_gamma_gamma
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Array

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
PUBLISHED_SPEND = GammaGamma(p=6.25, q=3.74, gamma=15.44)


def one(repeats: float, last: float, age: float) -> Purchases:
    return Purchases(np.array([repeats]), np.array([last]), np.array([age]))


def drawn(truth: BgNbd, *, customers: int, seed: int = 1) -> Purchases:
    """Customers of 27 to 39 weeks who behave as the model says."""
    chance = np.random.default_rng(seed)
    age = chance.uniform(27, 39, customers)
    rate, leaves = chance.gamma(truth.r, 1 / truth.alpha, customers), chance.beta(truth.a, truth.b, customers)
    found = np.zeros((customers, 2))
    for customer in range(customers):
        day = chance.exponential(1 / max(rate[customer], 1e-12))
        while day < age[customer]:
            found[customer] += (1, day - found[customer, 1])
            if chance.uniform() < leaves[customer]:
                break
            day += chance.exponential(1 / rate[customer])
    return Purchases(found[:, 0], found[:, 1], age)


def spends(truth: GammaGamma, orders: Array, *, seed: int = 2) -> Array:
    """Mean spend of customers who behave as the model says."""
    chance = np.random.default_rng(seed)
    scale = chance.gamma(truth.q, 1 / truth.gamma, len(orders))
    found: Array = chance.gamma(truth.p * np.maximum(orders, 1), 1 / scale) / np.maximum(orders, 1)
    return found


def test_expected_purchases_are_those_published_for_cdnow() -> None:
    assert PUBLISHED.expected(one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=0.001)


def test_expected_purchases_stay_finite_for_the_most_frequent_customers() -> None:
    many = Purchases(np.array([0.0, 1000.0, 5000.0]), np.array([0.0, 39.0, 39.0]), np.full(3, 39.0))
    found = PUBLISHED.expected(many, 39)
    assert np.isfinite(found).all()
    assert found[0] < found[1] < found[2]
    assert BgNbd(0.243, 4.414, 1.0, 2.426).expected(one(2, 30, 39), 39)[0] == pytest.approx(
        BgNbd(0.243, 4.414, 1.001, 2.426).expected(one(2, 30, 39), 39)[0], rel=0.01
    )


def test_what_the_model_drew_is_found_again_and_scale_of_time_changes_nothing() -> None:
    weeks = drawn(PUBLISHED, customers=4_000)
    found = fit_bgnbd(weeks)
    assert isinstance(found, BgNbd)
    assert found.penalty == 0
    assert (found.r, found.alpha) == pytest.approx((0.243, 4.414), rel=0.15)
    assert found.expected(weeks, 39).sum() == pytest.approx(PUBLISHED.expected(weeks, 39).sum(), rel=0.06)
    in_days = Purchases(weeks.repeats, weeks.last * 7, weeks.age * 7)
    by_day = fit_bgnbd(in_days)
    assert isinstance(by_day, BgNbd)
    assert by_day.alpha == pytest.approx(found.alpha * 7, rel=1e-3)
    assert found.likelihood(weeks, np.ones(4_000)) >= PUBLISHED.likelihood(weeks, np.ones(4_000))


def test_spend_that_the_model_drew_is_found_again_and_one_order_moves_less_than_many() -> None:
    orders = np.random.default_rng(3).integers(1, 6, 5_000).astype(float)
    found = fit_gamma_gamma(orders, spends(PUBLISHED_SPEND, orders))
    assert isinstance(found, GammaGamma)
    usual = 6.25 * 15.44 / 2.74
    assert found.q == pytest.approx(3.74, rel=0.1)
    assert found.p * found.gamma / (found.q - 1) == pytest.approx(usual, rel=0.03)
    seen = PUBLISHED_SPEND.expected(np.array([0.0, 1, 50, 3]), np.array([0.0, 100, 100, -5]))
    assert seen[[0, 3]] == pytest.approx(usual)
    assert usual < seen[1] < seen[2] < 100


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Purchases(np.zeros(500), np.zeros(500), np.linspace(1, 300, 500)), "0 customers bought again"),
        (one(3, 20, 30), "1 customers bought again"),
        (Purchases(np.zeros(0), np.zeros(0), np.zeros(0)), "0 customers bought again"),
    ],
    ids=["all one-time", "one customer", "nobody"],
)
def test_a_shop_without_repeats_is_refused_in_words(seen: Purchases, said: str) -> None:
    found = fit_bgnbd(seen)
    assert isinstance(found, Refused)
    assert said in found.reason
    spend = fit_gamma_gamma(np.minimum(seen.repeats, 1), np.ones(len(seen.repeats)))
    assert isinstance(spend, Refused)
    assert "two orders or more" in spend.reason


def test_customers_who_are_all_alike_are_held_by_the_penalty_or_refused() -> None:
    alike = Purchases(np.full(200, 4.0), np.full(200, 200.0), np.full(200, 250.0))
    found = fit_bgnbd(alike)
    if isinstance(found, BgNbd):
        assert found.penalty > 0
        assert found.expected(alike, 90)[0] == pytest.approx(4 / 250 * 90, rel=0.6)
    spend = fit_gamma_gamma(np.full(200, 5.0), np.full(200, 20.0))
    if isinstance(spend, GammaGamma):
        assert spend.expected(np.array([5.0]), np.array([20.0]))[0] == pytest.approx(20, rel=0.1)


def test_the_chance_to_be_alive_is_no_score_of_churn() -> None:
    """Among known customers it ranks who leaves worse than chance (AUC .468): churn neither learns nor rivals it."""
    readers = [path.name for path in Path(bgnbd.__file__).parent.glob("*.py") if ".alive(" in path.read_text()]
    assert readers == ["bgnbd.py"]
    assert not {CHURN.baseline, *CHURN.rivals} & {"bgnbd"}
    assert "bgnbd" in LIFETIME_VALUE.rivals
