"""What each tool holds and since when it has taken nothing: what people look at, and are told of, per destination."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Standing:
    """One sync or audience at its destination, as the ledger knows it.

    Units: held counts records; taken_on is the newest night of which anything was taken, taken_at when (UTC); tried_on
           is the first night that sent anything; None where that never happened.
    """

    destination: str
    name: str
    held: int = 0
    tried_on: date | None = None
    taken_on: date | None = None
    taken_at: datetime | None = None


def standings(deliveries: DataFrame) -> dict[str, Standing]:
    """What the destinations hold of every sync and audience that ever sent anything, by its name.

    Reads: activation.deliveries, complete.
    """
    taken = F.col("outcome") == "acknowledged"
    state = F.max(F.when(taken, F.struct("sequence", "operation", "night", "sent_at"))).alias("last")
    records = deliveries.groupBy("destination", "name", "record_key").agg(state, F.min("night").alias("tried_on"))
    found = records.groupBy("destination", "name").agg(
        F.count(F.when(F.col("last.operation") != "remove", True)).alias("held"),
        F.min("tried_on").alias("tried_on"),
        F.max("last.night").alias("taken_on"),
        F.max("last.sent_at").cast("double").alias("taken_at"),
    )
    newest: dict[str, Standing] = {}
    for row in found.orderBy(F.col("taken_on").asc_nulls_first(), "destination").collect():
        at = None if row["taken_at"] is None else datetime.fromtimestamp(row["taken_at"], UTC)
        newest[row["name"]] = Standing(**{**row.asDict(), "taken_at": at})
    return newest


def silent(
    counts: Mapping[str, Mapping[str, Any]], known: Iterable[Standing], patience: Mapping[str, int], night: date
) -> dict[str, str]:
    """Why a destination has fallen silent, by its name: records are due there, and none was taken for some nights.

    Reads: counts: planned, sent, dead and destination of each sync and audience tonight.
    Units: patience in nights, by destination.
    """
    seen: dict[str, list[date]] = {}
    for one in known:
        seen.setdefault(one.destination, []).extend(day for day in (one.taken_on or one.tried_on,) if day)
    told = {}
    for name, nights in patience.items():
        mine = [count for count in counts.values() if count["destination"] == name]
        due = sum(sum(count["planned"].values()) + count["dead"] for count in mine)
        taken = sum(sum(count["sent"].values()) for count in mine)
        since = max(seen.get(name, [night]))
        if due and not taken and (night - since).days >= nights:
            told[name] = f"{name} is silent: {due:,} records are due there and none was taken since {since}"
    return told
