"""conform: every delivery of a night in one shape per entity, and what became of each delivered row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from pipelines import loads
from pipelines.again import no_longer_delivered, of_files
from pipelines.arrivals import Arrivals, TakenFiles, arrivals
from pipelines.canonical import EXCHANGE_RATES, Entity
from pipelines.consent_events import only_changes, with_consent_id
from pipelines.known_files import FileBook
from pipelines.mapping import EntityMapping, Source
from pipelines.measures import Mapped
from pipelines.money import in_own_currency
from pipelines.parsing import in_session, lenient_in
from pipelines.reconciliation import FileCounted
from pipelines.scope import rows_in_scope
from pipelines.shaping import FATES, Shape, shaped
from pipelines.verdicts import judged

HANDED_OVER = ("_mapping", "_file_name", "_rows", "_delivered_row", "_broken")
"""What publish reads beside the columns of the conformed table."""


@dataclass(frozen=True)
class Night:
    """When and for which retailer rows are conformed.

    Units: as_of is the night's 00:00 in the retailer's time zone; currency and timezone are the retailer's;
           since is the night of the oldest files that are conformed: the night's own, earlier where files are
           conformed again after a repair, the first of all with from_raw, which also makes the history anew.
    """

    night: date
    as_of: datetime
    currency: str
    timezone: str
    since: date
    from_raw: bool = False

    @property
    def several(self) -> bool:
        """Whether files of more than this night are conformed."""
        return self.since < self.night

    def covers(self, day: str) -> Column:
        """Whether a column's night is one of those before this one whose files are conformed again."""
        return (F.col(day) >= self.since) & (F.col(day) < self.night)


@dataclass(frozen=True)
class Conformed:
    """One entity of one night, ready to be published.

    Units: gone are keys that no longer come from the files conformed again, to be taken out; None in a plain night;
           counted are delivered rows; delivered is every row with its amount before any is set aside (orders only);
           mapped are the columns that each source and delivery maps, of which `measured` takes figures.
    """

    frame: DataFrame
    gone: DataFrame | None
    counted: tuple[FileCounted, ...]
    delivered: DataFrame | None
    mapped: Mapped
    kept: DataFrame

    def release(self) -> None:
        """Free the memory that the rows take; call it once they are published."""
        self.kept.unpersist()


@dataclass(frozen=True)
class Feed:
    """One mapping of one source that feeds the entity, and the files behind it."""

    name: str
    source: Source
    position: int
    mapping: EntityMapping
    files: Arrivals

    @property
    def load(self) -> str:
        """What the delivery's load is: snapshot, changes or append."""
        return self.source.deliveries[self.mapping.delivery].load


def conform(
    lake: Lakehouse,
    entity: Entity,
    sources: Mapping[str, Source],
    *,
    night: date,
    as_of: datetime,
    currency: str,
    timezone: str,
    from_raw: bool = False,
    since: date | None = None,
    files: FileBook | None = None,
) -> Conformed:
    """The entity's rows that this night has to publish, from every source and mapping that feeds it.

    Units:  with from_raw every delivered row is conformed anew, as if nothing had ever been published; with since the
            files taken from that night on are conformed again, and what that changes is known from this night.
    Grain:  frame: one row per delivered row or group that is new, differs from what the table held or broke a rule,
            and one per row that a snapshot no longer holds (is_deleted).
    Reads:  raw.<source>_<delivery>, conformed.<entity> as the night began, conformed.exchange_rates; raw.files unless
            the run's `files` are given.
    Raises: GateBlocked if a snapshot lacks more of the known keys than its delivery's gone_limit.
    """
    asked = Night(night, as_of, currency, timezone, date.min if from_raw else min(since or night, night), from_raw)
    feeds = list(_feeds((files or FileBook(lake)).taken(night), entity, sources, asked))
    held = lake.read_as_night_began(entity.conformed)
    if not feeds:
        empty = held.limit(0).withColumns(_nothing())
        return Conformed(empty, None, (), None, {}, empty)
    rows = _told_apart(lake, _mapped(lake, feeds, entity), held, entity=entity, asked=asked)
    return _ready(rows.persist(StorageLevel.MEMORY_AND_DISK), held, feeds, entity=entity, asked=asked)


def _ready(kept: DataFrame, held: DataFrame, feeds: Iterable[Feed], *, entity: Entity, asked: Night) -> Conformed:
    frame = kept.where("_fate is null").select(*entity.conformed.column_names, *HANDED_OVER)
    counted, gone = _counted(kept, feeds, entity), None
    if not asked.from_raw:
        frame = _with_gone(frame, kept, held, feeds=feeds, entity=entity, night=asked.night)
    if asked.several:
        theirs = held if asked.from_raw else of_files(held, counted)
        gone = no_longer_delivered(theirs, kept, frame, key=entity.conformed.key)
    amounts = _amounts(kept) if entity.name == "orders" else None
    return Conformed(frame, gone, counted, amounts, _columns_mapped(feeds), kept)


