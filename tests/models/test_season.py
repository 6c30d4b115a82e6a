"""The season as a year ago tells it, and what both models make of it."""

from dataclasses import replace

import numpy as np
import pytest

from models import churn, season
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Array, Customers, Sooner
from models.predict import loaded, settled
from models.season import Population

NAMES = (
    "net_amount_365d", "net_amount_180d", "net_amount_same_season", "orders_count_same_season",
    "days_since_first_order", "days_since_last_order", "net_amount", "orders_count_365d",
    "repeat_purchase_days_count", "first_to_last_order_days",
)  # fmt: skip


def shop(*, customers: int = 400, season_share: float = 0.25, silent: float = 0.5, seed: int = 1) -> Customers:
    """One night of customers who all have been known for 500 days and spend as much as they spent before."""
    drawn = np.random.default_rng(seed)
    spend, last = drawn.gamma(0.5, 400, customers), drawn.uniform(1, 300, customers)
    repeats = drawn.poisson(3, customers)
    columns = [
        spend, spend / 2, spend * season_share, drawn.uniform(size=customers) >= silent, np.full(customers, 500.0),
        last, spend * 1.4, repeats, repeats, np.where(repeats > 0, 500 - last, 0),
    ]  # fmt: skip
    return Customers(NAMES, np.column_stack(columns).astype(np.float32))


def nights(*each: Customers) -> Customers:
    """The same customers on nights 90 days apart."""
    matrix = np.concatenate([customers.matrix for customers in each])
    return Customers(NAMES, matrix, np.repeat(np.arange(len(each)) * 90.0, [len(c.matrix) for c in each]))


def spent(customers: Customers, ratio: float) -> Array:
    """A quarter's spend: half buy, twice as much; in all this much of last year's quarter."""
    buys = np.arange(len(customers.matrix)) % 2
    return customers.column("net_amount_365d") * 90 / 365 * ratio * 2 * buys


def test_a_season_is_the_share_of_a_year_and_unknown_where_orders_do_not_go_back_a_year() -> None:
    seen = Population(last_year=1000, last_half=300, same_quarter=500, oldest_days=400)
    assert season.index(seen, 90) == pytest.approx(500 / (1000 * 90 / 365))
    assert season.index(seen, 180) == pytest.approx(700 / (1000 * 185 / 365))
    assert season.index(seen, 365) == 1
    assert season.index(replace(seen, oldest_days=200), 90) == 1


def test_the_total_follows_the_season_and_is_trusted_as_far_as_a_year_was_seen() -> None:
    before = nights(shop(season_share=0.2), shop(season_share=0.2))
    learned = season.learned(before, spent(before, 0.4), 90)
    assert learned["covered"] == pytest.approx(180 / 365)
    beside = 0.4 / (0.2 * 365 / 90)
    assert learned["beside_season"] == pytest.approx(beside, rel=0.2)
    tonight = season.population(shop(season_share=0.5))
    expected = 0.5 * 365 / 90 * learned["beside_season"] ** learned["covered"]
    assert season.total_ratio(learned, tonight, 90) == pytest.approx(expected)
    assert season.total_ratio(learned, Population(), 90) == learned["total_ratio"]


def test_values_add_up_to_the_total_that_the_season_expects_whatever_the_season_learned_of() -> None:
    before, tonight = nights(shop(season_share=0.2), shop(season_share=0.2, seed=2)), shop(season_share=0.4, seed=3)
    fitted = LIFETIME_VALUE.fit(before, spent(before, 0.8), 90)
    values = loaded(settled(fitted, tonight)).values(tonight)
    base = tonight.column("net_amount_365d").sum() * 90 / 365
    expected = base * season.total_ratio(fitted.facts, season.population(tonight), 90)
    assert values.sum() == pytest.approx(expected, rel=1e-4)
    assert expected > 1.5 * spent(before, 0.8)[:400].sum()


def test_churn_is_brought_halfway_to_the_rate_that_the_season_foretells() -> None:
    before, tonight = shop(silent=0.7), shop(silent=0.3, seed=2)
    left = (np.arange(400) % 10 < 7).astype(float)
    fitted = CHURN.fit(before, left, 90)
    plain, moved = (loaded(one).values(tonight) for one in (fitted, settled(fitted, tonight)))
    assert plain.mean() == pytest.approx(0.7, abs=0.05)
    assert moved.mean() == pytest.approx((plain.mean() + 0.3) / 2, abs=0.05)
    assert (np.argsort(plain, kind="stable") == np.argsort(moved, kind="stable")).all()


def test_no_season_is_told_of_few_customers_or_for_a_whole_year() -> None:
    left = np.tile([0.0, 1.0], 30)
    for customers, horizon, gone in ((shop(customers=60), 90, left), (shop(), 365, np.tile(left, 7)[:400])):
        fitted = CHURN.fit(customers, gone, horizon)
        assert "since_last_year" not in fitted.facts
        assert settled(fitted, customers) == fitted


def test_what_the_features_add_is_all_that_sets_a_customer_apart_from_another() -> None:
    names = (*NAMES, "orders_count")
    drawn = np.random.default_rng(4)
    customers = Customers(names, drawn.uniform(1, 400, (300, len(names))).astype(np.float32), np.repeat([0.0, 90], 150))
    left = (customers.column("days_since_last_order") > drawn.uniform(0, 400, 300)).astype(float)
    newer = Customers(names, drawn.uniform(1, 400, (300, len(names))).astype(np.float32), np.repeat([45.0, 135], 150))
    gone = (newer.column("days_since_last_order") > drawn.uniform(0, 300, 300)).astype(float)
    fitted = CHURN.fit(customers, left, 90, sooner=Sooner(newer, gone))
    assert "logistic" in fitted.facts
    boosters = churn.load(fitted)
    assert len(boosters) == 2
    odds = np.log(1 / churn.probability(fitted, boosters, customers) - 1) * -1
    added = churn.contributions(fitted, boosters, customers).sum(axis=1)
    assert np.ptp(odds - added) == pytest.approx(0, abs=1e-4)


def test_a_shift_moves_all_odds_alike() -> None:
    assert churn.shifted(np.array([0.5, 0.8]), np.log(3)) == pytest.approx([0.75, 12 / 13])
