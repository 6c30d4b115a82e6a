"""What became of customer ids: an old id always resolves to the living one."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

LONGEST_CHAIN = 2**20


def living_ids(events: DataFrame) -> DataFrame:
    """Each id that was merged away and the id that its records have now: old_customer_id, customer_id.

    Grain:  one row per merged id; ids that still live and ids that ended without an heir are absent.
    Reads:  event, customer_id, other_customer_id of unified.identity_events.
    """
    merged = events.where("event = 'merged_into'")
    heirs = merged.select(
        F.col("customer_id").alias("old_customer_id"), F.col("other_customer_id").alias("customer_id")
    )
    length = 1
    while length < LONGEST_CHAIN and not _dead_heirs(heirs).isEmpty():
        heirs, length = _followed(heirs), length * 2
    ended = events.where("event = 'ended'").select("customer_id")
    return heirs.join(ended, "customer_id", "left_anti").select("old_customer_id", "customer_id")


def _followed(heirs: DataFrame) -> DataFrame:
    """Each heir replaced by its own heir, where it has one: chains halve at every step."""
    onward = heirs.select(F.col("old_customer_id").alias("customer_id"), F.col("customer_id").alias("_next"))
    joined = heirs.join(onward, "customer_id", "left")
    return joined.select("old_customer_id", F.coalesce("_next", "customer_id").alias("customer_id"))


def _dead_heirs(heirs: DataFrame) -> DataFrame:
    old = heirs.select(F.col("old_customer_id").alias("customer_id"))
    return heirs.join(old, "customer_id", "left_semi")
