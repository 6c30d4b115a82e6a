"""The made-up shop of subscriptions: its best forecast is true, and the product's label is what happened."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks import subscription_shop as shop
from features.contract import GRACE_DAYS
from lakehouse.rows import frame_of
from models.cover import covered_until, is_covered

NIGHT, HORIZON = 420, 60
LAST = NIGHT + HORIZON - 1 - GRACE_DAYS


def test_the_best_forecast_is_calibrated_and_ranks() -> None:
    nights = {night: night + 60 for night in (200, 300)}
    book = shop.book(1_500, 361, seed=6, nights=nights)
    said = np.concatenate([book.best[night] for night in nights])
    left = np.concatenate([book.leaves_after(night) <= last for night, last in nights.items()])
    known = ~np.isnan(said)
    for part in np.array_split(np.flatnonzero(known)[np.argsort(said[known])], 5):
        chance = (said[part] * (1 - said[part])).sum() ** 0.5
        assert abs(left[part].sum() - said[part].sum()) < 3.5 * chance + 1
    assert said[known][left[known]].mean() > said[known][~left[known]].mean() + 0.2


def test_the_label_of_the_product_is_what_happened_to_every_customer_with_cover(spark: SparkSession) -> None:
    book = shop.book(150, NIGHT + HORIZON, seed=7, nights={NIGHT: LAST})
    first = date(2023, 1, 1)
    contracts = book.what != shop.EXTRA
    rows = [
        (
            str(customer), datetime.combine(first + timedelta(days=int(day)), time(12), UTC),
            "cancellation" if what == shop.NOTICE else "sale",
            first + timedelta(days=int(starts)), first + timedelta(days=int(ends)),
        )
        for customer, day, what, starts, ends in zip(
            *(getattr(book, name)[contracts] for name in ("customer", "day", "what", "starts", "ends")), strict=True
        )
    ]  # fmt: skip
    names = "customer_id string, event_at timestamp, kind string, contract_starts_on date, contract_ends_on date"
    found = covered_until(frame_of(spark, rows, names), [first + timedelta(days=NIGHT)])
    stays = is_covered(F.col("until"), F.col("night"), HORIZON).alias("stays")
    labels = {int(row["customer_id"]): row["stays"] for row in found.select("customer_id", stays).collect()}
    with_cover = np.flatnonzero(~np.isnan(book.best[NIGHT]))
    happened = book.leaves_after(NIGHT) > LAST
    assert {int(who): labels[int(who)] for who in with_cover} == {int(who): bool(happened[who]) for who in with_cover}
    assert 0 < sum(happened[with_cover]) < len(with_cover)
