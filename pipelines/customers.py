"""The profile of each customer that tells nobody who it is, and the order in which records of a customer count."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.identity.normalise import trimmed
from pipelines.identity.phones import country_code
from pipelines.tables import CUSTOMER_PROFILE

FLAGS = ("is_staff", "is_test", "is_deceased", "is_deleted")
AGES = (("under_18", 18), ("18_29", 30), ("30_44", 45), ("45_59", 60), ("60_plus", 130))
"""Age bands with the age at which the next one begins."""


def profiles(
    links: DataFrame,
    contacts: DataFrame,
    orders: DataFrame,
    objections: DataFrame,
    golden: DataFrame,
    *,
    night: date,
    trust: Sequence[str],
    timezone: str,
) -> DataFrame:
    """What may be known of each customer without knowing who: bands, places and flags, as of the night.

    Grain: one row per customer_id of links.
    Reads: orders with customer_id, event_at, kind, store_id and channel (unified.orders); objections with customer_id;
           golden with customer_id, born_on and gender (unified.customers), so that both tables tell one age.
    """
    known = with_customer(links, contacts)
    described = known.groupBy("customer_id").agg(*_described(trusted_first(trust)), *_flags())
    bands = golden.select(
        "customer_id", age_band(F.col("born_on"), night).alias("age_band"), F.col("gender").alias("gender_group")
    )
    seen = [frame.where(F.col("event_at") < F.lit(night)) for frame in (known.where("not is_deleted"), orders)]
    since = _first_days(seen[0], timezone).unionByName(_first_days(seen[1], timezone))
    first = since.groupBy("customer_id").agg(F.min("day").alias("customer_since"))
    objecting = objections.select("customer_id").distinct().withColumn("_objects", F.lit(1) == 1)
    joined = links.select("customer_id").distinct()
    last = _last_orders(seen[1], timezone)
    for known_of_some in (described, bands, first, last, objecting):
        joined = joined.join(known_of_some, "customer_id", "left")
    flags = {name: F.expr(f"coalesce({name}, false)") for name in FLAGS}
    flags["objects_to_profiling"] = F.expr("coalesce(_objects, false)")
    unknown = {name: F.coalesce(name, F.lit("unknown")) for name in ("age_band", "gender_group")}
    return joined.withColumns(flags | unknown).select(*CUSTOMER_PROFILE.column_names)


def with_customer(links: DataFrame, contacts: DataFrame) -> DataFrame:
    """The contact records that belong to a customer, with its customer_id."""
    own = links.where("source_contact_id is not null").select("source", "source_contact_id", "customer_id")
    return contacts.withColumn("source_contact_id", F.trim("source_contact_id")).join(
        own, ["source", "source_contact_id"]
    )


def trusted_first(trust: Sequence[str]) -> list[Column]:
    """Sort order of records: trusted sources first, then the newest; source and id settle the rest."""
    order = F.array(*(F.lit(source) for source in trust)).cast("array<string>")
    place = F.coalesce(F.nullif(F.array_position(order, F.col("source")), F.lit(0)), F.lit(len(trust) + 1))
    newest = F.coalesce(-F.unix_micros(changed_at()), F.lit(0))
    return [place, newest, F.col("source"), F.col("source_contact_id")]


def changed_at() -> Column:
    """When the record was last changed, as far as its source says."""
    return F.coalesce("updated_at", "event_at")


def _described(rank: list[Column]) -> list[Column]:
    """Places from the records that still stand."""
    places = {
        "region": trimmed(F.col("region")),
        "country": country_code(F.col("country")),
        "store_id": trimmed(F.col("store_id")),
    }
    ranked = F.struct(*(column.alias(f"rank_{place}") for place, column in enumerate(rank)))
    return [
        F.min(F.when(~F.col("is_deleted") & value.isNotNull(), F.struct(ranked, value.alias("value"))))["value"].alias(
            name
        )
        for name, value in places.items()
    ]


def _flags() -> list[Column]:
    return [
        *(F.expr(f"bool_or(coalesce({name}, false))").alias(name) for name in FLAGS if name != "is_deleted"),
        F.expr("bool_and(is_deleted)").alias("is_deleted"),
    ]


def age_band(born_on: Column, night: date) -> Column:
    """The band of the age that somebody has on the night; null without a birth date."""
    age = F.floor(F.months_between(F.lit(night), born_on) / 12)
    band = F.when(age < 0, None)
    for name, below in AGES:
        band = band.when(age < below, name)
    return band


def _last_orders(orders: DataFrame, timezone: str) -> DataFrame:
    bought = orders.where("customer_id is not null and coalesce(kind, 'sale') = 'sale'")
    where = F.coalesce(F.nullif(F.trim("store_id"), F.lit("")), "channel").alias("last_store")
    last = bought.groupBy("customer_id").agg(F.max(F.struct("event_at", "source", "order_id", where)).alias("last"))
    day = F.to_date(F.from_utc_timestamp("last.event_at", timezone)).alias("last_order_on")
    return last.select("customer_id", day, "last.last_store")


def _first_days(frame: DataFrame, timezone: str) -> DataFrame:
    local = F.to_date(F.from_utc_timestamp("event_at", timezone)).alias("day")
    return frame.where("customer_id is not null").select("customer_id", local)
