"""What a night may know: the rows that had happened before it and had been delivered by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True, order=True)
class Snapshot:
    """A night and its moment: everything dated before `as_of` and known by `night`.

    Units: as_of is aware, 00:00 of the night in the retailer's time zone; timezone decides which day a row belongs to.
    Raises: ValueError if as_of carries no time zone.
    """

    night: date
    as_of: datetime
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise ValueError("as_of must carry a time zone")


def snapshot_at(night: date, timezone: str) -> Snapshot:
    """The snapshot at 00:00 of the night in the retailer's time zone."""
    midnight = datetime(night.year, night.month, night.day, tzinfo=ZoneInfo(timezone))
    return Snapshot(night, midnight.astimezone(UTC), timezone)


def visible(frame: DataFrame, snapshots: Sequence[Snapshot]) -> DataFrame:
    """The rows that each snapshot may see, once per snapshot, with `night`, `as_of`, `day` and `age_days`.

    Grain: one row per row of `frame` and snapshot with event_at < as_of and known_from <= night.
    Units: day is the retailer's day of the row; age_days counts its calendar days from there to the night; yesterday
           is 1.
    """
    moments = F.array(*(_moment(snapshot) for snapshot in snapshots))
    seen = F.filter(moments, lambda at: (F.col("event_at") < at["as_of"]) & (F.col("known_from") <= at["night"]))
    rows = frame.withColumn("_at", F.explode(seen))
    day = F.to_date(F.from_utc_timestamp("event_at", snapshots[0].timezone))
    return rows.select(
        *frame.columns,
        F.col("_at.night").alias("night"),
        F.col("_at.as_of").alias("as_of"),
        day.alias("day"),
        F.datediff(F.col("_at.night"), day).alias("age_days"),
    )


def _moment(snapshot: Snapshot) -> Column:
    micros = int(snapshot.as_of.timestamp()) * 1_000_000
    return F.struct(F.lit(snapshot.night).alias("night"), F.timestamp_micros(F.lit(micros)).alias("as_of"))
