"""Rules on recency, frequency and money: the segments while no clustering is stable enough to be believed.

The rules stay; their thresholds come from the retailer's own customers and are a registered version, so a customer
changes segment because of what he or she did, not because others did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from models.model import Customers


@dataclass(frozen=True)
class Segment:
    """A named rule over the features and the thresholds in braces; the first that holds decides."""

    name: str
    rule: str
    description: str


SEGMENTS = (
    Segment(
        "new",
        "orders_count_365d = 1 and orders_count = 1 and days_since_first_order <= {recent_days}",
        "first order within the last {recent_days} days",
    ),
    Segment(
        "best customers",
        "days_since_last_order <= {recent_days} and orders_count_365d >= {frequent_orders} "
        "and net_amount_365d >= {high_amount}",
        "order often and spend most: at least {frequent_orders} orders and {high_amount} in a year, active now",
    ),
    Segment(
        "loyal",
        "days_since_last_order <= {recent_days} and orders_count_365d >= {frequent_orders}",
        "order often: at least {frequent_orders} orders in a year, active now",
    ),
    Segment(
        "big spenders",
        "days_since_last_order <= {recent_days} and net_amount_365d >= {high_amount}",
        "few orders, large ones: at least {high_amount} in a year, active now",
    ),
    Segment("occasional", "days_since_last_order <= {recent_days}", "order now and then, active now"),
    Segment(
        "valuable and slipping",
        "days_since_last_order <= {lapsed_days} "
        "and (net_amount_365d >= {high_amount} or orders_count_365d >= {frequent_orders})",
        "were among the best of the last year and have been silent for more than {recent_days} days",
    ),
    Segment(
        "slipping",
        "days_since_last_order <= {lapsed_days}",
        "silent for more than {recent_days} days, not yet for {lapsed_days}",
    ),
    Segment("one order, long ago", "orders_count = 1", "ordered once, more than {lapsed_days} days ago"),
    Segment("lapsed", "orders_count > 1", "ordered more than once, not in the last {lapsed_days} days"),
)
DEFAULTS: Mapping[str, float] = MappingProxyType(
    {"recent_days": 90, "lapsed_days": 360, "frequent_orders": 4, "high_amount": 500}
)


def segment(thresholds: Mapping[str, Any]) -> Column:
    """The name of the segment of a row of features with an order."""
    rules = [F.when(F.expr(s.rule.format(**thresholds)), F.lit(s.name)) for s in SEGMENTS]
    return F.coalesce(*rules)


def described(thresholds: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each segment's id, name and one-line description with these thresholds; the name is the id."""
    return [
        {"segment_id": s.name, "segment": s.name, "description": s.description.format(**thresholds)} for s in SEGMENTS
    ]


READS = (
    "days_since_last_order",
    "days_since_first_order",
    "orders_count",
    "orders_count_365d",
    "net_amount_365d",
    "inter_purchase_days_mean",
)


def thresholds(customers: Customers) -> dict[str, Any]:
    """How soon these customers usually come back, and who of them orders often or spends much."""
    gaps = customers.column("inter_purchase_days_mean")
    orders, spend = customers.known("orders_count_365d"), customers.known("net_amount_365d")
    active = orders > 0
    if not active.any():
        return dict(DEFAULTS)
    gap = float(np.nanmedian(gaps)) if np.isfinite(gaps).any() else DEFAULTS["recent_days"] / 1.5
    recent = round(float(np.clip(1.5 * gap, 30, 180)))
    return {
        "recent_days": recent,
        "lapsed_days": round(float(np.clip(4 * recent, 180, 540))),
        "frequent_orders": max(3, round(float(np.quantile(orders[active], 0.75)))),
        "high_amount": round(float(np.quantile(spend[active], 0.8))),
    }
