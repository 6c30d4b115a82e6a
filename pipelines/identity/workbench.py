"""DuckDB for one computation on personal records: nothing of it outlives the block."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb


@contextmanager
def workbench() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory; what does not fit goes to a folder that only its owner reads, gone at the end.

    Source: DuckDB's configuration, temp_directory: `.tmp` below the working directory unless it is set.
    """
    with (
        TemporaryDirectory(prefix="habitue-") as overflow,
        duckdb.connect(config={"temp_directory": overflow}) as connection,
    ):
        yield connection
