"""DuckDB for one computation on personal records: nothing of it outlives the block."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb
import pyarrow.dataset
from pyarrow import fs


@contextmanager
def workbench() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory; what does not fit goes to a folder that only its owner reads, gone at the end.

    Source: DuckDB's configuration, temp_directory: `.tmp` below the working directory unless it is set.
    """
    with (
        TemporaryDirectory(prefix="habitue-") as overflow,
        duckdb.connect(config={"temp_directory": overflow}) as connection,
    ):
        # Moments without a zone are UTC, wherever the machine stands.
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def attach(engine: duckdb.DuckDBPyConnection, name: str, rows: pyarrow.dataset.Dataset, columns: Sequence[str]) -> None:
    """Make the view `name` of these columns of Parquet files.

    Units: DuckDB reads files of this machine itself, for half of what pyarrow takes to hand them over, where every file
           has all the columns; times in old files (INT96) are then without a zone, in UTC.
    """
    is_here = isinstance(rows, pyarrow.dataset.FileSystemDataset) and isinstance(rows.filesystem, fs.LocalFileSystem)
    if is_here and all(set(columns) <= set(part.physical_schema.names) for part in rows.get_fragments()):
        engine.read_parquet(rows.files).project(", ".join(columns)).create_view(name)
    else:
        engine.register(name, rows)
