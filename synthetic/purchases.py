"""Orders, lines and returns of a chunk of persons in one window of days."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthetic.catalogue import assortment, pound_rates, stores
from synthetic.people import NEVER
from synthetic.randomness import generator
from synthetic.season import SALE_REDUCTION, SALE_SHARE, Calendar, calendar, days_between
from synthetic.settings import Plan

PIECES = (0.80, 0.14, 0.06)
RECEIPT_LOST = 0.2
MEAN_PIECES = PIECES[0] + 2 * PIECES[1] + 3 * PIECES[2]


@dataclass(frozen=True)
class Window:
    """The days first <= day < end that become known between two nights; number 0 is the whole history."""

    number: int
    first: int
    end: int

    def nights(self, days: Any) -> NDArray[np.int64]:
        """The night whose file holds what happened on each day: the one after, and none before this window's."""
        found: NDArray[np.int64] = np.maximum(self.number, np.asarray(days) + 1)
        return found


@dataclass(frozen=True)
class Purchases:
    """Orders (sales and returns) and their lines.

    Units: `day` and `second` are local to the retailer; amounts are in the order's currency.
    """

    orders: pd.DataFrame
    lines: pd.DataFrame


def windows(plan: Plan) -> list[Window]:
    """The history, then one window per later night: night n knows the days before day n."""
    return [Window(0, -plan.days, 0), *(Window(night, night - 1, night) for night in range(1, plan.nights))]


def purchases(plan: Plan, persons: pd.DataFrame, window: Window, response: pd.DataFrame) -> Purchases:
    """What the persons buy in a window, and what they return of it (later).

    Reads: response has `at` and `day` of the extra orders that messages caused in the window.
    """
    chunk = int(persons["person"].iloc[0])
    rng = generator(plan.seed, "orders", chunk, window.number)
    seasons = calendar(plan.first_night, plan.days, plan.nights)
    own = _own_orders(rng, seasons, persons, window)
    orders = pd.concat([own, response[["at", "day", "message_id"]]], ignore_index=True)
    _placed(rng, orders, persons, window, chunk)
    lines = _lines(generator(plan.seed, "lines", chunk, window.number), plan, orders, persons, seasons)
    returns, returned = _returns(generator(plan.seed, "returns", chunk, window.number), plan, orders, lines)
    orders["amount"] = lines.groupby("order", sort=True)["amount"].sum().round(2).to_numpy()
    orders["discount"] = lines.groupby("order", sort=True)["discount"].sum().round(2).to_numpy()
    return Purchases(pd.concat([orders, returns], ignore_index=True), pd.concat([lines, returned], ignore_index=True))


def _own_orders(rng: np.random.Generator, seasons: Calendar, persons: pd.DataFrame, window: Window) -> pd.DataFrame:
    first = np.clip(persons["joined"].to_numpy(), window.first, window.end)
    end = np.clip(np.minimum(persons["dropped"].to_numpy(), window.end), first, None)
    expected = persons["order_rate"].to_numpy() * seasons.between(first, end)
    at = np.repeat(np.arange(len(persons)), rng.poisson(expected))
    return pd.DataFrame({"at": at, "day": days_between(rng, seasons, first[at], end[at]), "message_id": ""})


def _placed(rng: np.random.Generator, orders: pd.DataFrame, persons: pd.DataFrame, window: Window, chunk: int) -> None:
    size, at = len(orders), orders["at"].to_numpy()
    is_web = rng.random(size) < persons["web_share"].to_numpy()[at]
    orders["order"] = np.arange(size)
    orders["is_web"] = is_web
    opening = rng.integers(9 * 3600, 20 * 3600, size)
    orders["second"] = np.where(is_web, rng.integers(6 * 3600, 24 * 3600, size), opening)
    orders["store"] = np.where(is_web, -1, _store(rng, persons["region"].to_numpy()[at], at + chunk))
    shops = stores()
    abroad = shops["currency"].to_numpy()[orders["store"]] == "GBP"
    british = persons["country"].to_numpy()[at] == "GB"
    orders["currency"] = np.where(np.where(is_web, british, abroad), "GBP", "EUR").astype(object)
    orders["kind"], orders["returns"] = "sale", None
    orders["order_id"] = _ids(orders, shops, window.number, chunk)


