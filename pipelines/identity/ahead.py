"""People prepared before a night's new records are there: most say what they said the night before."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.identity.people import add, prepare
from pipelines.identity.workbench import workbench


@dataclass(frozen=True)
class Ahead:
    """The table `people` of records that are as they were, made on a thread of its own."""

    engine: duckdb.DuckDBPyConnection
    made: Future[list[str]]

    def with_new(self, records: pa.Table) -> list[str]:
        """Wait for it, and add the records that are new or changed; the names of columns that hold values."""
        self.made.result()
        return add(self.engine, records)


@contextmanager
def ahead(records: pa.Table) -> Iterator[Ahead]:
    """The records, being prepared while the block runs."""
    with unordered() as engine, ThreadPoolExecutor(max_workers=1) as beside:
        yield Ahead(engine, beside.submit(prepare, engine, records))


@contextmanager
def unordered() -> Iterator[duckdb.DuckDBPyConnection]:
    """A workbench whose queries keep rows in no order that they do not ask for, which is faster."""
    with workbench() as engine:
        engine.execute("set preserve_insertion_order = false")
        yield engine
