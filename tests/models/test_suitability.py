"""What speaks against a training is found, with its figure, and said in words that tell what would change it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models.calendar import Feed, Schedule, schedule
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Array, Customers, Model
from models.suitability import Finding, Suitability, single_feature_aucs, suitability
from models.training_set import Observed
from tests.models.observed_builder import NIGHT, Orders, observe, schedules_of, shop


def judged(
    orders: Orders, *, model: Model = CHURN, planned: Schedule | None = None, leak: Array | None = None
) -> Suitability:
    planned = planned or schedules_of(orders)["churn"]
    seen = observe(orders, {"churn": planned})
    outcome = model.outcome(seen.orders[planned.horizon_days], seen.spend[planned.horizon_days])
    return suitability(model, planned, seen if leak is None else with_leak(seen, outcome), outcome)


def with_leak(seen: Observed, outcome: Array) -> Observed:
    """The same customers with a column that somebody filled in once the outcome was known."""
    names = (*seen.customers.names, "loyalty_status_today")
    column = np.nan_to_num(outcome).astype(np.float32)[:, None]
    return replace(seen, customers=Customers(names, np.hstack([seen.customers.matrix, column])))


def finding(found: Suitability, check: str) -> Finding:
    return next(one for one in found.findings if check in one.check)


@pytest.mark.parametrize("model", [CHURN, LIFETIME_VALUE], ids=["churn", "value"])
def test_a_sound_shop_is_fit(model: Model) -> None:
    found = judged(shop(customers=900), model=model)
    assert (found.verdict, found.words) == ("fit", "fit")
    assert [one.verdict for one in found.findings] == ["fit"] * 7
    assert all(one.check and one.bar for one in found.findings)


def test_few_customers_limit_and_very_few_forbid() -> None:
    few = judged(shop(customers=200))
    assert few.verdict == "limited"
    assert few.words.startswith("fit with these limits: only ")
    none = judged(shop(customers=20))
    assert none.verdict == "not fit"
    assert "at least 50 are needed); more customers or older orders would change it" in none.words
    assert finding(none, "customers").value < finding(none, "customers").bar == 50


def test_a_short_history_says_when_it_will_be_long_enough() -> None:
    feed = Feed(NIGHT - timedelta(days=200), NIGHT)
    found = judged([], planned=schedule(90, feed, NIGHT))
    assert found.verdict == "not fit"
    assert f"long enough from {NIGHT + timedelta(days=10)} on" in found.words


def test_a_history_too_short_for_the_horizon_that_was_asked_for_is_a_limit() -> None:
    orders = shop(customers=900)
    planned = replace(schedules_of(orders)["churn"], wanted_days=365)
    found = judged(orders, planned=planned)
    assert found.verdict == "limited"
    assert "look 60 days ahead, not 365 (1550 days are needed)" in found.words


@pytest.mark.parametrize(("share", "verdict"), [(0.1, "not fit"), (0.5, "limited"), (0.9, "fit")])
def test_orders_that_are_nobodys_count_against_a_training(share: float, verdict: str) -> None:
    orders = shop(customers=900)
    planned = schedules_of(orders)["churn"]
    assert planned.feed is not None
    found = judged(orders, planned=replace(planned, feed=replace(planned.feed, with_customer=share)))
    assert (found.verdict, finding(found, "orders").value) == (verdict, share)
    assert f"{share:.0%} of the orders" in finding(found, "orders").words


def test_customers_who_almost_all_do_the_same_teach_nothing() -> None:
    faithful = [(f"c{n}", day, 20.0) for n in range(600) for day in range(1, 500, 20)]
    assert "did the same" in judged(faithful).words
    found = judged(leaving(faithful, each=5))
    assert found.verdict == "not fit"
    assert "only 5 of 600 customers from" in found.words
    assert "did other than most (at least 10); another churn.horizon_days" in found.words


@pytest.mark.parametrize(
    ("every", "verdict", "said"),
    [
        (30, "fit", ", and count as spending nothing"),
        (3, "limited", "see whether their purchases are missing, or amounts have the wrong sign"),
        (
            1,
            "not fit",
            "amounts look turned around; map order_amount of a sale as positive, of a return as negative",
        ),
    ],
)
def test_negative_spend_is_told_and_amounts_that_look_turned_around_forbid(every: int, verdict: str, said: str) -> None:
    orders = [(c, day, -amount if int(c[1:]) % every == 0 else amount) for c, day, amount in shop(customers=900)]
    found = finding(judged(orders, model=LIFETIME_VALUE), "gave back")
    assert found.verdict == verdict
    assert found.words.endswith(said)
    assert found.words.startswith(f"{found.value:.1%} of those with any spend gave back more than they bought")


def test_outcomes_that_are_rare_are_a_limit() -> None:
    faithful = [(f"c{n}", day, 20.0) for n in range(600) for day in range(1, 500, 20)]
    found = finding(judged(leaving(faithful, each=20)), "rarer")
    assert found.verdict == "limited"
    assert found.value < found.bar == 0.05


def leaving(orders: Orders, *, each: int) -> Orders:
    """The orders without those that some customers, others in each window, would have made after it began."""
    gone = {f"c{n}": 60 * (1 + n // each) for n in range(6 * each)}
    return [row for row in orders if row[1] > gone.get(row[0], 0) or row[1] <= gone.get(row[0], 0) - 60]


@pytest.mark.parametrize("model", [CHURN, LIFETIME_VALUE], ids=["churn", "value"])
def test_a_feature_that_tells_the_outcome_is_refused_by_name(model: Model) -> None:
    found = judged(shop(customers=900), model=model, leak=np.ones(1))
    assert found.verdict == "not fit"
    assert "loyalty_status_today alone tells the outcome" in found.words
    assert "take what it is made of out of the mapping" in found.words


def test_features_that_are_constant_or_unknown_for_all_are_named() -> None:
    orders = shop(customers=300)
    seen = observe(orders, {"churn": schedules_of(orders)["churn"]})
    rows = len(seen.customers.matrix)
    planted = np.column_stack([np.full(rows, np.nan), np.full(rows, 3.0), np.where(np.arange(rows) % 2, 3.0, np.nan)])

    def found(matrix: Array, *names: str) -> Finding:
        customers = Customers((*seen.customers.names[: matrix.shape[1] - len(names)], *names), matrix)
        planned = schedules_of(orders)["churn"]
        outcome = CHURN.outcome(seen.orders[planned.horizon_days], seen.spend[planned.horizon_days])
        return finding(suitability(CHURN, planned, replace(seen, customers=customers), outcome), "differ")

    some = np.hstack([seen.customers.matrix[:, :1], planted]).astype(np.float32)
    named = found(some, "rating_last", "stores_count", "tier_rank")
    assert (named.value, named.verdict) == (2, "fit")
    assert named.words == (
        "2 of 4 features differ between customers; constant or unknown for all: rating_last, stores_count"
    )
    nothing = found(planted[:, :2].astype(np.float32), "rating_last", "stores_count")
    assert (nothing.value, nothing.verdict) == (0, "not fit")
    assert nothing.words == "no feature differs between customers: there is nothing to learn from"


def test_the_strength_of_one_feature_is_counted_by_pairs() -> None:
    drawn = np.random.default_rng(3)
    happened = drawn.uniform(size=60) < 0.4
    columns = [drawn.integers(0, 5, 60), happened, ~happened, np.where(happened, np.nan, 1.0), np.full(60, 7.0)]
    matrix = np.column_stack(columns).astype(np.float32)
    found = single_feature_aucs(Customers(tuple("abcde"), matrix), happened)
    assert found == pytest.approx([by_pairs(matrix[:, 0], happened), 1, 1, 1, 0.5])


def by_pairs(values: Array, happened: Array) -> float:
    pairs = [(values[a], values[b]) for a in np.flatnonzero(happened) for b in np.flatnonzero(~happened)]
    share = sum(1.0 if it > other else 0.5 if it == other else 0.0 for it, other in pairs) / len(pairs)
    return max(share, 1 - share)
