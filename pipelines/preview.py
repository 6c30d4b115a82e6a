"""`habitue check`: what a retailer file makes of the files that lie there, before any night and without a lake."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import DeliveryRefused
from lakehouse.settings import credential
from pipelines.canonical import ENTITIES
from pipelines.expressions import check_source
from pipelines.landing import found_files
from pipelines.mapping import Delivery, EntityMapping, Source
from pipelines.parsing import lenient_in
from pipelines.raw import delivered_name
from pipelines.raw_fit import OURS, check_columns, columns_needed
from pipelines.readers import batches
from pipelines.readers.tables import database_rows, delta_rows, numbered, unreadable
from pipelines.shaping import Shape, shaped
from pipelines.staging import localised, stage, staged_frame

BATCHES_READ = 2
"""Batches of the newest file that are looked at: its columns and the first 20,000 rows (50,000 of Parquet)."""
TABLE_ROWS_READ = 20_000


@dataclass(frozen=True)
class DeliveryPreview:
    """The newest file, table or query of a delivery: its columns, those that nothing reads, and what is wrong with it.

    Units: rows are those that were looked at, corrupt ones have a wrong number of columns.
    """

    source: str
    delivery: str
    file_name: str | None = None
    rows: int = 0
    corrupt: int = 0
    columns: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class MappingPreview:
    """What one mapping makes of those rows: the first ones, and how many fail in which way.

    Units: unparsed counts values that became null by column; missing counts rows without a value of the entity's key.
    """

    source: str
    entity: str
    position: int
    delivery: str
    rows: int = 0
    unparsed: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    first: tuple[Mapping[str, str | None], ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Preview:
    """All deliveries and mappings of a retailer file, for the terminal of the engineer who writes it.

    The first rows hold personal values: show them, never log them.
    """

    deliveries: tuple[DeliveryPreview, ...]
    mappings: tuple[MappingPreview, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every delivery can be read and every mapping evaluated, and no value fails."""
        failing = any(m.problem or m.unparsed or m.missing for m in self.mappings)
        return not failing and not any(d.problem or d.corrupt for d in self.deliveries)

    def as_json(self) -> str:
        """The preview for programs."""
        return json.dumps({"ok": self.is_sound} | asdict(self), ensure_ascii=False)

    def render(self) -> str:
        """The preview as text: each delivery, then each of its mappings with its first rows."""
        return "\n".join(line for delivery in self.deliveries for line in self._lines(delivery))

    def _lines(self, delivery: DeliveryPreview) -> Iterator[str]:
        yield from _delivery_lines(delivery)
        for mapping in self.mappings:
            if (mapping.source, mapping.delivery) == (delivery.source, delivery.delivery):
                yield from _mapping_lines(mapping)


def preview(
    spark: SparkSession,
    sources: Mapping[str, Source],
    landing: Path,
    *,
    shown: int = 3,
    credentials: Callable[..., str] = credential,
) -> Preview:
    """What the sources' mappings make of the newest file of each delivery; nothing is written but a temporary folder.

    Raises: InvalidRetailerFile if an expression may not stand there; LandingMissing; MissingCredentials.
    """
    deliveries: list[DeliveryPreview] = []
    mappings: list[MappingPreview] = []
    for name, source in sources.items():
        check_source(spark, source, name=name)
        child = lenient_in(spark, source.timezone)
        for delivery in source.deliveries:
            with TemporaryDirectory(prefix="habitue-check-") as folder:
                try:
                    file_name, rows = _sample(child, source, delivery, landing, folder=folder, credentials=credentials)
                except DeliveryRefused as refusal:
                    problem = f"{refusal.where}: {refusal.what}. {refusal.next_step}"
                    deliveries.append(DeliveryPreview(name, delivery, problem=problem))
                    continue
                deliveries.append(_looked_at(child, name, source, delivery, file_name=file_name, rows=rows))
                mappings += _mapped(child, name, source, delivery, rows=rows, shown=shown)
    return Preview(tuple(deliveries), tuple(mappings))


def _sample(
    spark: SparkSession,
    source: Source,
    name: str,
    landing: Path,
    *,
    folder: str,
    credentials: Callable[..., str],
) -> tuple[str, DataFrame]:
    """The name of the delivery's newest file and its first rows, under their delivered names.

    Raises: DeliveryRefused if there is none, or it cannot be read, or lacks a column that is read.
    """
    delivery = source.deliveries[name]
    if delivery.files:
        file_name, frame = _file_sample(spark, delivery, landing, folder=folder)
    else:
        file_name, frame = _table_sample(spark, source, name, landing, credentials=credentials)
    needed = columns_needed(spark, source, name)
    frame = check_columns(frame, None, needed, layout=delivery.format, file_name=file_name)
    renamed = {stored: delivered_name(stored) for stored in frame.columns if stored not in OURS}
    return file_name, localised(frame, timezone=source.timezone).withColumnsRenamed(renamed).persist()


def _file_sample(spark: SparkSession, delivery: Delivery, landing: Path, *, folder: str) -> tuple[str, DataFrame]:
    found = [file for file in found_files(landing, delivery, night=date.max) if not file.waiting]
    if not found:
        fix = "Deliver one, or correct `files`."
        what = "no file of this delivery lies there, or none that is ready"
        raise DeliveryRefused(what, where=", ".join(delivery.files), still_true="Nothing was written.", next_step=fix)
    newest = found[-1]
    if newest.refused:
        raise newest.refused
    first = islice(batches(newest.path, delivery.format), BATCHES_READ)
    staged = stage(first, folder, drop=delivery.drop, file_name=newest.name)
    return newest.name, staged_frame(spark, staged, layout=delivery.format)


