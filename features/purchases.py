"""Purchases: how recently, how often, how much, over which channels, and what came back.

A return lowers the net amount; it is not activity: counts, baskets and days are of sales alone.
"""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features import contract
from features.feature_group import (
    WINDOWS,
    Feature,
    FeatureGroup,
    amount,
    count,
    counted,
    days,
    deviation,
    distinct,
    is_sale,
    rate,
    share,
    spread,
    summed,
    within,
)

SEASON_DAYS = 90
SUNDAY, SATURDAY = 1, 7
"""Of Spark's dayofweek."""


def _windowed() -> tuple[Feature, ...]:
    return tuple(
        feature
        for window in WINDOWS
        for feature in (
            count(f"orders_count_{window}d", "orders", f"orders in the last {window} days", theme="frequency"),
            amount(f"net_amount_{window}d", f"spend less returns in the last {window} days", theme="spend"),
            amount(f"gross_amount_{window}d", f"spend in the last {window} days, returns not taken off", theme="spend"),
            amount(f"basket_mean_{window}d", f"mean order in the last {window} days", no_history=None, theme="basket"),
            _spread(f"basket_spread_{window}d", f"standard deviation of the orders of the last {window} days"),
        )
    )


def _spread(name: str, meaning: str) -> Feature:
    return Feature(name, "double", "retailer's currency", meaning, theme="basket")


