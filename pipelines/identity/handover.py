"""The hand-over of frames to another engine: Parquet below `<lake>/personal/_tmp`, deleted whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema


@dataclass(frozen=True)
class Handover:
    """A folder for one hand-over."""

    folder: str

    def table(self, frame: DataFrame, name: str) -> pa.Table:
        """The frame as an Arrow table, through Parquet files of this folder."""
        self.written(frame, name)
        return self.arrow(name)

    def arrow(self, name: str) -> pa.Table:
        """What was written under the name."""
        system, path = _located(f"{self.folder}/{name}")
        return pyarrow.dataset.dataset(path, filesystem=system, format="parquet").to_table()

    def written(self, frame: DataFrame, name: str) -> DataFrame:
        """The frame, computed once: it may be read until the hand-over ends."""
        place = f"{self.folder}/{name}"
        frame.write.mode("overwrite").parquet(place)
        return frame.sparkSession.read.schema(frame.schema).parquet(place)

    def frame(self, rows: pa.Table, name: str, spark: SparkSession) -> DataFrame:
        """The rows as a Spark frame, which may be read until the hand-over ends."""
        place = f"{self.folder}/{name}"
        system, path = _located(place)
        system.create_dir(path)
        pyarrow.parquet.write_table(rows, f"{path}/part-0.parquet", filesystem=system)
        return spark.read.schema(from_arrow_schema(rows.schema)).parquet(place)


@contextmanager
def handover(lake_path: str, name: str) -> Iterator[Handover]:
    """A folder `<lake>/personal/_tmp/<name>` that is gone when the block ends."""
    folder = f"{lake_path.rstrip('/')}/personal/_tmp/{name}"
    try:
        yield Handover(folder)
    finally:
        system, path = _located(folder)
        if system.get_file_info(path).type != fs.FileType.NotFound:
            system.delete_dir(path)


def _located(place: str) -> tuple[fs.FileSystem, str]:
    found: tuple[fs.FileSystem, str] = fs.FileSystem.from_uri(place)
    return found