def _store(rng: np.random.Generator, region: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """The home store of a person in 85 of 100 tickets, else any store of the region; abroad now and then."""
    place = stores()["region"].to_numpy()
    start, count = np.searchsorted(place, np.arange(4)), np.bincount(place)
    travels = rng.random(len(region)) < 0.02
    where = np.where(travels, rng.integers(0, 4, len(region)), region)
    home = number * 2_654_435_761 % 1_000_003 % count[where]
    elsewhere = (rng.random(len(region)) * count[where]).astype(np.int64)
    chosen: NDArray[np.int64] = start[where] + np.where(rng.random(len(region)) < 0.85, home, elsewhere)
    return chosen


def _ids(orders: pd.DataFrame, shops: pd.DataFrame, window: int, chunk: int) -> NDArray[np.object_]:
    till = shops["store_id"].to_numpy()
    block = chunk // 100 * 1_000 + window
    rows = zip(orders["is_web"], orders["store"], orders["order"], strict=True)
    return np.array(
        [f"W{block:07d}{n:06d}" if web else f"{till[store]}-{block:07d}{n:06d}" for web, store, n in rows], object
    )


def _lines(
    rng: np.random.Generator, plan: Plan, orders: pd.DataFrame, persons: pd.DataFrame, seasons: Calendar
) -> pd.DataFrame:
    at, days = orders["at"].to_numpy(), orders["day"].to_numpy()
    count = 1 + rng.poisson(persons["extra_lines"].to_numpy()[at])
    order = np.repeat(np.arange(len(orders)), count)
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    goods = assortment(plan.seed)
    product = goods.draw(rng, persons["taste"].to_numpy()[at[order]])
    pieces = 1 + rng.choice(3, len(order), p=PIECES)
    gross = goods.products["list_price"].to_numpy()[product] * pieces
    on_sale = (seasons.price[days[order] - seasons.start] < 1) & (rng.random(len(order)) < SALE_SHARE)
    rate = np.where(orders["currency"].to_numpy()[order] == "GBP", _pounds(plan, days[order]), 1.0)
    discount = np.where(on_sale, gross * SALE_REDUCTION, 0.0)
    return pd.DataFrame(
        {
            "order": order,
            "order_id": orders["order_id"].to_numpy()[order],
            "line": np.arange(len(order)) - start[order] + 1,
            "product_id": goods.products["product_id"].to_numpy()[product],
            "quantity": pieces,
            "discount": np.round(discount / rate, 2),
            "amount": np.round((gross - discount) / rate, 2),
            "kind": "sale",
        }
    )


def _pounds(plan: Plan, day: NDArray[np.int64]) -> NDArray[np.float64]:
    return pound_rates(plan.seed, plan.days, plan.nights)[day + plan.days]


def _returns(
    rng: np.random.Generator, plan: Plan, orders: pd.DataFrame, lines: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whole lines brought back 3 to 30 days later, one return per order, with negative lines of its own."""
    is_web = orders["is_web"].to_numpy()[lines["order"]]
    comes_back = rng.random(len(lines)) < np.where(is_web, plan.trade.return_web, plan.trade.return_till)
    back = lines[comes_back].assign(kind="return")
    back[["quantity", "amount", "discount"]] *= -1
    places = np.unique(back["order"])
    returns = orders.iloc[places].copy()
    returns["returns"], returns["kind"] = returns["order_id"], "return"
    returns["order_id"] = returns["order_id"] + "R"
    back["order_id"] = back["order_id"] + "R"
    returns["day"] += rng.integers(3, 31, len(returns))
    returns["second"] = rng.integers(9 * 3600, 20 * 3600, len(returns))
    returns["message_id"] = ""
    lost = (returns["store"] >= 0).to_numpy() & (rng.random(len(returns)) < RECEIPT_LOST)
    returns.loc[lost, "returns"] = None
    for column in ("amount", "discount"):
        returns[column] = back.groupby("order", sort=True)[column].sum().round(2).to_numpy()
    return returns, back


def expected_order_value(plan: Plan, persons: pd.DataFrame) -> NDArray[np.float64]:
    """Expected value of one order in euros at full price, net of what will be returned."""
    lines = 1 + persons["extra_lines"].to_numpy()
    web = persons["web_share"].to_numpy()
    kept = 1 - (web * plan.trade.return_web + (1 - web) * plan.trade.return_till)
    price = assortment(plan.seed).mean_price[persons["taste"].to_numpy()]
    value: NDArray[np.float64] = lines * price * MEAN_PIECES * kept
    return value


def is_gone(persons: pd.DataFrame, day: int) -> NDArray[np.bool_]:
    """Whether each person had dropped out before a day."""
    gone: NDArray[np.bool_] = (persons["dropped"].to_numpy() <= day) & (persons["dropped"].to_numpy() < NEVER)
    return gone