def _columns_mapped(feeds: Iterable[Feed]) -> Mapped:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for feed in feeds:
        place = (feed.name, feed.mapping.delivery)
        found[place] = found.get(place, frozenset()) | feed.mapping.columns.keys()
    return found


def _feeds(taken: TakenFiles, entity: Entity, sources: Mapping[str, Source], asked: Night) -> Iterable[Feed]:
    for name, source in sources.items():
        for position, mapping in enumerate(source.entities.get(entity.name, ())):
            delivery = source.deliveries[mapping.delivery]
            known = taken.get((name, mapping.delivery), [])
            files = arrivals(known, delivery, since=asked.since)
            if files.fresh:
                yield Feed(name, source, position, mapping, files)


def _mapped(lake: Lakehouse, feeds: Iterable[Feed], entity: Entity) -> DataFrame:
    """Every delivered row or group of the night in the entity's columns, over all mappings."""
    return reduce(DataFrame.unionByName, (_mapped_feed(lake, feed, entity) for feed in feeds))


def _mapped_feed(lake: Lakehouse, feed: Feed, entity: Entity) -> DataFrame:
    child = replace(lake, spark=lenient_in(lake.spark, feed.source.timezone))
    delivery = feed.source.deliveries[feed.mapping.delivery]
    rows = rows_in_scope(child, feed.name, delivery, feed.mapping, files=feed.files)
    shape = Shape(child.spark, entity, delivery, feed.mapping)
    found = in_session(shaped(rows, shape, files=len(feed.files.fresh)), lake.spark)
    return found.select(
        *(declared.name for declared in entity.mapped_columns),
        F.lit(feed.name).alias("source"),
        F.lit(feed.mapping.delivery).alias("delivery"),
        F.col("_file_sha256").alias("file_sha256"),
        F.col("_row_number").alias("row_number"),
        F.lit(feed.position).alias("_mapping"),
        F.lit(delivery.load).alias("_load"),
        F.lit(feed.files.first_night).alias("_first_night"),
        F.lit(feed.files.newest_snapshot).alias("_newest_snapshot"),
        F.lit(feed.source.lag_days).alias("_lag_days"),
        F.lit(set(entity.key) <= set(feed.mapping.columns)).alias("_id_mapped"),
        *("_unparsed", "_deleted", "_corrupt", "_rows", "_fate", "_delivered_row"),
        *("_night", "_file_name", "_position", "_snapshot", "_place"),
    )


def _told_apart(lake: Lakehouse, rows: DataFrame, held: DataFrame, *, entity: Entity, asked: Night) -> DataFrame:
    """The rows with every column of the conformed table, the rules they broke and their fate."""
    key, columns = entity.conformed.key, _content_columns(entity)
    dated = _with_defaults(rows, entity).withColumn("_taken", F.col("_night")).withColumn("_restates", F.lit(False))
    if asked.several:
        dated = dated.withColumn("_snapshot", loads.newest_of_key(key))
    dated = dated.withColumn("is_deleted", loads.is_deleted(states=entity.name != "consents"))
    told = judged(_priced(lake, dated, entity, asked), entity, as_of=asked.as_of)
    if entity.name == "consents":
        told = only_changes(told, held.limit(0) if asked.from_raw else held.where(~asked.covers("arrived")))
        told = told.withColumn("_restates", F.col("_fate").eqNullSafe(F.lit("unchanged")))
    if asked.from_raw:
        told = loads.since_last_change(told, key, [name for name in columns if name != "is_deleted"])
    told = _one_per_key(told, key, asked).withColumn("_first_load", F.col("_night") == F.col("_first_night"))
    told = told.withColumns({"known_from": loads.known_from(asked.timezone), "arrived": F.col("_night")})
    if asked.from_raw:
        return told
    told = loads.changed(told, held, key=key, columns=columns)
    return told.withColumn("known_from", loads.known_again(asked.night)) if asked.several else told


def _one_per_key(told: DataFrame, key: tuple[str, ...], asked: Night) -> DataFrame:
    """Each night by itself first: what two of its files say of one key is no fault of a later night's."""
    if not asked.several:
        return loads.one_per_key(told, key)
    return loads.of_last_night(loads.one_per_key(told, (*key, "_taken")), key)


