"""A file on its way into a raw table: its rows as Parquet, dropped columns gone, then as a Spark frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_schema

from lakehouse.names import nearest
from pipelines.mapping import Format
from pipelines.raw import delivered_name, stored_name
from pipelines.readers.refusal import refused

OURS = ("_row_number", "_corrupt")
NOT_KEPT = "a row of another number of columns; its text is not kept, because this delivery drops columns"


@dataclass(frozen=True)
class Staged:
    """Rows of one file in a folder of Parquet files, under the names that Delta can store."""

    folder: str
    schema: pa.Schema
    rows: int
    corrupt: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The delivered names of the columns that are kept."""
        return tuple(delivered_name(name) for name in self.schema.names if name not in OURS)


def stage(batches: Iterable[pa.RecordBatch], folder: str, *, drop: Iterable[str], file_name: str) -> Staged:
    """The batches as Parquet files below the folder; what an earlier try left there is deleted.

    Raises: DeliveryRefused if a column to drop is not there, or if no row fits the columns.
    """
    system, path = fs.FileSystem.from_uri(folder)
    system.create_dir(path)
    system.delete_dir_contents(path)
    dropped = {name.lower(): name for name in drop}
    fields: dict[str, pa.Field] = {}
    delivered: set[str] = set()
    rows = corrupt = 0
    for position, batch in enumerate(batches):
        delivered |= set(batch.schema.names[: -len(OURS)])
        kept = _kept(batch, set(dropped))
        fields |= {field.name: field for field in kept.schema if field.name not in fields}
        rows, corrupt = rows + kept.num_rows, corrupt + kept.num_rows - kept.column("_corrupt").null_count
        if kept.num_rows:
            pq.write_table(pa.Table.from_batches([kept]), f"{path}/{position:05}.parquet", filesystem=system)
    _check_dropped(dropped, delivered, file_name=file_name)
    if rows and rows == corrupt:
        fix = "Check delimiter, quotes and header of `format`."
        raise refused(f"none of its {rows} rows fits its columns", file_name=file_name, fix=fix)
    return Staged(folder, pa.schema(list(fields.values())), rows, corrupt)


def staged_frame(spark: SparkSession, staged: Staged, *, layout: Format) -> DataFrame:
    """The staged rows, with the types that the retailer file declares for JSON fields."""
    schema = from_arrow_schema(staged.schema, prefer_timestamp_ntz=True)
    if not staged.rows:
        return spark.createDataFrame([], schema)
    frame = spark.read.schema(schema).parquet(staged.folder)
    spelled = {name.lower(): name for name in frame.columns}
    types = {spelled[stored_name(name).lower()]: kind for name, kind in layout.columns.items() if kind != "string"}
    return reduce(lambda done, entry: _typed(done, *entry), types.items(), frame)


def localised(frame: DataFrame, *, timezone: str) -> DataFrame:
    """The frame with times that carry no zone read as times of this zone: they become instants."""
    local = [field.name for field in frame.schema.fields if isinstance(field.dataType, T.TimestampNTZType)]
    instants = {name: F.to_utc_timestamp(F.col(f"`{name}`").cast("timestamp"), timezone) for name in local}
    return frame.withColumns(instants) if instants else frame


def _kept(batch: pa.RecordBatch, dropped: set[str]) -> pa.RecordBatch:
    columns = list(zip(batch.schema.names, batch.columns, strict=True))
    delivered = [(stored_name(name), column) for name, column in columns[: -len(OURS)] if name.lower() not in dropped]
    numbers, corrupt = batch.columns[-2:]
    if dropped:
        corrupt = pa.array([None if text is None else NOT_KEPT for text in corrupt.to_pylist()], pa.string())
    names = [*(name for name, _ in delivered), *OURS]
    return pa.RecordBatch.from_arrays([*(column for _, column in delivered), numbers, corrupt], names)


def _check_dropped(dropped: dict[str, str], delivered: set[str], *, file_name: str) -> None:
    lowered = {name.lower() for name in delivered}
    for name in (dropped[low] for low in dropped if low not in lowered):
        what = f"`drop` names {name}, which is not delivered{nearest(name, delivered)}"
        fix = "Correct the name, or take it off `drop`: a wrong name would store what must not be kept."
        raise refused(what, file_name=file_name, fix=fix)


def _typed(frame: DataFrame, name: str, kind: str) -> DataFrame:
    """The column in its declared type; a row whose value is not of that type counts as corrupt."""
    text = F.col(f"`{name}`")
    nested = kind.lower().lstrip().startswith(("array", "struct", "map"))
    parsed = F.from_json(text, kind) if nested else text.try_cast(kind)
    row = F.to_json(F.struct(*[F.col(f"`{other}`") for other in frame.columns if other not in OURS]))
    broken = F.when(text.isNotNull() & parsed.isNull(), row)
    return frame.withColumns({"_corrupt": F.coalesce("_corrupt", broken), name: parsed})