def _table_sample(
    spark: SparkSession, source: Source, name: str, landing: Path, *, credentials: Callable[..., str]
) -> tuple[str, DataFrame]:
    delivery = source.deliveries[name]
    if delivery.jdbc:
        frame = database_rows(spark, delivery.jdbc, credentials=credentials, where=name)
    else:
        frame = delta_rows(spark, str(delivery.delta), landing=landing, where=name)
    held = frame.drop(*delivery.drop).limit(TABLE_ROWS_READ).persist()
    try:
        held.count()
    except Py4JJavaError as failure:
        raise unreadable(failure, where=name) from None
    table = delivery.jdbc.table if delivery.jdbc else delivery.delta
    return table or "query", numbered(held, timezone=source.timezone)


def _looked_at(
    spark: SparkSession, source_name: str, source: Source, delivery: str, *, file_name: str, rows: DataFrame
) -> DeliveryPreview:
    columns = tuple(name for name in rows.columns if name not in OURS)
    read = {name.lower() for name in columns_needed(spark, source, delivery)}
    counts = rows.agg(F.count("*").alias("rows"), F.count("_corrupt").alias("corrupt")).collect()[0]
    return DeliveryPreview(
        source_name,
        delivery,
        file_name,
        rows=counts["rows"],
        corrupt=counts["corrupt"],
        columns=columns,
        unmapped=tuple(name for name in columns if name.lower() not in read),
    )


def _mapped(
    spark: SparkSession, source_name: str, source: Source, delivery: str, *, rows: DataFrame, shown: int
) -> Iterator[MappingPreview]:
    for entity, mappings in source.entities.items():
        for position, mapping in enumerate(mappings):
            if mapping.delivery == delivery:
                shape = Shape(spark, ENTITIES[entity], source.deliveries[delivery], mapping)
                place = (source_name, entity, position, delivery)
                try:
                    yield _tried(shaped(_as_conform_reads(rows, mapping), shape, files=1), shape, place, shown=shown)
                except AnalysisException as failure:
                    yield MappingPreview(*place, problem=str(failure).splitlines()[0])


def _as_conform_reads(rows: DataFrame, mapping: EntityMapping) -> DataFrame:
    """The rows with the columns that conform adds before it maps them."""
    left_out = ~F.coalesce(F.expr(mapping.where), F.lit(False)) if mapping.where else F.lit(False)
    nothing = {"_night": "date", "_file_name": "string", "_file_sha256": "string", "_place": "int", "_snapshot": "int"}
    added = {name: F.lit(None).cast(kind) for name, kind in nothing.items()}
    fate = F.when(F.col("_corrupt").isNull() & left_out, F.lit("left_out"))
    return rows.withColumns(added | {"_position": F.col("_row_number"), "_fresh": F.lit(True), "_fate": fate})


def _tried(made: DataFrame, shape: Shape, place: tuple[str, str, int, str], *, shown: int) -> MappingPreview:
    sound = made.where("_fate is null and not _corrupt").persist()
    mapped = [declared.name for declared in shape.mapped]
    keys = [name for name in shape.entity.key if name in mapped]
    counts = sound.agg(
        F.count("*").alias("rows"),
        *(F.count_if(F.array_contains("_unparsed", name)).alias(f"unparsed {name}") for name in mapped),
        *(F.count_if(F.col(name).isNull()).alias(f"missing {name}") for name in keys),
    ).collect()[0]
    first = sound.select(*(F.col(name).cast("string") for name in mapped)).limit(shown).collect()
    sound.unpersist()
    return MappingPreview(
        *place,
        rows=counts["rows"],
        unparsed={name: counts[f"unparsed {name}"] for name in mapped if counts[f"unparsed {name}"]},
        missing={name: counts[f"missing {name}"] for name in keys if counts[f"missing {name}"]},
        first=tuple(row.asDict() for row in first),
    )


def _delivery_lines(delivery: DeliveryPreview) -> Iterator[str]:
    name = f"{delivery.source}.{delivery.delivery}"
    if delivery.problem:
        yield f"!! {name}: {delivery.problem}"
        return
    corrupt = f", {delivery.corrupt} of them broken or with a wrong number of columns" if delivery.corrupt else ""
    yield f"{name}: {delivery.file_name}, {delivery.rows} rows looked at{corrupt}"
    if delivery.unmapped:
        yield f"   not mapped: {', '.join(delivery.unmapped)}"


def _mapping_lines(mapping: MappingPreview) -> Iterator[str]:
    yield f"   -> {mapping.entity}: {mapping.rows} rows"
    if mapping.problem:
        yield f"      !! {mapping.problem}"
    for name, count in mapping.unparsed.items():
        yield f"      !! {name}: {count} values could not be parsed"
    for name, count in mapping.missing.items():
        yield f"      !! {name}: {count} rows have none, and it is part of the key"
    for row in mapping.first:
        yield "      " + ", ".join(
            f"{name}={' '.join(value.split())}" for name, value in row.items() if value is not None
        )
