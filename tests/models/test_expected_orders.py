"""Expected orders: what they are made of, their total, and what they change about who comes before whom."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models import expected_orders, lifetime_value, repeat_spend, trees
from models.lifetime_value import LIFETIME_VALUE, Boosters
from models.model import Array, Customers, Fitted
from models.predict import loaded, settled

NAMES = (
    "net_amount_365d", "net_amount_180d", "net_amount_same_season", "orders_count_same_season",
    "days_since_first_order", "days_since_last_order", "net_amount", "orders_count_365d", "orders_count",
    "repeat_purchase_days_count", "first_to_last_order_days",
)  # fmt: skip


def shop(*, oldest: float, customers: int = 500, seed: int = 1) -> Customers:
    """One night of customers who are up to so many days old and whose orders have amounts of their own."""
    drawn = np.random.default_rng(seed)
    age = drawn.uniform(oldest / 2, oldest, customers)
    repeats = drawn.poisson(3, customers)
    last = np.where(repeats > 0, drawn.uniform(0.3, 1, customers) * age, 0)
    spend = drawn.gamma(1, 40, customers) * (repeats + 1)
    year = spend * np.minimum(1, 365 / age)
    columns = (year, year / 2, year / 5, repeats > 2, age, age - last, spend, repeats + 1, repeats + 1, repeats, last)
    return Customers(NAMES, np.column_stack(columns).astype(np.float32))


def learned(customers: Customers, seed: int = 2) -> Fitted:
    """The model of a quarter in which the likelier buy who bought often and lately."""
    drawn = np.random.default_rng(seed)
    often = customers.column("repeat_purchase_days_count") / (30 + customers.column("days_since_last_order"))
    buys = drawn.uniform(size=len(often)) < np.minimum(1, 8 * often)
    worth = customers.column("net_amount") / customers.column("orders_count")
    return LIFETIME_VALUE.fit(customers, np.where(buys, worth * drawn.gamma(1, 1, len(often)), 0), 90)


@pytest.fixture(scope="module")
def known() -> Customers:
    """Customers of a shop that is two years old."""
    return shop(oldest=700)


@pytest.fixture(scope="module")
def fitted(known: Customers) -> Fitted:
    """What is learned of them, at the level of a night with them."""
    return settled(learned(known), known)


def test_orders_are_the_geometric_mean_of_three_and_of_two_in_a_version_without_the_regression(
    known: Customers, fitted: Fitted
) -> None:
    chance = np.full(500, 1 - np.exp(-2.0))
    counts = expected_orders.counted(fitted.facts, known, 90)
    assert counts is not None
    earlier = {name: fact for name, fact in fitted.facts.items() if name != expected_orders.IN_RANKING}
    assert expected_orders.expected(earlier, known, chance, 90) == pytest.approx(np.sqrt(counts * 2))
    three = expected_orders.expected(fitted.facts, known, chance, 90)
    assert three is not None
    regression = three**3 / (counts * 2)
    ago = known.column("days_since_last_order")
    assert regression[ago < 60].mean() > 1.5 * regression[ago > 300].mean()


def test_orders_and_value_have_totals_that_go_together(known: Customers, fitted: Fitted) -> None:
    prediction = loaded(fitted)
    found, counts = prediction.predicted(known), expected_orders.counted(fitted.facts, known, 90)
    alone = repeat_spend.value(fitted.facts["repeating"], known, 90)
    assert found.orders is not None
    assert counts is not None
    assert alone is not None
    basket = alone.sum() / counts.sum()
    assert found.values.sum() / found.orders.sum() == pytest.approx(basket, rel=1e-6)


def test_no_orders_are_told_without_trees_that_say_who_buys_or_without_bgnbd(known: Customers, fitted: Fitted) -> None:
    boosters = lifetime_value.load(fitted)
    two_parts = replace(fitted, facts={**fitted.facts, "brought": [1.0] * 3})
    assert lifetime_value.predicted(two_parts, Boosters(boosters.spend), known).orders is None
    refused = replace(two_parts, facts={**two_parts.facts, "repeating": {"refused": "it does not converge"}})
    assert lifetime_value.predicted(refused, boosters, known).orders is None


def test_orders_change_who_comes_before_whom_and_leave_the_amounts_as_they_were(
    known: Customers, fitted: Fitted
) -> None:
    without = replace(fitted, facts={name: fact for name, fact in fitted.facts.items() if name != "order_worth"})
    plain, found = loaded(without).values(known), loaded(fitted).predicted(known)
    ranked, orders = found.values, found.orders
    assert orders is not None
    assert ranked.sum() == pytest.approx(plain.sum())
    tenths = np.arange(1, 10) / 10
    assert np.quantile(ranked, tenths) == pytest.approx(np.quantile(plain, tenths), rel=0.02)
    up = np.argsort(np.argsort(ranked)) > np.argsort(np.argsort(plain))
    assert (orders / plain)[up].mean() > (orders / plain)[~up].mean()


def test_one_question_to_the_trees_gives_value_and_orders_to_the_last_bit(
    known: Customers, fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    boosters, asked = lifetime_value.load(fitted), list[Any]()
    chance = trees.predict(boosters.buys, known)
    orders = expected_orders.expected(fitted.facts, known, chance, 90)
    ask = trees.predict

    def counted(booster: Any, customers: Customers, **given: Any) -> Array:
        asked.append(booster)
        return ask(booster, customers, **given)

    monkeypatch.setattr(trees, "predict", counted)
    found = lifetime_value.predicted(fitted, boosters, known)
    assert sorted(map(id, asked)) == sorted(map(id, (boosters.spend, boosters.buys, boosters.amount)))
    assert orders is not None
    assert found.orders is not None
    assert np.array_equal(found.orders, orders * fitted.facts["orders_brought"])
    assert np.array_equal(found.values, loaded(fitted).values(known))


def test_a_version_of_an_earlier_recipe_tells_orders_and_ranks_as_it_was_tested(
    known: Customers, fitted: Fitted
) -> None:
    earlier = {name: fact for name, fact in learned(known).facts.items() if name != expected_orders.IN_RANKING}
    found = settled(replace(fitted, facts=earlier), known)
    assert loaded(found).predicted(known).orders is not None
    assert "order_worth" not in found.facts


def test_a_customer_has_the_same_value_in_a_batch_alone_and_beyond_the_highest_place_it_grows(
    known: Customers, fitted: Fitted
) -> None:
    values = loaded(fitted).values(known)
    few = np.arange(len(values)) % 50 == 0
    assert loaded(fitted).values(known.rows(few)) == pytest.approx(values[few])
    highest = known.matrix[[int(values.argmax())]].copy()
    highest[:, [NAMES.index("net_amount_365d"), NAMES.index("net_amount")]] *= 5
    assert loaded(fitted).values(Customers(NAMES, highest))[0] > 1.5 * values.max()
