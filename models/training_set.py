"""What is learned from: the features of past nights, and what those customers did afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features import FEATURES
from features.build import History, customer_features
from features.feature_group import is_sale
from features.point_in_time import Snapshot, snapshot_at, visible
from models.calendar import Feed, feed
from models.cover import covered_until, is_covered
from models.eligibility import RUNNING, eligible
from models.fairness import UNKNOWN, Groups
from models.model import Array, Customers
from models.settings import PROFILE_COLUMNS, Attribute

ROWS_LIMIT = 1_500_000
"""Rows handed over to this process: beyond it a fixed part of the customers is taken (0.5 GB at 85 features)."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Observed:
    """Customers on past nights, and what they did in the days after.

    Units: nights are days since 1970 per row; orders and spend are by horizon in days, NaN where the window is open.
    Shape: groups by attribute stand beside the customers, never among their features.
    """

    customers: Customers
    nights: Array
    orders: Mapping[int, Array]
    spend: Mapping[int, Array]
    groups: Mapping[str, Groups] = field(default_factory=dict)

    def rows(self, mask: Array) -> "Observed":
        """The same of some rows alone."""
        orders, spend = ({h: of[mask] for h, of in kept.items()} for kept in (self.orders, self.spend))
        groups = {attribute: held.rows(mask) for attribute, held in self.groups.items()}
        return Observed(self.customers.rows(mask), self.nights[mask], orders, spend, groups)

    def on(self, nights: Sequence[date]) -> Array:
        """Which rows belong to these nights."""
        return np.isin(self.nights, [(night - EPOCH).days for night in nights])


def order_feed(orders: DataFrame, snapshot: Snapshot) -> Feed | None:
    """From when to when orders came in at their usual volume, and whose they are, as the snapshot sees it."""
    seen = visible(orders, [snapshot]).where(is_sale())
    each_day = seen.groupBy("age_days").agg(F.count("*").alias("orders"), F.count("customer_id").alias("known"))
    counted = each_day.collect()
    days = [(snapshot.night - timedelta(days=row["age_days"]), row["orders"]) for row in counted]
    found = feed(days, snapshot.night)
    known, orders = (sum(row[name] for row in counted) for name in ("known", "orders"))
    return replace(found, with_customer=known / orders) if found else None


def observed(
    history: History,
    profile: DataFrame,
    *,
    now: Snapshot,
    nights: Sequence[date],
    horizons: Sequence[int],
    closed: date,
    by_contract: bool = False,
    fairness: Sequence[Attribute] = (),
) -> Observed:
    """Customers with an order before each night, and their orders and spend in each horizon after it.

    Reads:  only what `now` sees; label windows that reach past `closed` are NaN.
    Units:  by_contract tells, in place of orders, whether cover lasted to the horizon's last day (1) or not (0); NaN
            for a customer without cover on the night. fairness names what customers are grouped by, as it stands in
            the profile now.
    Shape:  sorted by night and a hash of the customer, so that the same history gives the same rows.
    """
    snapshots = [snapshot_at(night, now.timezone) for night in nights]
    known = customer_features(history, snapshots[0], *snapshots[1:]).where("orders_count > 0")
    known = eligible(known, profile).where(_part_of(history.orders, len(nights)))
    rows = known.join(
        labels(history.orders, now, snapshots, horizons, by_contract=by_contract), ["night", "customer_id"], "left"
    )
    if fairness:
        rows = rows.join(_grouped(profile, fairness), "customer_id", "left")
    return _handed_over(rows, horizons, closed, by_contract=by_contract, fairness=fairness)


def _grouped(profile: DataFrame, fairness: Sequence[Attribute]) -> DataFrame:
    """The group of each customer by attribute, `_group_<attribute>`."""
    told = [F.coalesce(PROFILE_COLUMNS[name], F.lit(UNKNOWN)).alias(f"_group_{name}") for name in fairness]
    return profile.select("customer_id", *told)


