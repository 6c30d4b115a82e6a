"""Half windows: newer nights teach too, and none of them looks past what is known."""

from datetime import timedelta

import numpy as np

from models import churn
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.predict import loaded
from models.sooner import half, sooner, sooner_nights
from models.training_set import EPOCH
from tests.models.observed_builder import HORIZON, NIGHT, observe, schedules_of, shop


def test_a_half_window_closes_with_the_whole_one_that_it_stands_beside() -> None:
    for horizon in (45, 60, 90, 365):
        for whole, newer in zip((NIGHT,), sooner_nights((NIGHT,), horizon), strict=True):
            assert newer + timedelta(days=half(horizon)) == whole + timedelta(days=horizon)


def test_half_windows_need_a_single_night_that_whole_ones_do_not() -> None:
    grid = [NIGHT - timedelta(days=45 + 22 * number) for number in range(6)]
    assert len(set(sooner_nights(grid, 45)) - set(grid)) == 1


def test_churn_learns_of_half_windows_that_are_closed_and_value_of_none() -> None:
    orders = shop()
    schedules = schedules_of(orders)
    plan, seen = schedules["churn"].plan, observe(orders, schedules)
    assert plan is not None
    known = NIGHT - timedelta(days=HORIZON)
    for nights in (plan.final, (known, *plan.final)):
        newer = sooner(CHURN, seen, nights, HORIZON)
        assert newer is not None
        assert not np.isnan(newer.outcome).any()
    assert sooner(LIFETIME_VALUE, seen, plan.final, HORIZON) is None
    half_closed = seen.on(sooner_nights(plan.final, HORIZON))
    assert seen.nights[half_closed].max() + half(HORIZON) <= (NIGHT - EPOCH).days
    assert sooner(CHURN, seen, [NIGHT], HORIZON) is None


def test_half_windows_change_what_is_told_and_keep_its_spread() -> None:
    orders = shop(customers=120)
    schedules = schedules_of(orders)
    plan, seen = schedules["churn"].plan, observe(orders, schedules)
    assert plan is not None
    rows = seen.on(plan.final)
    customers, left = seen.customers.rows(rows), CHURN.outcome(seen.orders[HORIZON], seen.spend[HORIZON])[rows]
    whole = CHURN.fit(customers, left, HORIZON)
    both = CHURN.fit(customers, left, HORIZON, sooner=sooner(CHURN, seen, plan.final, HORIZON))
    assert (len(churn.load(whole)), len(churn.load(both))) == (1, 2)
    told = [loaded(fitted).values(customers) for fitted in (whole, both)]
    assert not np.allclose(told[0], told[1])
    odds = [np.log(said / (1 - said)) for said in told]
    assert abs(odds[0].mean() - odds[1].mean()) < 0.2
    assert 0.8 < odds[1].std() / odds[0].std() <= 1.05
