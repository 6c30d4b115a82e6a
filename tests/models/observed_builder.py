"""Customers observed without Spark: the features that matter, computed from orders in plain numpy."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from models.calendar import Schedule, schedule
from models.calendar import feed as feed_of
from models.model import Array, Customers
from models.sooner import half, sooner_nights
from models.training_set import EPOCH, Observed

NIGHT = date(2024, 6, 1)
HORIZON = 60
NAMES = (
    "days_since_last_order", "days_since_first_order", "orders_count", "orders_count_365d", "net_amount",
    "net_amount_365d", "inter_purchase_days_mean", "overdue_ratio",
)  # fmt: skip
Orders = list[tuple[str, int, float]]
"""(customer, days before NIGHT, amount)."""


def shop(*, customers: int = 300, days: int = 500, seed: int = 1) -> Orders:
    """Half buy every week and half every two months, baskets of their own, and everybody may drop out for good.

    So silence alone tells little (the slow ones are silent anyway), but silence against the own pace tells much.
    """
    drawn = np.random.default_rng(seed)
    pace = np.where(drawn.uniform(size=customers) < 0.5, 7.0, 45.0)
    basket, leaves = drawn.gamma(3, 20, customers) + 5, np.where(pace < 20, 0.02, 0.08)
    rows = []
    for customer in range(customers):
        day = days - drawn.uniform(0, 250)
        while day >= 1:
            rows.append((f"c{customer}", int(day), round(float(basket[customer] * drawn.gamma(8, 1 / 8)), 2)))
            if drawn.uniform() < leaves[customer]:
                break
            day -= pace[customer] * drawn.uniform(0.6, 1.4)
    return rows


def coin_tosses(*, customers: int = 300, days: int = 500, seed: int = 2) -> Orders:
    """Customers who are all alike: nothing can be learned."""
    drawn = np.random.default_rng(seed)
    return [
        (f"c{drawn.integers(customers)}", int(drawn.integers(1, days + 1)), float(drawn.integers(10, 90)))
        for _ in range(customers * 7)
    ]


def schedules_of(orders: Orders) -> dict[str, Schedule]:
    """The schedules of both models for these orders."""
    volume: dict[date, int] = {}
    for _, ago, _ in orders:
        volume[NIGHT - timedelta(days=ago)] = volume.get(NIGHT - timedelta(days=ago), 0) + 1
    made = schedule(HORIZON, feed_of(list(volume.items()), NIGHT), NIGHT)
    return {"churn": made, "lifetime_value": made}


def observe(orders: Orders, schedules: Mapping[str, Schedule]) -> Observed:
    """What training would see of these orders."""
    planned = schedules["churn"]
    horizons = (planned.horizon_days, half(planned.horizon_days))
    nights = {NIGHT, *planned.labelled, *(planned.plan.nights if planned.plan else ())}
    nights |= {*sooner_nights(planned.plan.final, planned.horizon_days)} if planned.plan else set()
    rows = [row for night in sorted(nights) for row in _on(night, orders, horizons)]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES) + 5)
    ordinals, labels = table[:, 0], table[:, -4:]
    bought: dict[int, Array] = {}
    spent: dict[int, Array] = {}
    for place, horizon in enumerate(horizons):
        is_open = ordinals + horizon > (NIGHT - EPOCH).days
        bought[horizon], spent[horizon] = (np.where(is_open, np.nan, labels[:, 2 * place + n]) for n in (0, 1))
    return Observed(Customers(NAMES, table[:, 1:-4].astype(np.float32)), ordinals, bought, spent)


def _on(night: date, orders: Orders, horizons: tuple[int, ...]) -> list[list[float]]:
    ago = (NIGHT - night).days
    before: dict[str, list[tuple[int, float]]] = {}
    after: dict[str, list[tuple[int, float]]] = {}
    for customer, days, amount in orders:
        if days > ago:
            before.setdefault(customer, []).append((days - ago, amount))
        else:
            after.setdefault(customer, []).append((ago - days, amount))

    def came(customer: str) -> list[float]:
        each = [[amount for day, amount in after.get(customer, []) if day < horizon] for horizon in horizons]
        return [figure for amounts in each for figure in (len(amounts), sum(amounts))]

    return [[(night - EPOCH).days, *_features(past), *came(c)] for c, past in sorted(before.items())]


def _features(past: list[tuple[int, float]]) -> list[float]:
    days: Array = np.array([day for day, _ in past])
    amounts: Array = np.array([amount for _, amount in past])
    last, first, year = days.min(), days.max(), days <= 365
    gap = (first - last) / (len(days) - 1) if len(days) > 1 and first > last else np.nan
    return [last, first, len(days), year.sum(), amounts.sum(), amounts[year].sum(), gap, last / gap]
