"""ops.reconciliation: what became of every delivered row, per file and mapping; and of the money."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from lakehouse.table import Table, columns, required
from pipelines.arrivals import TakenFiles
from pipelines.mapping import Source

RECONCILIATION = Table(
    name="ops.reconciliation",
    grain="one row per night, delivered file, entity and mapping",
    key=("night", "source", "delivery", "file_sha256", "entity", "mapping"),
    columns=columns(
        required("night", "date", "night on which the file was conformed"),
        required("source", "string", "source of the retailer file"),
        required("delivery", "string", "delivery of that source"),
        required("file_sha256", "string", "content hash of the delivered file"),
        required("file_name", "string", "name of the delivered file"),
        required("entity", "string", "entity that the file was mapped to"),
        required("mapping", "int", "0-based position of the mapping in the entity's list"),
        required("delivered", "bigint", "rows of the file: repeats + left_out + rejected + published", "rows"),
        required("repeats", "bigint", "exact repeats of a delivered row", "rows"),
        required("left_out", "bigint", "rows left out by `where`", "rows"),
        required("rejected", "bigint", "rows set aside", "rows"),
        required("published", "bigint", "rows whose record stands in the table", "rows"),
        required("unchanged", "bigint", "of the published rows: the table held the same already", "rows"),
        required("superseded", "bigint", "of the published rows: a later row of the key was published", "rows"),
        required("grouped", "bigint", "of the published rows: their group names another file", "rows"),
    ),
    write="replace_night",
)


@dataclass(frozen=True)
class FileCounted:
    """What conform made of one file under one mapping, before publish.

    Units: delivered rows.
    """

    source: str
    delivery: str
    file_sha256: str
    file_name: str
    entity: str
    mapping: int
    delivered: int
    repeats: int = 0
    left_out: int = 0
    unchanged: int = 0
    superseded: int = 0
    grouped: int = 0

    @property
    def settled(self) -> int:
        """Rows whose record stands in the table without being published again."""
        return self.unchanged + self.superseded + self.grouped


class PublishedCount(Protocol):
    """What publish counted for one file and mapping of one entity."""

    @property
    def source(self) -> str:
        """Source of the retailer file."""
        ...

    @property
    def delivery(self) -> str:
        """Delivery of that source."""
        ...

    @property
    def file_sha256(self) -> str:
        """Content hash of the delivered file."""
        ...

    @property
    def mapping(self) -> int:
        """Position of the mapping in the entity's list."""
        ...

    @property
    def published(self) -> int:
        """Delivered rows behind what was published."""
        ...

    @property
    def rejected(self) -> int:
        """Delivered rows behind what was set aside."""
        ...


def reconcile(
    spark: SparkSession,
    counted: Iterable[FileCounted],
    published: Mapping[str, Sequence[PublishedCount]],
    *,
    night: date,
) -> DataFrame:
    """The night's rows of ops.reconciliation.

    Reads:  published by the entity's name, as `Published.counts` gives it. A row marked deleted because a snapshot
            lacks it was not delivered and counts nowhere.
    """
    found = {
        (entity, c.source, c.delivery, c.file_sha256, c.mapping): (c.published, c.rejected)
        for entity, counts in published.items()
        for c in counts
    }
    rows = []
    for file in counted:
        of_file = (file.entity, file.source, file.delivery, file.file_sha256, file.mapping)
        stands, aside = found.get(of_file, (0, 0))
        kept = (file.repeats, file.left_out, aside, stands + file.settled)
        parts = (file.unchanged, file.superseded, file.grouped)
        rows.append((night, *astuple(file)[:7], *kept, *parts))
    return frame_of(spark, rows, _SCHEMA).select(*RECONCILIATION.column_names)


_SCHEMA = RECONCILIATION.schema
_FILE = ("source", "delivery", "file_sha256", "entity", "mapping")
_PARTS = ("repeats", "left_out", "rejected", "published", "superseded", "grouped")


def corrected(held: DataFrame, found: DataFrame) -> DataFrame:
    """The rows of ops.reconciliation, those of files that came out otherwise when conformed again corrected.

    Reads:  found: the rows of `reconcile` for the files conformed again. A file that no row of `held` is about is
            added under the night of `found`.
    Units:  unchanged stays what it was on the night of the file.
    """
    again = found.select(*_FILE, *(F.col(part).alias(f"_{part}") for part in _PARTS))
    joined = held.join(F.broadcast(again), [*_FILE], "left")
    differs = reduce(or_, (F.col(part) != F.col(f"_{part}") for part in _PARTS[:4]))
    change = F.coalesce(differs, F.lit(False))
    kept = joined.withColumns({part: F.when(change, F.col(f"_{part}")).otherwise(F.col(part)) for part in _PARTS})
    added = found.join(held.select(*_FILE), [*_FILE], "left_anti")
    names = RECONCILIATION.column_names
    return kept.select(*names).unionByName(added.select(*names))


def forgotten(taken: TakenFiles, counted: Iterable[FileCounted], sources: Mapping[str, Source]) -> list[str]:
    """The taken files that a mapping should have conformed and none has counted; none in a sound night."""
    seen = {(file.entity, file.source, file.delivery, file.file_sha256) for file in counted}
    return [
        f"{file_name} as {entity}"
        for name, source in sources.items()
        for entity, mappings in source.entities.items()
        for delivery in dict.fromkeys(mapping.delivery for mapping in mappings)
        for _, file_name, sha256, _ in taken.get((name, delivery), ())
        if (entity, name, delivery, sha256) not in seen
    ]


def unbalanced(frame: DataFrame) -> DataFrame:
    """The rows of a reconciliation whose parts do not add up to what was delivered; none in a sound night."""
    return frame.where("delivered <> repeats + left_out + rejected + published")


def revenue_gaps(
    delivered: DataFrame, *, held: DataFrame, rejected: DataFrame, night: date, timezone: str
) -> DataFrame:
    """Days and stores whose delivered revenue is not what stands in conformed.orders and its rejected table.

    Grain:  one row per source, day (retailer's time zone), store and currency with a difference; none in a sound night.
    Reads:  delivered: Conformed.delivered of the orders, before any row was set aside; held: conformed.orders after the
            night; rejected: its rejected table.
    Units:  amounts in the delivered currency.
    """
    lost = ["source", "delivery", "file_sha256", "row_number", "mapping"]
    rows = delivered.withColumn("day", F.to_date(F.from_utc_timestamp("event_at", timezone)))
    per = ["source", "day", "store_id", "currency"]
    aside = rejected.where(F.col("night") == F.lit(night)).select(*lost).withColumn("_aside", F.lit(True))
    now = held.select("source", "order_id", F.col("delivered_order_amount").alias("_held"))
    traced = rows.join(aside, lost, "left").join(now, ["source", "order_id"], "left")
    stands = F.when(F.col("_aside"), F.col("amount")).otherwise(F.col("_held"))
    sums = traced.groupBy(*per).agg(
        F.sum("amount").alias("delivered_amount"),
        F.sum(F.when(~F.coalesce("_aside", F.lit(False)), stands)).alias("conformed_amount"),
        F.sum(F.when(F.col("_aside"), stands)).alias("rejected_amount"),
    )
    zero = F.lit(0).cast("decimal(28,2)")
    found = F.coalesce("conformed_amount", zero) + F.coalesce("rejected_amount", zero)
    return sums.withColumn("difference", F.coalesce("delivered_amount", zero) - found).where("difference <> 0")
