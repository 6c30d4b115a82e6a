"""Readers: one module per format, each giving a file's rows as Arrow batches with `_row_number` and `_corrupt`.

They know nothing of Spark: reading is one pass in one process, so that row numbers and broken rows are exact.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from pipelines.mapping import Format
from pipelines.readers import csv_file, json_lines, parquet_file, xlsx_file

READERS: Mapping[str, Callable[[Path, Format], Iterator[pa.RecordBatch]]] = {
    "csv": csv_file.batches,
    "json": json_lines.batches,
    "parquet": parquet_file.batches,
    "xlsx": xlsx_file.batches,
}


def batches(path: Path, layout: Format) -> Iterator[pa.RecordBatch]:
    """The rows of a delivered file, in order.

    Raises: DeliveryRefused if it cannot be read as the retailer file says.
    """
    return READERS[layout.type](path, layout)