FEATURES = (
    *_windowed(),
    count("orders_count", "orders", "orders ever", theme="frequency"),
    amount("net_amount", "spend less returns, ever", theme="spend"),
    amount("gross_amount", "spend, returns not taken off, ever", theme="spend"),
    amount("basket_mean", "mean order, ever", no_history=None, theme="basket"),
    amount("basket_max", "largest order", no_history=None, theme="basket"),
    _spread("basket_spread", "standard deviation of the orders, ever"),
    count("orders_count_same_season", "orders", "orders a year ago, in the 90 days after the same day", theme="season"),
    amount("net_amount_same_season", "spend less returns in those 90 days a year ago", theme="season"),
    days("days_since_last_order", "days from the last order to the night", theme="recency"),
    Feature("inter_purchase_days_mean", "double", "days", "mean days between two days with an order", theme="recency"),
    Feature(
        "inter_purchase_days_spread",
        "double",
        "days",
        "standard deviation of the days between two days with an order",
        theme="recency",
    ),
    Feature("overdue_ratio", "double", "times", "days since the last order over the usual gap", theme="recency"),
    Feature(
        "orders_trend_ratio",
        "double",
        "times",
        "orders of the last 90 days over the quarter of those of the last 365",
        theme="frequency",
    ),
    Feature(
        "net_amount_trend_ratio",
        "double",
        "times",
        "net spend of the last 90 days over the quarter of that of the last 365",
        theme="spend",
    ),
    rate("returns_rate", "share of the money spent that was given back", theme="returns"),
    rate("discount_rate", "discount as a share of the undiscounted price", theme="discount"),
    rate("web_orders_rate", "share of the orders on the web", theme="channel"),
    rate("store_orders_rate", "share of the orders in a store", theme="channel"),
    count("stores_count", "stores", "different stores bought in", theme="channel"),
    rate(
        "main_store_rate", "share of the orders in a known store that were in the one most bought in", theme="channel"
    ),
    rate("weekend_orders_rate", "share of the orders on a Saturday or Sunday", theme="weekday"),
    rate("year_end_orders_rate", "share of the orders in November or December", theme="season"),
    days(
        "days_to_contract_end",
        "days from the night to the last day of the subscription that runs; below 0 in the week of grace after it",
        theme="contract",
    ),
    count("contracts_count", "orders", "orders that began or renewed a subscription", theme="contract"),
    count("repeat_purchase_days_count", "days", "days with an order after the first (x of BG/NBD)", theme="frequency"),
    days("first_to_last_order_days", "days from the first to the last order (t_x of BG/NBD)", theme="tenure"),
    days("days_since_first_order", "days from the first order to the night (T of BG/NBD)", theme="tenure"),
)


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.orders per feature."""
    sale = is_sale()
    return {
        **_amounts(sale),
        **_rhythm(sale),
        **_mix(sale),
        "days_to_contract_end": contract.days_to_end(),
        "contracts_count": contract.begun_or_renewed(),
    }


def _amounts(sale: Column) -> dict[str, Column]:
    found: dict[str, Column] = {}
    ever = F.col("age_days").isNotNull()
    for suffix, inside in [("", ever), *((f"_{window}d", within(window)) for window in WINDOWS)]:
        found[f"orders_count{suffix}"] = counted(sale & inside)
        found[f"net_amount{suffix}"] = summed("order_amount", inside)
        found[f"gross_amount{suffix}"] = summed("order_amount", sale & inside)
        found[f"basket_mean{suffix}"] = F.avg(F.when(sale & inside, F.col("order_amount")))
        found[f"basket_spread{suffix}"] = spread(F.when(sale & inside, F.col("order_amount")))
    season = (F.col("age_days") > 365 - SEASON_DAYS) & (F.col("age_days") <= 365)
    found["orders_count_same_season"] = counted(sale & season)
    found["net_amount_same_season"] = summed("order_amount", season)
    found["basket_max"] = F.max(F.when(sale, F.col("order_amount")))
    quarter = summed("order_amount", within(365)).cast("double") / F.lit(4.0)
    recent = summed("order_amount", within(90)).cast("double")
    found["net_amount_trend_ratio"] = F.when(quarter > 0, F.coalesce(recent, F.lit(0.0)) / quarter)
    return found


def _rhythm(sale: Column) -> dict[str, Column]:
    age = F.when(sale, F.col("age_days"))
    last, first, repeats = F.min(age), F.max(age), F.greatest(distinct(age) - 1, F.lit(0))
    gap = (first - last) / F.nullif(repeats, F.lit(0))
    quarter = counted(sale & within(365)) / F.lit(4.0)
    return {
        "days_since_last_order": last,
        "inter_purchase_days_mean": gap,
        "inter_purchase_days_spread": _spread_of_gaps(F.array_sort(F.collect_set(age))),
        "overdue_ratio": last / gap,
        "orders_trend_ratio": counted(sale & within(90)) / F.nullif(quarter, F.lit(0.0)),
        "repeat_purchase_days_count": repeats,
        "first_to_last_order_days": first - last,
        "days_since_first_order": first,
    }


def _spread_of_gaps(ages: Column) -> Column:
    """Standard deviation of the gaps between neighbours of a sorted array; null below two gaps. In whole numbers."""
    gaps = F.zip_with(ages, F.slice(ages, F.lit(2), F.size(ages)), lambda this, older: older - this)
    known = F.filter(gaps, lambda gap: gap.isNotNull())
    total = F.aggregate(known, F.lit(0).cast("bigint"), lambda sum_, gap: sum_ + gap)
    squares = F.aggregate(known, F.lit(0).cast("bigint"), lambda sum_, gap: sum_ + gap * gap)
    return deviation(F.size(known), total, squares)


def _mix(sale: Column) -> dict[str, Column]:
    paid = F.when(sale & (F.col("order_amount") > 0), F.col("order_amount"))
    returned = F.sum(F.when(F.col("order_amount") < 0, -F.col("order_amount")))
    discount = F.coalesce(F.sum(F.when(sale, F.col("discount_amount"))), F.lit(0).cast("decimal(18,2)"))
    day = F.col("day")
    return {
        "returns_rate": share(F.coalesce(returned, F.lit(0).cast("decimal(18,2)")), F.sum(paid)),
        "discount_rate": share(discount, discount + F.sum(paid)),
        "web_orders_rate": share(counted(sale & (F.col("channel") == "web")), counted(sale)),
        "store_orders_rate": share(counted(sale & (F.col("channel") == "store")), counted(sale)),
        "stores_count": distinct(F.when(sale, F.col("store_id"))),
        "main_store_rate": _largest_share(F.when(sale, F.col("store_id"))),
        "weekend_orders_rate": share(counted(sale & F.dayofweek(day).isin(SUNDAY, SATURDAY)), counted(sale)),
        "year_end_orders_rate": share(counted(sale & F.month(day).isin(11, 12)), counted(sale)),
    }


def _largest_share(value: Column) -> Column:
    """Share of the most frequent value among those known."""
    given = F.collect_list(value)
    counts = F.transform(F.array_distinct(given), lambda one: F.size(F.filter(given, lambda other: other == one)))
    return share(F.array_max(counts), F.size(given))


PURCHASES = FeatureGroup(
    name="purchases",
    source="orders",
    reads={
        "kind": "string",
        "channel": "string",
        "store_id": "string",
        "order_amount": "decimal(18,2)",
        "discount_amount": "decimal(18,2)",
        "contract_starts_on": "date",
        "contract_ends_on": "date",
    },
    features=FEATURES,
    compute=compute,
    activity=is_sale,
)
