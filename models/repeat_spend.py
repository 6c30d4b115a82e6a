"""What BG/NBD and Gamma-Gamma expect each customer to spend in the horizon, from the features of a night."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from models.bgnbd import BgNbd, GammaGamma, Purchases, Refused, fit_bgnbd, fit_gamma_gamma
from models.model import Array, Customers

READS = ("repeat_purchase_days_count", "first_to_last_order_days", "days_since_first_order", "net_amount")


def learned(customers: Customers) -> dict[str, Any]:
    """The parameters for customers of one night; where there is no fit, the reason why.

    Units: time in days. Gamma-Gamma is learned of, and asked for, customers with two days of orders or more: one order
           says nothing of how a customer's orders scatter. All others are expected to spend what they do.
    """
    if not set(READS) <= set(customers.names):
        return {"refused": "the counts and ages of purchases are not among the features"}
    seen = purchases(customers)
    bought = fit_bgnbd(seen)
    if isinstance(bought, Refused):
        return {"refused": bought.reason}
    spent = fit_gamma_gamma(*_repeated(customers, seen))
    spend = {"spend_refused": spent.reason} if isinstance(spent, Refused) else {"spend": asdict(spent)}
    return {"purchases": asdict(bought), **spend}


def value(facts: Mapping[str, Any], customers: Customers, horizon_days: int) -> Array | None:
    """Expected spend in the horizon; None where there is no fit. Without Gamma-Gamma an order is worth its mean."""
    if "purchases" not in facts:
        return None
    seen = purchases(customers)
    bought = BgNbd(**facts["purchases"]).expected(seen, horizon_days)
    if "spend" not in facts:
        return bought * _mean_spend(customers, seen)
    return bought * GammaGamma(**facts["spend"]).expected(*_repeated(customers, seen))


def purchases(customers: Customers) -> Purchases:
    """The sufficient statistics, in days."""
    repeats, last, age = (customers.known(name) for name in READS[:3])
    return Purchases(repeats, np.minimum(last, age), np.maximum(age, 1))


def _repeated(customers: Customers, seen: Purchases) -> tuple[Array, Array]:
    """Days with an order, 0 for one-time buyers, and the mean net spend of them."""
    return np.where(seen.repeats > 0, seen.repeats + 1, 0), _mean_spend(customers, seen)


def _mean_spend(customers: Customers, seen: Purchases) -> Array:
    return np.asarray(np.maximum(customers.known("net_amount"), 0) / (seen.repeats + 1))
