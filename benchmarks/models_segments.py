"""Segments on Online Retail II: found again in resamples, and kept by customers who did nothing; RFM quintiles beside.

Who has not ordered for 30 days has waited 30 days longer, which may be a reason to change: the figure is how alike
two nights group those customers, not whether it reaches one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from benchmarks.contract import Check, higher
from models import clustering, segments
from models.model import Array, Customers
from models.training_set import Observed

APART_DAYS = 30
QUINTILES = ("days_since_last_order", "orders_count", "net_amount")
AGES = ("days_since_last_order", "days_since_first_order")


def segmented(seen: Observed, origin: date) -> Iterator[Check]:
    """Stability in resamples, and 30 days apart for those who did not order in between."""
    then, now = (seen.customers.rows(seen.on([night])) for night in nights(origin))
    fitted = segments.refit(then).fitted
    idle_now = now.rows(now.column("days_since_last_order") > APART_DAYS)
    both = (younger(idle_now), idle_now)
    yield higher("segments: customers without an order for 30 days", len(idle_now.matrix))
    if fitted.kind == segments.CLUSTERS:
        chosen = fitted.facts["chosen"]
        yield higher("segments: adjusted Rand index of resamples", chosen["stability"], clustering.STABLE)
        yield higher("segments: separation (silhouette)", chosen["separation"])
        yield higher("segments: count", chosen["count"])
        first = segments.assigned(fitted, both[0])
        held, fresh = (segments.assigned(fitted, idle_now, before) for before in (first, None))
        yield higher("segments: adjusted Rand index 30 days apart, idle customers", clustering.agreement(first, held))
        yield higher("segments: the same without holding who is at an edge", clustering.agreement(first, fresh))
    cells = [quintiles(one, night) for one, night in zip(both, (then, now), strict=True)]
    yield higher("segments: the same of RFM quintile cells", clustering.agreement(*cells))


def nights(origin: date) -> tuple[date, date]:
    """The night that segments are learned on, and the later one."""
    return origin - timedelta(days=APART_DAYS), origin


def younger(idle: Customers) -> Customers:
    """Customers who ordered nothing since, as they were: all that changed is their age."""
    matrix = idle.matrix.copy()
    matrix[:, [idle.names.index(name) for name in AGES]] -= APART_DAYS
    return replace(idle, matrix=matrix)


def quintiles(customers: Customers, night: Customers) -> Array:
    """The cell of each customer among 125, by the fifths of all customers of the night."""
    cells = np.zeros(len(customers.matrix))
    for name in QUINTILES:
        limits = np.quantile(night.column(name), [0.2, 0.4, 0.6, 0.8])
        cells = 5 * cells + np.searchsorted(limits, customers.column(name))
    return cells
