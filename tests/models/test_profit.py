"""What contacting those likeliest to leave would have earned."""

import numpy as np
import pytest

from models.model import Customers
from models.profit import at_stake, best, curve
from models.settings import ChurnSettings

COSTS = ChurnSettings(contact_costs=2, contact_keeps=0.5)


def test_profit_is_half_of_what_leavers_would_have_spent_less_the_contacts() -> None:
    left = np.tile([1.0, 0.0], 20)
    rows = curve(left, left, np.full(40, 10.0), COSTS)
    assert rows.shape == (20, 5)
    assert rows[0] == pytest.approx([0.05, 2, 2 * 10 * 0.5, 2 * 2, 6])
    assert rows[-1] == pytest.approx([1, 40, 20 * 10 * 0.5, 40 * 2, 20])
    assert best(rows) == pytest.approx((0.5, 60))


def test_the_order_of_customers_who_are_predicted_alike_decides_nothing() -> None:
    left, stake = np.array([1.0] * 10 + [0.0] * 30), np.full(40, 10.0)
    there, back = (curve(left[way], np.full(40, 0.5), stake, COSTS) for way in (slice(None), slice(None, None, -1)))
    assert there == pytest.approx(back)
    assert there[:, 2] == pytest.approx(there[:, 0] * 50)


def test_where_every_contact_loses_nobody_is_contacted() -> None:
    assert best(curve(np.zeros(40), np.linspace(0, 1, 40), np.full(40, 10.0), COSTS)) == (0.0, 0.0)


def test_at_stake_is_last_years_spend_brought_to_the_horizon_and_never_negative() -> None:
    spent = Customers(("net_amount_365d",), np.array([[365.0], [-20.0], [np.nan]]))
    found = at_stake(spent, 60)
    assert found is not None
    assert found.tolist() == [60, 0, 0]
    assert at_stake(Customers(("orders_count",), np.ones((1, 1))), 60) is None
