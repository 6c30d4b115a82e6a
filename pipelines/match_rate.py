"""How many orders found their customer, by source and by the night from which they were known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class MatchRate:
    """Orders of a source that one night brought, and the share of them with a customer."""

    source: str
    night: date
    share: float
    orders: int


def match_rates(orders: DataFrame) -> Iterable[MatchRate]:
    """One per source and night.

    Reads: source, known_from, customer_id of unified.orders; a first load counts for the nights of its events.
    """
    each = orders.groupBy("source", "known_from").agg(
        F.count("customer_id").alias("found"), F.count(F.lit(1)).alias("orders")
    )
    rows = sorted(each.collect(), key=lambda row: (row["source"], row["known_from"]))
    return [MatchRate(row["source"], row["known_from"], row["found"] / row["orders"], row["orders"]) for row in rows]
