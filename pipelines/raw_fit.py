"""Whether a delivered frame fits what its mappings read and what its raw table holds already."""

from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse.names import nearest
from pipelines.expressions import columns_of, columns_read
from pipelines.mapping import Format, Source
from pipelines.raw import WHERE_FROM, delivered_name, stored_name
from pipelines.readers.refusal import refused

OURS = frozenset(column.name for column in WHERE_FROM)


def columns_needed(spark: SparkSession, source: Source, delivery: str) -> frozenset[str]:
    """The delivered columns that a mapping, the key, the watermark or `deleted_when` reads."""
    settings = source.deliveries[delivery]
    mapped = [column for mapping in source.mappings_from(delivery) for column in columns_of(spark, mapping)]
    deleted = columns_read(spark, settings.deleted_when) if settings.deleted_when else ()
    watermark = [settings.jdbc.watermark] if settings.jdbc and settings.jdbc.watermark else []
    return frozenset([*mapped, *settings.key, *deleted, *watermark])


def check_columns(
    frame: DataFrame, stored: T.StructType | None, needed: Iterable[str], *, layout: Format, file_name: str
) -> DataFrame:
    """The frame, with a null for each field that a JSON file may leave out: known from before, or declared.

    Raises: DeliveryRefused if a needed column is not delivered; nearest names are offered.
    """
    delivered = [delivered_name(name) for name in frame.columns if name not in OURS]
    present = {name.lower() for name in delivered}
    missing = sorted(name for name in needed if name.lower() not in present)
    optional = _optional(stored, layout) if layout.type == "json" else {}
    if absent := [name for name in missing if name.lower() not in optional]:
        named = "; ".join(f"{name}{nearest(name, delivered)}" for name in absent)
        fix = "Deliver the column, or correct the mapping."
        if layout.type == "json":
            fix += " Declare it in `format.columns` if a file may leave it out."
        raise refused(f"a mapping reads what is not delivered: {named}", file_name=file_name, fix=fix)
    gaps = {stored_name(name): F.lit(None).cast(optional[name.lower()]) for name in missing}
    return frame.withColumns(gaps) if gaps else frame


def as_stored(frame: DataFrame, stored: T.StructType | None, *, file_name: str) -> tuple[DataFrame, list[str]]:
    """The frame with names spelled and values typed as before, and the names of the columns that are new.

    Raises: DeliveryRefused if a value does not survive the change to the type that the table holds.
    """
    if stored is None:
        return frame, []
    held = {field.name.lower(): field for field in stored.fields if field.name not in OURS}
    changed: dict[str, T.DataType] = {}
    columns, added = [], []
    for field in frame.schema.fields:
        before = held.get(field.name.lower())
        column = F.col(f"`{field.name}`")
        if before is None:
            added += [delivered_name(field.name)] if field.name not in OURS else []
            columns.append(column)
            continue
        if before.dataType != field.dataType:
            changed[field.name] = before.dataType
            column = column.try_cast(before.dataType)
        columns.append(column.alias(before.name))
    _check_changed(frame, changed, file_name=file_name)
    return frame.select(*columns), added


def _check_changed(frame: DataFrame, changed: dict[str, T.DataType], *, file_name: str) -> None:
    if not changed:
        return
    lost = [
        F.count_if(
            ~F.col(f"`{name}`").try_cast(kind).try_cast(frame.schema[name].dataType).eqNullSafe(F.col(f"`{name}`"))
        )
        for name, kind in changed.items()
    ]
    counts = frame.select(*lost).collect()[0]
    for (name, kind), count in zip(changed.items(), counts, strict=True):
        if count:
            given = frame.schema[name].dataType.simpleString()
            what = f"{delivered_name(name)} came as {kind.simpleString()} so far and now as {given}"
            raise refused(
                f"{what}; {count} values do not fit", file_name=file_name, fix="Deliver it in the type that it had."
            )


def _optional(stored: T.StructType | None, layout: Format) -> dict[str, str]:
    """The type of every field that a file may leave out, by its name in lower case."""
    declared = {name.lower(): kind for name, kind in layout.columns.items()}
    before = {delivered_name(f.name).lower(): f.dataType.simpleString() for f in (stored.fields if stored else [])}
    return declared | before
