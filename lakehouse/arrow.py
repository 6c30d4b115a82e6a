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


def _arrow(frame: DataFrame, table: Table) -> pa.Table:
    if table.write == "replace_night":
        raise ValueError(f"{table.name} is partitioned by {table.night_column}")
    schema = to_arrow_schema(table.schema)
    files = frame.inputFiles()
    if not files:
        return schema.empty_table()
    places = [fs.FileSystem.from_uri(file) for file in files]
    found = pyarrow.dataset.dataset([unquote(path) for _, path in places], filesystem=places[0][0], format="parquet")
    there = found.to_table(columns=[name for name in schema.names if name in found.schema.names])
    missing = [field for field in schema if field.name not in there.column_names]
    for field in missing:
        there = there.append_column(field, pa.nulls(len(there), field.type))
    return there.select(schema.names).cast(schema)
