"""Tables for engines beside Spark: the Parquet files that Delta lists, read without a Spark query."""

from string import punctuation
from urllib.parse import quote

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
    return _dataset(lake.read_as_night_began(table), table).to_table()


def arrow_now(lake: Lakehouse, table: Table) -> pa.Table:
    """The table as it stands now, read like `arrow_as_night_began`."""
    return _dataset(lake.read(table), table).to_table()


def scan_now(lake: Lakehouse, table: Table) -> pyarrow.dataset.Dataset:
    """The table as it stands now, for another engine to read in batches, and only the columns that it asks for.

    Units: columns and partitions as for `arrow_as_night_began`.
    """
    return _dataset(lake.read(table), table)


def _dataset(frame: DataFrame, table: Table) -> pyarrow.dataset.Dataset:
    schema = to_arrow_schema(table.schema)
    files, system = _files(frame, table)
    if not files:
        return pyarrow.dataset.dataset(schema.empty_table())
    form = pyarrow.dataset.ParquetFileFormat(coerce_int96_timestamp_unit="us")
    return pyarrow.dataset.dataset(files, schema=schema, filesystem=system, format=form)


def _files(frame: DataFrame, table: Table) -> tuple[list[str], fs.FileSystem | None]:
    """The Parquet files behind a frame that reads one table, and where they lie."""
    if table.write == "replace_night":
        raise ValueError(f"{table.name} is partitioned by {table.night_column}")
    # Spark leaves letters that no address may hold as they are.
    places = [fs.FileSystem.from_uri(quote(file, safe=punctuation)) for file in frame.inputFiles()]
    return [path for _, path in places], places[0][0] if places else None
