"""Tables for engines beside Spark: the Parquet files that Delta lists, read without a Spark query."""

from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset
from pyarrow import fs
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema

from lakehouse.delta import Lakehouse
from lakehouse.table import Table


def arrow_as_night_began(lake: Lakehouse, table: Table) -> pa.Table:
    """The table as it stood when this night first started; no rows where it does not exist.

    Units: columns that the contract gained since are null; deletion vectors are off in every table of ours, and
           partitioned tables cannot be read, their night stands in no file.
    """
    return _arrow(lake.read_as_night_began(table), table)


def arrow_now(lake: Lakehouse, table: Table) -> pa.Table:
    """The table as it stands now, read like `arrow_as_night_began`."""
    return _arrow(lake.read(table), table)


def scan_now(lake: Lakehouse, table: Table) -> pyarrow.dataset.Dataset:
    """The table as it stands now, for another engine to read in batches, and only the columns that it asks for.

    Units: columns and partitions as for `arrow_as_night_began`.
    """
    schema = to_arrow_schema(table.schema)
    files, system = _files(lake.read(table), table)
    if not files:
        return pyarrow.dataset.dataset(schema.empty_table())
    form = pyarrow.dataset.ParquetFileFormat(coerce_int96_timestamp_unit="us")
    return pyarrow.dataset.dataset(files, schema=schema, filesystem=system, format=form)


def _arrow(frame: DataFrame, table: Table) -> pa.Table:
    schema = to_arrow_schema(table.schema)
    files, system = _files(frame, table)
    if not files:
        return schema.empty_table()
    found = pyarrow.dataset.dataset(files, filesystem=system, format="parquet")
    there = found.to_table(columns=[name for name in schema.names if name in found.schema.names])
    missing = [field for field in schema if field.name not in there.column_names]
    for field in missing:
        there = there.append_column(field, pa.nulls(len(there), field.type))
    return there.select(schema.names).cast(schema)


def _files(frame: DataFrame, table: Table) -> tuple[list[str], fs.FileSystem | None]:
    """The Parquet files behind a frame that reads one table, and where they lie."""
    if table.write == "replace_night":
        raise ValueError(f"{table.name} is partitioned by {table.night_column}")
    places = [fs.FileSystem.from_uri(file) for file in frame.inputFiles()]
    return [unquote(path) for _, path in places], places[0][0] if places else None
