"""Facts about customers in words: one phrase per feature that a reason may rest on, holding that feature's own value.

The facts are dated ("last order on 12 March 2019"), so that a reason does not change while nothing happens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np

from features.feature_group import WINDOWS
from models.model import Array, Customers

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WHOLE_FROM = 100_000
"""From this amount on without cents: the models' numbers of 32 bits do not hold them."""

OPEN_DAYS = 3650
"""A subscription that is agreed for so long has no end of its own."""


@dataclass(frozen=True)
class Seen:
    """Some rows of the customers of a night, as the phrases read them.

    Units: currency is the retailer's, as its file names it; amounts stand alone where it is empty.
    """

    customers: Customers
    rows: Array
    night: date
    currency: str = ""

    def each(self, name: str, said: Callable[[float], str], unknown: str = "") -> list[str]:
        """A feature of every row in words; every different value is put into words once."""
        values = np.full(len(self.rows), np.nan)
        if name in self.customers.names:
            values = self.customers.matrix[self.rows, self.customers.names.index(name)].astype(np.float64)
        different, place = np.unique(values, return_inverse=True)
        words = [unknown if value != value else said(value) for value in different.tolist()]
        return [words[at] for at in place.tolist()]

    def day(self, name: str, said: str = "{}", unknown: str = "") -> list[str]:
        """The day so many days before the night."""
        return self.each(name, lambda ago: said.format(dated(self.night - timedelta(days=int(ago)))), unknown)

    def money(self, value: float) -> str:
        """An amount with its currency."""
        amount = f"{value:,.2f}" if abs(value) < WHOLE_FROM else f"{value:,.0f}"
        return f"{amount} {self.currency}".rstrip()


Phrase = Callable[[Seen], list[str]]


def counted(number: float, one: str, many: str = "") -> str:
    """So many of something: "no order", "1 order", "1,200 orders"."""
    whole = round(number)
    return f"no {one}" if whole == 0 else f"{whole:,} {one if whole == 1 else many or one + 's'}"


