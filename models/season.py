"""How much of a usual stretch of the year lies in a horizon, told by what the same customers did a year ago.

Only sums over the customers of a night are read, so that training, tests and scoring see the same figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.model import Array, Customers

YEAR_DAYS = 365
QUARTER_DAYS, HALF_DAYS = 90, 180
WHOLE_YEAR_DAYS = 330
"""From this horizon on there is every season in it."""
MOST = 5.0
"""No season is believed to be more than so many times an average one, or less than its inverse."""


@dataclass(frozen=True)
class Population:
    """Sums over the customers of one night.

    Units: amounts in the retailer's currency; oldest_days since the first order of anybody; known_then had ordered a
           year ago, of whom silent_then did not order in the 90 days that followed.
    """

    last_year: float = 0.0
    last_half: float = 0.0
    same_quarter: float = 0.0
    oldest_days: float = 0.0
    known_then: float = 0.0
    silent_then: float = 0.0

    @property
    def tells_a_year(self) -> bool:
        """Whether orders go back far enough for the season to be known."""
        return self.oldest_days >= YEAR_DAYS and self.last_year > 0


READS = ("net_amount_365d", "net_amount_180d", "net_amount_same_season", "orders_count_same_season",
         "days_since_first_order")  # fmt: skip


def population(customers: Customers) -> Population:
    """The sums over these customers, all of one night; nothing is known where they lack a feature that is read."""
    if not set(READS) <= set(customers.names) or not len(customers.matrix):
        return Population()
    year, half, quarter, orders, age = (customers.known(name) for name in READS)
    then = age > YEAR_DAYS
    return Population(
        float(np.maximum(year, 0).sum()), float(np.maximum(half, 0).sum()), float(np.maximum(quarter, 0).sum()),
        float(age.max()), float(then.sum()), float((then & (orders == 0)).sum()),
    )  # fmt: skip


def index(seen: Population, horizon_days: int) -> float:
    """Spend of a year ago in the days after the night, over that of as many average days of that year; 1 if unknown."""
    if not seen.tells_a_year or horizon_days >= WHOLE_YEAR_DAYS:
        return 1.0
    if horizon_days <= QUARTER_DAYS:
        found = seen.same_quarter / (seen.last_year * QUARTER_DAYS / YEAR_DAYS)
    else:
        found = (seen.last_year - seen.last_half) / (seen.last_year * (YEAR_DAYS - HALF_DAYS) / YEAR_DAYS)
    return float(np.clip(found, 1 / MOST, MOST))


def learned(customers: Customers, spend: Array, horizon_days: int) -> dict[str, Any]:
    """What the newest night of those learned from says of the total: over last year's spend, and beside its season.

    Units: covered is the share of a year that the windows of nights with a known season cover: how far they are
           trusted, for a single window holds nothing of the other seasons.
    """
    newest = customers.by_night()[-1]
    seen = population(customers.rows(newest))
    expected = float(np.maximum(customers.rows(newest).known("net_amount_365d"), 0).sum()) * horizon_days / YEAR_DAYS
    ratio = float(np.clip(spend[newest].sum() / expected, 1 / MOST, MOST)) if expected > 0 else 1.0
    return {
        "total_ratio": ratio,
        "beside_season": ratio / index(seen, horizon_days) if seen.tells_a_year else 1.0,
        "covered": _covered(customers, horizon_days),
    }


def total_ratio(facts: Mapping[str, Any], seen: Population, horizon_days: int) -> float:
    """The total that is expected in the horizon, over last year's spend brought to it."""
    if not seen.tells_a_year:
        return float(facts["total_ratio"])
    return float(index(seen, horizon_days) * facts["beside_season"] ** facts["covered"])


def _covered(customers: Customers, horizon_days: int) -> float:
    told = [rows for rows in customers.by_night() if population(customers.rows(rows)).tells_a_year]
    if not told or customers.nights is None:
        return min(1.0, horizon_days / YEAR_DAYS) if told else 0.0
    nights = [float(customers.nights[rows][0]) for rows in told]
    return min(1.0, (max(nights) + horizon_days - min(nights)) / YEAR_DAYS)
