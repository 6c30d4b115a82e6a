"""Visits of the web shop: around web orders, while somebody looks around, and by strangers."""

import numpy as np
import pandas as pd

from synthetic.purchases import Purchases, Window
from synthetic.randomness import generator
from synthetic.season import calendar, days_between
from synthetic.settings import Plan

LOGGED_IN, STRANGERS, AFTER_LEAVING = 0.40, 0.20, 0.08
COOKIE_DAYS = 240


def visits(plan: Plan, persons: pd.DataFrame, bought: Purchases, window: Window) -> pd.DataFrame:
    """Visits of a window; `at` is -1 for strangers, `is_logged_in` tells whether the account is known."""
    chunk = int(persons["person"].iloc[0])
    rng = generator(plan.seed, "visits", chunk, window.number)
    orders = bought.orders
    web = orders[orders["is_web"] & (orders["kind"] == "sale")]
    with_order = web[["at", "day", "second", "order_id"]].assign(is_logged_in=True, has_basket=True)
    looks = _looking(rng, plan, persons, window)
    found = pd.concat([with_order, looks], ignore_index=True)
    size = len(found)
    found["visit_id"] = [f"V{chunk // 100:05d}{window.number:03d}{n:07d}" for n in range(size)]
    found["cookie"] = _cookies(rng, found, chunk, window)
    found["pages"] = 1 + rng.poisson(np.where(found["has_basket"], 9, 3), size)
    found["length"] = found["pages"] * rng.integers(8, 60, size)
    found["device"] = rng.choice(["mobile", "desktop", "tablet"], size, p=[0.6, 0.33, 0.07])
    return found


def _looking(rng: np.random.Generator, plan: Plan, persons: pd.DataFrame, window: Window) -> pd.DataFrame:
    seasons = calendar(plan.first_night, plan.days, plan.nights)
    joined = np.clip(persons["joined"].to_numpy(), window.first, window.end)
    left = np.clip(persons["dropped"].to_numpy(), joined, window.end)
    rate = plan.trade.visits_per_year / 365.25 * persons["web_share"].to_numpy() * 2
    rate = rate * np.sqrt(persons["order_rate"].to_numpy() * 365.25 / plan.trade.orders_per_year)
    parts = []
    for first, end, share in ((joined, left, 1.0), (left, np.full_like(left, window.end), AFTER_LEAVING)):
        at = np.repeat(np.arange(len(persons)), rng.poisson(share * rate * seasons.between(first, end)))
        parts.append(pd.DataFrame({"at": at, "day": days_between(rng, seasons, first[at], end[at])}))
    strangers = rng.integers(window.first, window.end, int(STRANGERS * len(parts[0])))
    parts.append(pd.DataFrame({"at": -1, "day": strangers}))
    found = pd.concat(parts, ignore_index=True)
    known = found["at"].to_numpy() >= 0
    found["second"] = rng.integers(6 * 3600, 86_000, len(found))
    found["is_logged_in"] = known & (rng.random(len(found)) < LOGGED_IN)
    found["has_basket"] = rng.random(len(found)) < 0.15
    return found.assign(order_id=None)


def _cookies(rng: np.random.Generator, found: pd.DataFrame, chunk: int, window: Window) -> list[str]:
    """A person keeps a cookie some months, on each of two devices; a stranger has a new one every time."""
    second_device = rng.integers(0, 4, len(found)) == 0
    period = (found["day"].to_numpy() + found["at"].to_numpy() * 37) // COOKIE_DAYS
    block = chunk // 100
    return [
        f"ck{block:05d}{at:04x}{p % 997:03d}{'b' if other else 'a'}" if at >= 0 else f"cs{block:05d}{window.number}{n}"
        for n, (at, p, other) in enumerate(zip(found["at"], period, second_device, strict=True))
    ]
