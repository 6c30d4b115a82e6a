"""What a label tells of subscriptions: yes or no, with open windows, and as time to the end, beside the best possible.

Each origin is learned of as it was known then; its outcome is the process's own. Identity is taken as known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks import models_figures as figures
from benchmarks import models_sets as sets
from benchmarks import subscription_labels as told
from benchmarks import subscription_shop as shop
from benchmarks.contract import Check, higher, lower
from benchmarks.models_value import nights_before
from features.contract import GRACE_DAYS
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from models import metrics
from models.eligibility import RUNNING
from models.model import Array
from models.sooner import half, sooner_nights

CUSTOMERS, HORIZON_DAYS, FIRST = 5_000, 90, date(2023, 1, 1)
SEEDS, ORIGINS = (1, 2, 3), (650, 760)
Delivery = Literal["events", "in place", "corrected"]
"""A cancellation as an order of its own; written into the order that it ends, on the first load or on its day."""
EXTRA_PRICE = 8.0


@dataclass(frozen=True)
class Told:
    """Who left after an origin, by the process; what was foretold, by name."""

    left: Array
    said: Mapping[str, Array]


def subscriptions() -> Iterator[Check]:
    """Every figure of every label, the mean of seeds and origins, and gains over the product's label."""
    spark = spark_session(settings())
    found = [one for seed in SEEDS for one in _of_shop(spark, seed)]
    spark.stop()
    yield lower("subscriptions: customers with cover, all origins", sum(len(one.left) for one in found))
    yield lower("subscriptions: share that left", float(np.concatenate([one.left for one in found]).mean()))
    for name in dict.fromkeys(name for one in found for name in one.said):
        held = [one for one in found if name in one.said]
        aucs = np.array([figures.auc(one.left, one.said[name]) for one in held])
        ours = np.array([figures.auc(one.left, one.said[told.PRODUCT]) for one in held])
        yield higher(f"subscriptions, {name}: AUC", aucs.mean())
        yield higher(f"subscriptions, {name}: AUC over the product's", (aucs - ours).mean())
        yield higher(f"subscriptions, {name}: AUC above the product's, of all origins", (aucs > ours).mean())
        yield lower(f"subscriptions, {name}: its standard error", (aucs - ours).std(ddof=1) / len(held) ** 0.5)
        errors = [metrics.calibration_error(one.left, one.said[name]) for one in held]
        yield lower(f"subscriptions, {name}: calibration error", float(np.mean(errors)))
        shapes = [figures.shape_error(one.left, one.said[name]) for one in held]
        yield lower(f"subscriptions, {name}: calibration error of the shape", float(np.mean(shapes)))
        off = [one.said[name].mean() - one.left.mean() for one in held]
        yield lower(f"subscriptions, {name}: rate off by", float(np.mean(off)))


def _of_shop(spark: SparkSession, seed: int) -> Iterator[Told]:
    last = {origin: origin + HORIZON_DAYS - 1 - GRACE_DAYS for origin in ORIGINS}
    book = shop.book(CUSTOMERS, max(ORIGINS) + 1 + HORIZON_DAYS, seed=seed, nights=last)
    everybody = pd.DataFrame({"customer_id": [str(number) for number in range(CUSTOMERS)]})
    hashed = spark.createDataFrame(everybody).select(F.xxhash64("customer_id").alias("h")).toPandas()["h"]
    in_order = np.argsort(hashed.to_numpy(), kind="stable")
    for origin in ORIGINS:
        known = _known(spark, book, origin, in_order, "events")
        tested = (known.nights == origin) & known.bound & ~np.isnan(book.best[origin][known.who])
        who = known.who[tested]
        said = {"the best possible": book.best[origin][who], **told.foretold(known, tested, HORIZON_DAYS)}
        for how in ("in place", "corrected") if origin == ORIGINS[-1] else ():
            other = _known(spark, book, origin, in_order, how)
            said[f"cancellations {how}"] = told.product(other, known, tested)
        yield Told((book.leaves_after(origin) <= last[origin])[who].astype(float), said)


def _known(spark: SparkSession, book: shop.Book, origin: int, in_order: Array, how: Delivery) -> told.Known:
    """What the origin knows: features and labels of the product, and whose row is whose."""
    seen_by = book.before(origin)
    whole = nights_before(_day(origin), HORIZON_DAYS, FIRST)
    soon = sooner_nights(whole, HORIZON_DAYS)
    nights = sorted({*whole, *soon, _day(origin)})
    orders = sets.orders_of(_orders(seen_by, how))
    public = sets.PublicSet(orders, sets.LINES.empty_table(), _day(origin))
    seen = sets.seen_on(spark, public, nights, (half(HORIZON_DAYS), HORIZON_DAYS), by_contract=True)
    days = seen.nights - (FIRST - date(1970, 1, 1)).days
    first = np.full(CUSTOMERS, shop.NEVER)
    np.minimum.at(first, seen_by.customer, seen_by.day)
    who = np.concatenate([in_order[first[in_order] < (night - FIRST).days] for night in nights])
    bound = ~np.isnan(seen.customers.column(RUNNING))
    return told.Known(seen, seen_by, origin, days, who, bound, seen.on(whole), seen.on(soon))


def _orders(book: shop.Book, how: Delivery) -> pd.DataFrame:
    """The book as orders of unified.orders."""
    rows = pd.DataFrame({name: getattr(book, name) for name in ("customer", "day", "what", "starts", "ends")})
    rows["known"] = rows["day"]
    if how != "events":
        rows = _rewritten(rows, how)
    price = shop.PRICES[book.kind[rows["customer"].to_numpy()]]
    amount = np.select([rows["what"] == shop.SALE, rows["what"] == shop.EXTRA], [price, EXTRA_PRICE], 0.0)
    noon = pd.Timestamp(FIRST) + pd.to_timedelta(rows["day"], unit="D") + pd.Timedelta(hours=12)
    dates = {
        f"contract_{name}_on": [None if day < 0 else _day(day) for day in rows[name]] for name in ("starts", "ends")
    }
    return pd.DataFrame(
        {
            "customer_id": rows["customer"].astype(str).to_numpy(), "event_at": noon.to_numpy(),
            "kind": np.where(rows["what"] == shop.NOTICE, "cancellation", "sale"), "amount": amount,
            "known_from": [_day(day + 1) for day in rows["known"]], **dates,
        }
    )  # fmt: skip


def _rewritten(rows: pd.DataFrame, how: Delivery) -> pd.DataFrame:
    """The sales alone, each with the last day that a cancellation left it."""
    notices = rows[rows["what"] == shop.NOTICE].set_index(["customer", "starts"])[["ends", "day"]].add_prefix("cut_")
    sold = rows[rows["what"] != shop.NOTICE].join(notices, on=["customer", "starts"])
    is_cut = sold["cut_ends"].notna() & (sold["what"] == shop.SALE)
    sold["ends"] = np.where(is_cut, sold["cut_ends"], sold["ends"]).astype(int)
    if how == "corrected":
        sold["known"] = np.where(is_cut, sold["cut_day"], sold["known"]).astype(int)
    return sold


def _day(number: int) -> date:
    return FIRST + timedelta(days=int(number))