def labels(
    orders: DataFrame,
    now: Snapshot,
    snapshots: Sequence[Snapshot],
    horizons: Sequence[int],
    *,
    by_contract: bool = False,
) -> DataFrame:
    """`_orders_<horizon>` and `_spend_<horizon>` after each snapshot, as `now` sees them.

    Grain: one row per night and customer_id with any order in the longest horizon, or with a subscription where cover
           is counted; others are absent.
    """
    day = F.date_sub(F.lit(now.night), F.col("age_days"))
    seen = visible(orders.where("customer_id is not null"), [now]).withColumn("day", day).drop("night")
    nights = [snapshot.night for snapshot in snapshots]
    found = _ordered(seen, nights, horizons)
    if not by_contract:
        return found
    stays = {f"_orders_{h}": is_covered(F.col("until"), F.col("night"), h).cast("double") for h in horizons}
    kept = covered_until(seen, nights).select("night", "customer_id", *(of.alias(name) for name, of in stays.items()))
    return found.drop(*stays).join(kept, ["night", "customer_id"], "full")


def _ordered(seen: DataFrame, nights: Sequence[date], horizons: Sequence[int]) -> DataFrame:
    longest = max(horizons)
    after = F.filter(
        F.array(*(F.lit(night) for night in nights)),
        lambda night: (F.col("day") >= night) & (F.col("day") < F.date_add(night, longest)),
    )
    rows = seen.withColumn("night", F.explode(after))
    columns = []
    for horizon in horizons:
        inside = (F.col("day") >= F.col("night")) & (F.col("day") < F.date_add("night", horizon))
        columns += [
            F.count(F.when(inside & is_sale(), 1)).cast("double").alias(f"_orders_{horizon}"),
            F.sum(F.when(inside, F.col("order_amount"))).cast("double").alias(f"_spend_{horizon}"),
        ]
    return rows.groupBy("night", "customer_id").agg(*columns)


def _handed_over(
    rows: DataFrame, horizons: Sequence[int], closed: date, *, by_contract: bool, fairness: Sequence[Attribute]
) -> Observed:
    names = tuple(feature.name for feature in FEATURES)
    labels = [f"_{what}_{horizon}" for horizon in horizons for what in ("orders", "spend")]
    table = rows.select(
        F.datediff("night", F.lit(EPOCH)).alias("_night"),
        F.xxhash64("customer_id").alias("_order"),
        *(F.col(name).cast("float") for name in names),
        *(F.coalesce(label, F.lit(0.0)).alias(label) for label in labels),
        *(F.coalesce(f"_group_{name}", F.lit(UNKNOWN)).alias(f"_group_{name}") for name in fairness),
    ).toArrow()
    given = {name: table.column(name).to_numpy() for name in table.column_names if not name.startswith("_group_")}
    order = np.lexsort((given["_order"], given["_night"]))
    matrix = np.column_stack([given[name].astype(np.float32) for name in names])[order]
    nights = given["_night"][order]

    def label(what: str, horizon: int) -> Array:
        is_open = nights + horizon > (closed - EPOCH).days
        return np.where(is_open, np.nan, given[f"_{what}_{horizon}"][order])

    orders = {horizon: label("orders", horizon) for horizon in horizons}
    if by_contract:
        bound = ~np.isnan(matrix[:, names.index(RUNNING)])
        orders = {horizon: np.where(bound, counted, np.nan) for horizon, counted in orders.items()}
    spend = {horizon: label("spend", horizon) for horizon in horizons}
    groups = {str(name): _codes(table.column(f"_group_{name}"), order) for name in fairness}
    return Observed(Customers(names, matrix, nights), nights, orders, spend, groups)


def _codes(column: Any, order: Array) -> Groups:
    """Each row's group as a small number: names are kept once."""
    held = column.combine_chunks().dictionary_encode()
    codes = held.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return Groups(codes[order], tuple(held.dictionary.to_pylist()))


def _part_of(orders: DataFrame, nights: int) -> Column:
    customers = orders.agg(F.approx_count_distinct("customer_id").alias("n")).first()["n"]  # type: ignore[index]
    kept = min(1.0, ROWS_LIMIT / max(1, customers * nights))
    return F.pmod(F.xxhash64("customer_id", F.lit("training")), F.lit(10_000)) < int(kept * 10_000)
