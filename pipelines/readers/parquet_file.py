"""Parquet files: values with their own types, nanosecond times among them."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.mapping import Format
from pipelines.readers.refusal import refused

ROWS_AT_ONCE = 50_000


def batches(path: Path, layout: Format) -> Iterator[pa.RecordBatch]:  # noqa: ARG001 - every reader takes the format
    """The file's rows in order; the first batch stands for the columns, also where there is no row.

    Raises: DeliveryRefused if the file is no whole Parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield _numbered(file.schema_arrow.empty_table().to_batches()[:1] or [_empty(file.schema_arrow)], first=1)
            first = 1
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                yield _numbered([batch], first=first)
                first += batch.num_rows
    except (pa.ArrowInvalid, OSError) as failure:
        what = f"the file is no whole Parquet file ({str(failure).splitlines()[0][:120]})"
        raise refused(what, file_name=path.name, fix="Deliver the whole file again.") from None


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _numbered(found: list[pa.RecordBatch], *, first: int) -> pa.RecordBatch:
    batch = found[0]
    names = batch.schema.names
    # pandas writes its index as a column of this name; it is no data.
    kept = [position for position, name in enumerate(names) if not name.startswith("__index_level_")]
    columns = [_for_spark(batch.column(position)) for position in kept]
    numbers = pa.array(range(first, first + batch.num_rows), pa.int64())
    corrupt = pa.nulls(batch.num_rows, pa.string())
    return pa.RecordBatch.from_arrays(
        [*columns, numbers, corrupt], [*(names[position] for position in kept), "_row_number", "_corrupt"]
    )


def _for_spark(column: pa.Array) -> pa.Array:
    """The column in a type that Spark reads: microseconds, no dictionaries, no nulls-only type."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _for_spark(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.unit != "us":
        return pc.cast(column, pa.timestamp("us", tz=kind.tz), safe=False)
    if pa.types.is_null(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        return pc.cast(column, pa.string())
    return column