def dated(day: date) -> str:
    """The day in words, as 12 March 2019."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")


def _count(name: str, one: str, rest: str, many: str = "") -> Phrase:
    return lambda seen: seen.each(name, lambda n: f"{counted(n, one, many)} {rest}", f"no {one} {rest}")


def _subscription(night: date, left: int) -> str:
    if left >= OPEN_DAYS:
        return "subscription runs until it is cancelled"
    return f"subscription {'ended on' if left < 0 else 'runs until'} {dated(night + timedelta(days=left))}"


def _times(name: str, said: str, never: str, when: str) -> Phrase:
    def words(number: float) -> str:
        return f"{said.format(counted(number, 'time')) if round(number) else never} {when}".rstrip()

    return lambda seen: seen.each(name, words, f"{never} {when}".rstrip())


def _rate(name: str, rest: str, unknown: str) -> Phrase:
    return lambda seen: seen.each(name, lambda share: f"{_percent(share)} {rest}", unknown)


def _spent(name: str, when: str) -> Phrase:
    def said(seen: Seen, net: float) -> str:
        if net < 0:
            return f"gave back {seen.money(-net)} more than was bought {when}"
        return f"spent {seen.money(net)} {when}, returns taken off" if net else f"spent nothing {when}"

    return lambda seen: seen.each(name, lambda net: said(seen, net), f"spent nothing {when}")


def _money(name: str, said: str, unknown: str) -> Phrase:
    return lambda seen: seen.each(name, lambda amount: said.format(seen.money(amount)), unknown)


def _basket(name: str, what: str, when: str) -> Phrase:
    unknown = f"no order {when}".rstrip()
    return lambda seen: seen.each(name, lambda amount: f"{what} of {seen.money(amount)} {when}".rstrip(), unknown)


def _dated(name: str, said: str, unknown: str) -> Phrase:
    return lambda seen: seen.day(name, said, unknown)


def _windowed(days: int) -> dict[str, Phrase]:
    when = f"in the last {days} days"
    return {
        f"orders_count_{days}d": _count(f"orders_count_{days}d", "order", when),
        f"net_amount_{days}d": _spent(f"net_amount_{days}d", when),
        f"gross_amount_{days}d": _money(f"gross_amount_{days}d", "bought for {} " + when, f"bought nothing {when}"),
        f"basket_mean_{days}d": _basket(f"basket_mean_{days}d", "mean order", when),
        f"basket_spread_{days}d": _money(
            f"basket_spread_{days}d", f"orders {when} differ by {{}} around their mean", f"{TOO_FEW} {when}"
        ),
    }


def _recency(seen: Seen) -> list[str]:
    last = seen.day("days_since_last_order", "last order on {}", "no order known")
    usual = seen.each(
        "inter_purchase_days_mean", lambda days: f", usually every {counted(days, 'day')}" if round(days) else ""
    )
    return [one + other for one, other in zip(last, usual, strict=True)]


def _again(seen: Seen) -> list[str]:
    days = seen.each("repeat_purchase_days_count", lambda n: f"bought again on {counted(n, 'day')}" if round(n) else "")
    since, only = (seen.day("days_since_first_order", words) for words in (" since the first order on {}", ", {}"))
    # Said so that it can stand for more and for less: soon after it, one order promises more than it does later.
    return [
        f"{many}{whole}" if many else f"ordered on one day only{day}"
        for many, whole, day in zip(days, since, only, strict=True)
    ]


def _trend(seen: Seen) -> list[str]:
    lately = seen.each("orders_count_90d", lambda n: counted(n, "order"), "no order")
    year = seen.each("orders_count_365d", lambda n: f"{round(n):,}", "0")
    return [f"{few} in the last 90 days, {all_} in the last 365" for few, all_ in zip(lately, year, strict=True)]


def _rhythm(seen: Seen) -> list[str]:
    usual = seen.each("inter_purchase_days_mean", lambda days: f"orders every {counted(days, 'day')}", "no usual gap")
    spread = seen.each("inter_purchase_days_spread", lambda days: f", give or take {round(days):,}")
    return [one + other for one, other in zip(usual, spread, strict=True)]


def _spend_trend(seen: Seen) -> list[str]:
    lately = seen.each("net_amount_90d", lambda net: f"{seen.money(net)} in the last 90 days", "nothing lately")
    year = seen.each("net_amount_365d", lambda net: f"spent {seen.money(net)} in the last 365 days", "spent nothing")
    return [f"{whole}, of which {part}" for whole, part in zip(year, lately, strict=True)]


def _lifetime(seen: Seen) -> list[str]:
    first = seen.day("days_since_first_order", "first order on {}", "no order known")
    last = seen.day("days_since_last_order", ", last on {}")
    return [one + other for one, other in zip(first, last, strict=True)]


def _channel(seen: Seen) -> list[str]:
    web = seen.each("web_orders_rate", _percent, "0 %")
    store = seen.each("store_orders_rate", _percent, "0 %")
    return [f"{one} of the orders on the web, {other} in stores" for one, other in zip(web, store, strict=True)]


def _rating(seen: Seen) -> list[str]:
    rating = seen.each("rating_last", lambda stars: f"last rating {stars:.3g} of 5")
    day = seen.day("days_since_last_rating", " on {}")
    return [one + other if one else "no rating known" for one, other in zip(rating, day, strict=True)]


YEAR, QUARTER = "in the last 365 days", "in the last 90 days"
TOO_FEW = "too few orders to differ"
NO_MESSAGE = f"no message sent {YEAR}"
PHRASES: Mapping[str, Phrase] = MappingProxyType(
    {
        **{name: phrase for days in WINDOWS for name, phrase in _windowed(days).items()},
        "orders_count": _count("orders_count", "order", "in all"),
        "net_amount": _spent("net_amount", "in all"),
        "gross_amount": _money("gross_amount", "bought for {} in all", "bought nothing"),
        "basket_mean": _basket("basket_mean", "mean order", ""),
        "basket_max": _basket("basket_max", "largest order", ""),
        "orders_count_same_season": _count("orders_count_same_season", "order", "in these weeks a year ago"),
        "net_amount_same_season": _spent("net_amount_same_season", "in these weeks a year ago"),
        "year_end_orders_rate": _rate("year_end_orders_rate", "of the orders in November or December", "no order"),
        "weekend_orders_rate": _rate("weekend_orders_rate", "of the orders on a Saturday or Sunday", "no order known"),
        "basket_spread": _money("basket_spread", "orders differ by {} around their mean", TOO_FEW),
        "days_since_last_order": _recency,
        "inter_purchase_days_spread": _rhythm,
        "net_amount_trend_ratio": _spend_trend,
        "orders_trend_ratio": _trend,
        "returns_rate": _rate("returns_rate", "of the money spent was given back", "nothing given back"),
        "discount_rate": _rate("discount_rate", "discount on what was bought", "no discount known"),
        "web_orders_rate": _channel,
        "main_store_rate": _rate("main_store_rate", "of the orders in stores in one and the same", "no store known"),
        "stores_count": _count("stores_count", "store", "bought in"),
        "repeat_purchase_days_count": _again,
        "first_to_last_order_days": _lifetime,
        "days_to_contract_end": lambda seen: seen.each(
            "days_to_contract_end",
            lambda left: _subscription(seen.night, int(left)),
            "no subscription is running",
        ),
        "contracts_count": _count("contracts_count", "subscription", "begun or renewed"),
        "days_since_first_order": _dated("days_since_first_order", "first order on {}", "no order known"),
        "categories_count": _count("categories_count", "category", "bought from", "different categories"),
        "products_count": _count("products_count", "article", "bought ever", "different articles"),
        "products_count_365d": _count("products_count_365d", "article", f"bought {YEAR}", "different articles"),
        "visits_count_30d": _count("visits_count_30d", "visit", "in the last 30 days"),
        "visits_count_90d": _count("visits_count_90d", "visit", QUARTER),
        "visits_count_365d": _count("visits_count_365d", "visit", YEAR),
        "days_since_last_visit": _dated("days_since_last_visit", "last visit on {}", "no visit known"),
        "pages_mean_90d": lambda seen: seen.each(
            "pages_mean_90d", lambda pages: f"{pages:.1f} pages a visit {QUARTER}", f"no visit {QUARTER}"
        ),
        "baskets_abandoned_count_30d": _count(
            "baskets_abandoned_count_30d", "basket", "left behind in the last 30 days"
        ),
        "visits_with_order_rate": _rate("visits_with_order_rate", "of the visits ended in an order", "no visit known"),
        "points_balance": _count("points_balance", "point", "on the card"),
        "points_expiring_90d": _count("points_expiring_90d", "point", "on the card to lapse in the next 90 days"),
        "tier_rank": lambda seen: seen.each("tier_rank", lambda n: f"level {round(n)} on the card", "no level known"),
        "days_since_tier_change": _dated(
            "days_since_tier_change", "level of the card changed on {}", "level of the card never changed"
        ),
        "points_earned_90d": _count("points_earned_90d", "point", f"earned {QUARTER}"),
        "points_earned_365d": _count("points_earned_365d", "point", f"earned {YEAR}"),
        "points_burned_365d": _count("points_burned_365d", "point", f"spent {YEAR}"),
        "burns_count_365d": _times("burns_count_365d", "spent points {}", "spent no points", YEAR),
        "days_since_last_movement": _dated(
            "days_since_last_movement", "points last moved on {}", "no loyalty points known"
        ),
        "messages_sent_count_90d": _count("messages_sent_count_90d", "message", f"sent {QUARTER}"),
        "messages_opened_count_90d": _count("messages_opened_count_90d", "message", f"opened {QUARTER}"),
        "messages_clicked_count_90d": _count("messages_clicked_count_90d", "message", f"clicked {QUARTER}"),
        "messages_sent_count_365d": _count("messages_sent_count_365d", "message", f"sent {YEAR}"),
        "messages_opened_rate_365d": _rate(
            "messages_opened_rate_365d", "of the messages of the last 365 days opened", NO_MESSAGE
        ),
        "messages_clicked_rate_365d": _rate(
            "messages_clicked_rate_365d", "of the messages of the last 365 days clicked", NO_MESSAGE
        ),
        "days_since_last_open": _dated("days_since_last_open", "last opened a message on {}", "no message ever opened"),
        "unsubscribes_count": _times("unsubscribes_count", "unsubscribed {}", "never unsubscribed", ""),
        "ratings_count": _count("ratings_count", "rating", "given"),
        "rating_mean": lambda seen: seen.each("rating_mean", lambda m: f"mean rating {m:.3g} of 5", "no rating known"),
        "days_since_last_rating": _rating,
        "complaints_count": _count("complaints_count", "complaint", "in all"),
        "complaints_count_365d": _count("complaints_count_365d", "complaint", YEAR),
        "low_ratings_count_365d": _count("low_ratings_count_365d", "rating", f"of 2 or less {YEAR}"),
        "tenure_days": _dated("tenure_days", "known since {}", "not known before"),
        "days_since_last_activity": _dated("days_since_last_activity", "last active on {}", "never active"),
        "sources_count": _count("sources_count", "kind", "of event known", "kinds"),
    }
)  # fmt: skip
"""How each feature is told: a new feature is one line here, or in TOLD_BY."""
TOLD_BY: Mapping[str, str] = MappingProxyType(
    {
        "inter_purchase_days_mean": "days_since_last_order",
        "overdue_ratio": "days_since_last_order",
        "store_orders_rate": "web_orders_rate",
        "rating_last": "days_since_last_rating",
    }
)
"""Features that the phrase of another one tells as well."""
NEWS: Mapping[str, str] = MappingProxyType(
    {
        "days_since_last_order": "order",
        "days_since_last_visit": "visit",
        "days_since_last_movement": "movement of points",
        "days_since_last_open": "opened message",
        "days_since_last_rating": "rating",
    }
)
"""What has happened where this many days ago is yesterday."""
