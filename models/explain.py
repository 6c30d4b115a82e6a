"""Reasons: what moved a customer's churn score most, in words that hold the feature's own value.

The facts are dated ("last order on 12 March 2019"), so that a reason does not change while nothing happens.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np

from features import THEMES
from models.model import Array, Customers, Fitted

TOP = 3
LEAVE, STAY = "likelier to leave", "likelier to stay"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
Facts = Mapping[str, float]
"""One customer's features by name; NaN where unknown."""


def reasons(contributions: Array, names: tuple[str, ...], customers: Customers, night: date) -> list[list[str]]:
    """Up to three reasons per customer, the strongest first; the direction is the sign of the contribution.

    Shape: contributions has one column per name, positive where it speaks for leaving; `customers` holds the features
           that the words tell, whether the model reads them or not.
    """
    themes, by_theme = _by_theme(contributions, names)
    strongest = np.argsort(-np.abs(by_theme), axis=1, kind="stable")[:, :TOP]
    return [
        [_reason(themes[t], by_theme[row, t], customers, row, night) for t in strongest[row] if by_theme[row, t] != 0]
        for row in range(len(by_theme))
    ]


def rule_reasons(fitted: Fitted, probability: Array, customers: Customers, night: date) -> list[list[str]]:
    """The one reason of the recency rule: the last order, against the average customer."""
    average = fitted.facts.get("average", 0.5)
    return [[_reason("recency", probability[row] - average, customers, row, night)] for row in range(len(probability))]


def _by_theme(contributions: Array, names: tuple[str, ...]) -> tuple[list[str], Array]:
    themes = list(dict.fromkeys(THEMES[name] for name in names))
    member = np.array([[THEMES[name] == theme for theme in themes] for name in names], dtype=np.float64)
    return themes, contributions @ member


def _reason(theme: str, contribution: float, customers: Customers, row: int, night: date) -> str:
    facts = dict(zip(customers.names, customers.matrix[row].tolist(), strict=True))
    return f"{LEAVE if contribution > 0 else STAY}: {PHRASES[theme](facts, night)}"


def _day(facts: Facts, name: str, night: date) -> str | None:
    ago = facts.get(name, np.nan)
    if np.isnan(ago):
        return None
    return _date(night - timedelta(days=int(ago)))


def _date(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _whole(facts: Facts, name: str) -> int:
    found = facts.get(name, np.nan)
    return 0 if np.isnan(found) else round(found)


def _plural(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _percent(facts: Facts, name: str) -> str | None:
    found = facts.get(name, np.nan)
    return None if np.isnan(found) else f"{found:.0%}".replace("%", " %")


def _recency(facts: Facts, night: date) -> str:
    last, usual = _day(facts, "days_since_last_order", night), _whole(facts, "inter_purchase_days_mean")
    return f"last order on {last}" + (f", usually every {_plural(usual, 'day')}" if usual else "")


def _frequency(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"{_plural(_whole(facts, 'orders_count_365d'), 'order')} in the last 365 days"


def _spend(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"spent {facts.get('net_amount_365d', 0):,.2f} in the last 365 days, returns taken off"


def _basket(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"mean order of {facts.get('basket_mean', 0):,.2f}"


def _season(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"{_plural(_whole(facts, 'orders_count_same_season'), 'order')} in these weeks a year ago"


def _returns(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"{_percent(facts, 'returns_rate') or '0 %'} of the money spent was given back"


def _discount(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"{_percent(facts, 'discount_rate') or '0 %'} discount on what was bought"


def _channel(facts: Facts, night: date) -> str:  # noqa: ARG001
    web, store = _percent(facts, "web_orders_rate") or "0 %", _percent(facts, "store_orders_rate") or "0 %"
    return f"{web} of the orders on the web, {store} in stores"


def _variety(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"{_plural(_whole(facts, 'products_count'), 'different article')} bought"


def _tenure(facts: Facts, night: date) -> str:
    return f"first order on {_day(facts, 'days_since_first_order', night)}"


def _visits(facts: Facts, night: date) -> str:
    last = _day(facts, "days_since_last_visit", night)
    return f"last visit on {last}" if last else "no visit known"


def _loyalty(facts: Facts, night: date) -> str:
    last = _day(facts, "days_since_last_movement", night)
    points = _plural(_whole(facts, "points_balance"), "point")
    return f"{points} on the card, last moved on {last}" if last else "no loyalty points known"


def _response(facts: Facts, night: date) -> str:
    opened, last = _percent(facts, "messages_opened_rate_365d"), _day(facts, "days_since_last_open", night)
    if opened is None:
        return "no message sent in the last 365 days"
    return f"opened {opened} of the messages of the last 365 days" + (f", last on {last}" if last else "")


def _contract(facts: Facts, night: date) -> str:
    left = facts.get("days_to_contract_end", np.nan)
    if np.isnan(left):
        return "no subscription is running"
    return f"subscription runs until {_date(night + timedelta(days=int(left)))}"


def _weekday(facts: Facts, night: date) -> str:  # noqa: ARG001
    return f"{_percent(facts, 'weekend_orders_rate') or '0 %'} of the orders at a weekend"


def _feedback(facts: Facts, night: date) -> str:
    last, rating = _day(facts, "days_since_last_rating", night), facts.get("rating_last", np.nan)
    return f"last rating {rating:g} of 5 on {last}" if last else "no rating known"


PHRASES: Mapping[str, Callable[[Facts, date], str]] = MappingProxyType(
    {
        "recency": _recency,
        "frequency": _frequency,
        "spend": _spend,
        "basket": _basket,
        "season": _season,
        "returns": _returns,
        "discount": _discount,
        "channel": _channel,
        "variety": _variety,
        "tenure": _tenure,
        "visits": _visits,
        "loyalty": _loyalty,
        "response": _response,
        "feedback": _feedback,
        "weekday": _weekday,
        "contract": _contract,
    }
)
"""How each theme of features/ is told: a new theme is one line here."""