def _priced(lake: Lakehouse, rows: DataFrame, entity: Entity, asked: Night) -> DataFrame:
    if not entity.money:
        return rows.withColumn("_has_rate", F.lit(True))
    rates, night = lake.read(EXCHANGE_RATES.conformed), F.lit(asked.night)
    return in_own_currency(rows, entity, rates=rates, currency=asked.currency, timezone=asked.timezone, night=night)


def _with_defaults(rows: DataFrame, entity: Entity) -> DataFrame:
    """What a retailer file need not say: whose contact id it is, that an order is a sale, when it happened."""
    names = {declared.name for declared in entity.mapped_columns}
    defaults = {"event_at": F.col(entity.event) if entity.event else F.lit(None).cast("timestamp")}
    if entity.has_person:
        own = F.when(F.col("source_contact_id").isNotNull(), F.coalesce("contact_source", "source"))
        defaults["contact_source"] = own
    if entity.money and "kind" in names:
        defaults["kind"] = F.coalesce("kind", F.lit("sale"))
    if entity.name == "orders":
        defaults["channel"] = F.coalesce("channel", "source")
    filled = rows.withColumns(defaults)
    if entity.name != "consents":
        return filled
    return with_consent_id(filled, [declared.name for declared in entity.columns if declared.name != "consent_id"])


def _content_columns(entity: Entity) -> list[str]:
    """What a row says, without where and when it came from: a change of it is a correction."""
    origin = {"source", "delivery", "file_sha256", "row_number", "known_from", "arrived", *entity.key}
    return [name for name in entity.conformed.column_names if name not in origin]


def _with_gone(
    frame: DataFrame, kept: DataFrame, held: DataFrame, *, feeds: Iterable[Feed], entity: Entity, night: date
) -> DataFrame:
    """The frame and, marked deleted, the rows that tonight's snapshots no longer hold."""
    limits = {(f.name, f.mapping.delivery): f for f in feeds if f.load == "snapshot"}
    if entity.name == "consents" or not limits or held.isEmpty():
        return frame
    for (source, delivery), feed in limits.items():
        of = (F.col("source") == source) & (F.col("delivery") == delivery)
        delivered = kept.where(of & (F.col("_fate").isNull() | F.col("_fate").isin("superseded", "unchanged")))
        live = held.where(of & ~F.col("is_deleted"))
        lost = loads.gone(live, delivered, key=entity.conformed.key, night=night)
        lost_count = lost.count()
        if lost_count:
            limit = feed.source.deliveries[delivery].gone_limit
            where = f"{source}.{delivery}"
            loads.refuse_large_loss(
                entity.conformed,
                where=where,
                lost=lost_count,
                live=live.count(),
                came=_new_keys(delivered, held, entity.conformed.key),
                limit=limit,
                night=night,
            )
            frame = frame.unionByName(lost.withColumns(_nothing(feed.position)))
    return frame


def _new_keys(delivered: DataFrame, held: DataFrame, key: Iterable[str]) -> Callable[[], int]:
    """Counts the keys that are delivered and that no row held has."""
    return delivered.select(*key).distinct().join(held, [*key], "left_anti").count


def _nothing(position: int = 0) -> dict[str, Column]:
    """The columns beside the table's own of a row that no delivered row stands behind."""
    return {
        "_mapping": F.lit(position),
        "_file_name": F.lit(""),
        "_rows": F.lit(0).cast("bigint"),
        "_delivered_row": F.lit(None).cast("string"),
        "_broken": F.array().cast("array<string>"),
    }


def _counted(kept: DataFrame, feeds: Iterable[Feed], entity: Entity) -> tuple[FileCounted, ...]:
    """What became of each file's rows; how many there were is known from the day it was taken."""
    fates = kept.groupBy("source", "delivery", "file_sha256", "_mapping").agg(
        *(F.sum(F.when(F.col("_fate") == fate, F.col("_rows")).otherwise(0)).alias(fate) for fate in FATES)
    )
    found = {tuple(row)[:4]: {fate: row[fate] for fate in FATES} for row in fates.collect()}
    return tuple(
        FileCounted(
            *(feed.name, feed.mapping.delivery, file.sha256, file.file_name, entity.name, feed.position, file.rows),
            **found.get((feed.name, feed.mapping.delivery, file.sha256, feed.position), {}),
        )
        for feed in feeds
        for file in feed.files.fresh
    )


def _amounts(kept: DataFrame) -> DataFrame:
    """Every order that was delivered tonight and is not repeated, left out or superseded, with its amount."""
    return kept.where("_fate is null or _fate = 'unchanged'").select(
        *("source", "delivery", "file_sha256", "row_number", "order_id", "event_at", "store_id", "currency"),
        F.col("_mapping").alias("mapping"),
        F.col("delivered_order_amount").alias("amount"),
    )
