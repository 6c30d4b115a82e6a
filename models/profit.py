"""What contacting those likeliest to leave would have earned: value kept less cost of contact, by share contacted."""

import numpy as np

from models.model import Array, Customers
from models.settings import ChurnSettings

STEPS = 20
"""The curve tells every twentieth of the customers."""
YEAR_DAYS = 365
READS = "net_amount_365d"


def at_stake(customers: Customers, horizon_days: int) -> Array | None:
    """What each customer would spend in the horizon at the pace of the last year; None where that is unknown."""
    if READS not in customers.names:
        return None
    spend: Array = np.maximum(customers.known(READS), 0) * horizon_days / YEAR_DAYS
    return spend


def curve(left: Array, probability: Array, stake: Array, costs: ChurnSettings) -> Array:
    """One row per twentieth contacted, those likeliest to leave first.

    Shape: share contacted, customers contacted, value kept, cost of contact, the difference. Of equal probabilities
           an equal part is contacted, so that the order of the customers decides nothing.
    Source: Neslin et al. (2006), "Defection detection", equation 1, without an incentive.
    """
    order = np.argsort(-probability, kind="stable")
    last = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    saved = np.cumsum((left * stake)[order])[last] * costs.contact_keeps
    share = np.arange(1, STEPS + 1) / STEPS
    contacted = share * len(order)
    kept = np.interp(contacted, np.append(0, last + 1), np.append(0, saved))
    cost = contacted * costs.contact_costs
    return np.column_stack([share, contacted, kept, cost, kept - cost])


def best(rows: Array) -> tuple[float, float]:
    """The share contacted that earns most, and what it earns; nobody and nothing where every contact loses."""
    top = rows[int(rows[:, 4].argmax())]
    return (float(top[0]), float(top[4])) if top[4] > 0 else (0.0, 0.0)
