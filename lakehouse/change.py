"""What a write does to a table, beside the rows that it brings."""

from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.arrow_writes import InArrow


@dataclass(frozen=True)
class Change:
    """Rows to insert or update, and the keys of rows that the table is to lose.

    Units: adds is whether the table has no key of the rows yet, and loses none; None where nobody knows.
    Shape: in_arrow is the same in Arrow, so that it may be written without Spark (decision 0015).
    """

    rows: DataFrame
    gone: DataFrame | None = None
    adds: bool | None = None
    in_arrow: InArrow | None = None


def as_change(given: DataFrame | Change) -> Change:
    """The change that a frame stands for by itself: its rows and no more."""
    return given if isinstance(given, Change) else Change(given)
