"""What could be known at best of the fictional retailer's customers from their purchases alone.

The posterior of a Pareto/NBD process with season whose population parameters are known: gamma rates of buying and of
dropping out, a uniform first day as a customer, all integrated in closed form but the days of joining and leaving,
which are summed over a grid.
Source: Schmittlein, Morrison and Colombo (1987); the generator's own parameters in synthetic.settings.Trade.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from models.model import Array
from synthetic.catalogue import assortment
from synthetic.people import EARLIER, TASTES
from synthetic.purchases import MEAN_PIECES
from synthetic.season import Calendar, calendar
from synthetic.settings import Plan

STEP = 10
"""Days between the points of the grid."""
EXTRA_SHAPE, WEB_PRIOR = 2.0, (0.8, 1.2)


@dataclass(frozen=True)
class Seen:
    """Sales before the night by customer: how many orders, the first and last day; sorted by `customer`.

    Units: days count from the retailer's first night.
    """

    customer: Array
    count: Array
    first: Array
    last: Array


@dataclass(frozen=True)
class Outlook:
    """Per customer of `Seen`: the probability of no order in the horizon, and expected orders at the season's price."""

    no_order: Array
    orders: Array


def seen_before(sales: pd.DataFrame, night: int) -> Seen:
    """What the purchases before the night tell (columns: person, day)."""
    each = sales[sales["day"] < night].groupby("person")["day"].agg(["size", "min", "max"])
    return Seen(each.index.to_numpy(), *(each[name].to_numpy() for name in ("size", "min", "max")))


def outlook(plan: Plan, seen: Seen, night: int, horizon_days: int) -> Outlook:
    """The posterior of each customer, given what was seen before the night."""
    process = _Process(plan, calendar(plan.first_night, plan.days, plan.nights), night, night + horizon_days)
    found = [process.of(*one) for one in zip(seen.count, seen.first, seen.last, strict=True)]
    none, orders = np.array(found).T
    return Outlook(none, orders)


def order_value(plan: Plan, seen: Seen, lines: pd.DataFrame, sales: pd.DataFrame, night: int) -> Array:
    """Expected value of an order at full price in euros, net of what comes back, given the lines and channels seen.

    Shape: lines have person, day, product_id (sales alone); sales have person, day, is_web.
    """
    past, orders = lines[lines["day"] < night], sales[sales["day"] < night]
    bought = past.groupby("person").size().reindex(seen.customer, fill_value=0).to_numpy()
    web = orders.groupby("person")["is_web"].sum().reindex(seen.customer, fill_value=0).to_numpy()
    extra = (EXTRA_SHAPE + bought - seen.count) / (EXTRA_SHAPE / plan.trade.extra_lines + seen.count)
    on_web = (WEB_PRIOR[0] + web) / (sum(WEB_PRIOR) + seen.count)
    kept = 1 - (on_web * plan.trade.return_web + (1 - on_web) * plan.trade.return_till)
    value: Array = (1 + extra) * MEAN_PIECES * _price(plan, seen, past) * kept
    return value


def _price(plan: Plan, seen: Seen, past: pd.DataFrame) -> Array:
    """Posterior mean of the list price of an article, over the levels of taste."""
    goods = assortment(plan.seed)
    place: Mapping[str, int] = {name: at for at, name in enumerate(goods.products["product_id"])}
    row = np.searchsorted(seen.customer, past["person"].to_numpy())
    each = np.log(goods.chance).T[past["product_id"].map(place).to_numpy()]
    likelihood = np.zeros((len(seen.customer), TASTES))
    np.add.at(likelihood, row, each)
    steps = norm.cdf((np.arange(1, TASTES) - TASTES / 2) / (TASTES / 5))
    likelihood += np.log(np.diff(np.concatenate([[0.0], steps, [1.0]])))
    chance = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    price: Array = (chance / chance.sum(axis=1, keepdims=True)) @ goods.mean_price
    return price


@dataclass(frozen=True)
class _Process:
    plan: Plan
    seasons: Calendar
    night: int
    end: int

    def of(self, count: int, first: int, last: int) -> tuple[float, float]:
        """Probability of no order from the night to the end, and expected orders weighted with the season's price."""
        start, trade = -self.plan.days, self.plan.trade
        joined = np.arange(first, start - EARLIER - 1, -STEP)[:, None]
        begun = self._until(np.maximum(joined, start))
        power = -(count + trade.order_rate_shape)
        scale = trade.order_rate_shape * 365.25 / trade.orders_per_year
        today = scale + self._until(self.night) - begun
        unit = today.min()
        leaves = np.append(np.arange(last + 1, self.end, STEP), self.end)[None, :]
        middle = (leaves[:, :-1] + leaves[:, 1:]) // 2
        mass = self._stays(leaves[:, :-1] - joined) - self._stays(leaves[:, 1:] - joined)
        silent = mass * ((scale + self._until(np.maximum(middle, last + 1)) - begun) / unit) ** power
        gone = silent[:, middle[0] < self.night].sum()
        alive = (self._stays(self.night - joined) * (today / unit) ** power).sum()
        to_end = (scale + self._until(self.end) - begun) / unit
        none = silent.sum() + (self._stays(self.end - joined) * to_end**power).sum()
        rate = -power * (today / unit) ** power / today
        days = range(self.night, self.end, STEP)
        weight = np.array([self._priced(day, min(day + STEP, self.end)) for day in days])
        orders = (rate * (self._stays(np.array(days)[None, :] + STEP // 2 - joined) @ weight)[:, None]).sum()
        return none / (gone + alive), orders / (gone + alive)

    def _stays(self, days: Array) -> Array:
        """Chance that a customer of so many days has not dropped out."""
        trade = self.plan.trade
        scale = trade.dropout_shape * 365.25 / trade.dropout_per_year
        found: Array = (scale / (scale + np.maximum(days - 1, 0))) ** trade.dropout_shape
        return found

    def _until(self, day: Array | int) -> Array:
        found: Array = self.seasons.until[np.asarray(day) - self.seasons.start]
        return found

    def _priced(self, first: int, end: int) -> float:
        days = np.arange(first, end) - self.seasons.start
        return float((self.seasons.weight[days] * self.seasons.price[days]).sum())
