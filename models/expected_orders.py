"""On how many days each customer will order: BG/NBD, the trees' chance to buy and a regression's, in one mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models import baselines, repeat_spend
from models.bgnbd import BgNbd
from models.model import Array, Customers

LEAST = 1e-9
IN_RANKING = "buys_regression"
"""The fact of a version that has the regression, and whose ranking its orders decide as well; earlier ones have not."""


def learned(customers: Customers, bought: Array, horizon_days: int) -> dict[str, Any]:
    """A logistic regression of who buys, on recency, frequency, money and age; nothing where one is no feature."""
    if not set(baselines.RFM) <= set(customers.names):
        return {}
    return {IN_RANKING: dict(baselines.fit_logistic_rfm(customers, bought, horizon_days).facts)}


def expected(facts: Mapping[str, Any], customers: Customers, chance: Array | None, horizon_days: int) -> Array | None:
    """Days with an order in the horizon, up to a factor that all customers share; None where a part is not learned.

    The geometric mean of what BG/NBD expects and of the rates behind two chances to buy, of the trees and of the
    regression.
    Units:  chance is what the trees say for each customer.
    Source: normalised Gini of orders, of BG/NBD, with the trees, and with both: CDNOW, eight splits within the first 39
            weeks, .577, .593 and .597; Online Retail II, seven origins whose windows closed by 12 June 2011, .724,
            .735 and .739.
    """
    counts = counted(facts, customers, horizon_days)
    if counts is None or chance is None:
        return None
    rates = [counts, _rate(chance)]
    if IN_RANKING in facts:
        rates.append(_rate(1 / (1 + np.exp(-baselines.logistic_odds(customers, facts[IN_RANKING])))))
    found: Array = np.exp(sum((np.log(rate + LEAST) for rate in rates), np.zeros(1)) / len(rates))
    return found


def counted(facts: Mapping[str, Any], customers: Customers, horizon_days: int) -> Array | None:
    """Days with an order as BG/NBD alone expects them; None where it is not fitted."""
    parameters = facts["repeating"].get("purchases")
    if parameters is None:
        return None
    return BgNbd(**parameters).expected(repeat_spend.purchases(customers), horizon_days)


def _rate(chance: Array) -> Array:
    """The orders that a customer makes on average who makes one or more with this chance."""
    return np.asarray(-np.log1p(-np.minimum(chance, 1 - LEAST)))
