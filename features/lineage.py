"""Which columns of the history each feature is made of; a test holds it against the plan that Spark makes of them."""

from features import CUSTOMER_FEATURES, FEATURES, GROUPS
from features.feature_group import WINDOWS
from features.tenure import FEATURES as TENURE
from lakehouse.lineage import ColumnName, Way, Ways, columns_of

WHEN = "event_at"
_LAST = tuple(f"{window}d" for window in WINDOWS)


def _each(stem: str) -> str:
    """The feature in all its windows and over all time."""
    return " ".join((stem, *(f"{stem}_{window}" for window in _LAST)))


READS: dict[str, str] = {
    f"orders: kind {WHEN}": f"{_each('orders_count')} orders_count_same_season days_since_last_order overdue_ratio "
    "inter_purchase_days_mean inter_purchase_days_spread orders_trend_ratio weekend_orders_rate year_end_orders_rate "
    "repeat_purchase_days_count first_to_last_order_days days_since_first_order",
    f"orders: order_amount {WHEN}": f"{_each('net_amount')} net_amount_same_season net_amount_trend_ratio",
    f"orders: kind order_amount {WHEN}": f"{_each('basket_mean')} {_each('basket_spread')} {_each('gross_amount')}",
    "orders: kind order_amount": "basket_max returns_rate",
    "orders: kind order_amount discount_amount": "discount_rate",
    f"orders: kind contract_starts_on contract_ends_on {WHEN}": "days_to_contract_end",
    "orders: kind contract_ends_on": "contracts_count",
    "orders: kind channel": "web_orders_rate store_orders_rate",
    "orders: kind store_id": "stores_count main_store_rate",
    "order_lines: kind category": "categories_count",
    "order_lines: kind product_id": "products_count",
    f"order_lines: kind product_id {WHEN}": "products_count_365d",
    f"visits: {WHEN}": "visits_count_30d visits_count_90d visits_count_365d days_since_last_visit",
    f"visits: pages_count {WHEN}": "pages_mean_90d",
    f"visits: has_basket order_id {WHEN}": "baskets_abandoned_count_30d",
    "visits: order_id": "visits_with_order_rate",
    "loyalty_movements: points": "points_balance",
    f"loyalty_movements: kind points {WHEN}": "points_earned_90d points_earned_365d points_burned_365d",
    f"loyalty_movements: kind {WHEN}": "burns_count_365d days_since_last_movement",
    f"loyalty_movements: kind points expires_on {WHEN}": "points_expiring_90d",
    f"loyalty_movements: tier_rank {WHEN}": "tier_rank days_since_tier_change",
    f"messages: kind {WHEN}": "messages_sent_count_90d messages_opened_count_90d messages_clicked_count_90d "
    "messages_sent_count_365d messages_opened_rate_365d messages_clicked_rate_365d days_since_last_open",
    "messages: kind": "unsubscribes_count",
    "feedback: rating": "ratings_count rating_mean",
    f"feedback: rating feedback_id {WHEN}": "rating_last",
    "feedback: kind": "complaints_count",
    f"feedback: kind {WHEN}": "complaints_count_365d",
    f"feedback: rating {WHEN}": "low_ratings_count_365d days_since_last_rating",
}
"""Features by the kind of event and the columns of it that they read; those of tenure read every kind of event."""
ACTIVE = {"orders": "kind", "order_lines": "kind", "loyalty_movements": "kind points", "messages": "kind"}
"""What tells whether an event is the customer's own doing."""

_SOURCES = tuple(dict.fromkeys(group.source for group in GROUPS))
_MEANING = {feature.name: feature.meaning for feature in FEATURES}


def _ways() -> Ways:
    found: dict[str, tuple[Way, ...]] = {
        "night": (Way("night of the snapshot"),),
        "as_of": (Way("00:00 of the night"),),
        "customer_id": (Way("whoever has an event", tuple(c for s in _SOURCES for c in _whose(s))),),
    }
    for sources, names in READS.items():
        source, columns = sources.split(": ")
        of, rows = columns_of(f"unified.{source}", *columns.split()), Way(VISIBLE, _whose(source), "rows")
        found |= {name: (Way(_MEANING[name], of), rows) for name in names.split()}
    everything = tuple(column for source in _SOURCES for column in columns_of(f"unified.{source}", WHEN))
    rows = Way(VISIBLE, tuple(column for source in _SOURCES for column in _whose(source)), "rows")
    told = tuple(
        column for source, names in ACTIVE.items() for column in columns_of(f"unified.{source}", *names.split())
    )
    reads = {"days_since_last_activity": (*everything, *told)}
    return found | {f.name: (Way(f.meaning, reads.get(f.name, everything)), rows) for f in TENURE}


VISIBLE = "what is the customer's, had happened and was known before the night"


def _whose(source: str) -> tuple[ColumnName, ...]:
    return columns_of(f"unified.{source}", "customer_id", WHEN, "known_from")


LINEAGE: dict[str, Ways] = {CUSTOMER_FEATURES.name: _ways()}
