"""Delivered amounts in the retailer's currency."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.canonical import Entity


def in_own_currency(
    rows: DataFrame, entity: Entity, *, rates: DataFrame, currency: str, timezone: str, night: Column
) -> DataFrame:
    """The rows with amounts in the retailer's currency beside delivered_*, and _has_rate.

    Reads:  the entity's money columns, currency, event_at; rates: currency, valid_on, rate, is_deleted.
    Units:  the rate is the newest that holds on the event's day in the retailer's time zone (on the night where the
            event has no time); without a rate the amounts are null and _has_rate is false.
    """
    own = F.upper(F.trim("currency"))
    day = F.coalesce(F.to_date(F.from_utc_timestamp("event_at", timezone)), night)
    named = rows.withColumn("currency", F.coalesce(own, F.lit(currency))).withColumn("_day", day)
    rated = _with_rate(named, rates, currency)
    amounts = {name: (F.col(name) * F.col("_rate")).cast("decimal(18,2)") for name in entity.money}
    kept = {f"delivered_{name}": F.col(name) for name in entity.money}
    nothing = F.coalesce(*entity.money).isNull() if len(entity.money) > 1 else F.col(entity.money[0]).isNull()
    has_rate = F.col("_rate").isNotNull() | nothing
    return rated.withColumns(kept).withColumns({**amounts, "_has_rate": has_rate}).drop("_rate", "_day")


def _with_rate(rows: DataFrame, rates: DataFrame, currency: str) -> DataFrame:
    held = _periods(rates)
    holds = (F.col("currency") == F.col("_of")) & (F.col("_day") >= F.col("_from"))
    holds &= F.col("_until").isNull() | (F.col("_day") < F.col("_until"))
    joined = rows.join(F.broadcast(held), holds, "left").drop("_of", "_from", "_until")
    return joined.withColumn("_rate", F.when(F.col("currency") == currency, 1).otherwise(F.col("_rate")))


def _periods(rates: DataFrame) -> DataFrame:
    """One row per currency and period in which one rate holds; of two sources' rates the first by name."""
    sound = rates.where("not is_deleted and rate is not null")
    one = sound.groupBy(F.upper(F.trim("currency")).alias("_of"), F.col("valid_on").alias("_from"))
    held = one.agg(F.min_by("rate", "source").alias("_rate"))
    later = F.lead("_from").over(Window.partitionBy("_of").orderBy("_from"))
    return held.withColumn("_until", later)
