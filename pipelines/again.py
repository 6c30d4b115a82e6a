"""Files of earlier nights that are conformed again: what stood from them and no longer does."""

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from pipelines.reconciliation import FileCounted


def of_files(held: DataFrame, counted: Iterable[FileCounted]) -> DataFrame:
    """The rows of a conformed table that come from one of these files."""
    files = sorted({(file.source, file.delivery, file.file_sha256) for file in counted})
    places = frame_of(held.sparkSession, files, "source string, delivery string, file_sha256 string")
    return held.join(F.broadcast(places), places.columns, "left_semi")


def no_longer_delivered(held: DataFrame, kept: DataFrame, frame: DataFrame, *, key: Iterable[str]) -> DataFrame:
    """The keys of the rows held that no row of the files conformed again stands for.

    Reads:  _fate and _restates of kept, which is every row of those files; _broken of frame, which is to be published.
    """
    names = list(key)
    stands = kept.where("_fate = 'superseded' or _fate = 'unchanged' and not _restates").select(*names)
    stands = stands.unionByName(frame.where("size(_broken) = 0").select(*names))
    return held.join(stands, names, "left_anti").select(*names)
