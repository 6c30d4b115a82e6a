"""quality.measurements: what every night brought, in figures; the history by which the next nights are judged."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table, columns, required

MEASUREMENTS = Table(
    name="quality.measurements",
    grain="one row per night and figure of what was delivered",
    key=("night", "name", "source", "delivery", "measure", "part"),
    columns=columns(
        required("night", "date", "night that brought it"),
        required("name", "string", "table that the figure is about; empty for a score of a whole source"),
        required("source", "string", "source of the retailer file"),
        required("delivery", "string", "delivery of that source; empty where it is about all of them"),
        required("measure", "string", "what is measured: rows, amount, complete, hour, score, ..."),
        required("part", "string", "column, group or use case that it is about; empty where it is about all"),
        required("value", "double", "the figure: rows, an amount, a share from 0 to 1, days"),
        required("rows", "bigint", "how many rows it is taken from", "rows"),
    ),
    write="replace_night",
)


@dataclass(frozen=True)
class Figure:
    """One figure of one night: the columns of quality.measurements without the night."""

    name: str
    source: str
    delivery: str
    measure: str
    part: str
    value: float
    rows: int

    @property
    def place(self) -> "Place":
        """The table and the delivery that it is about."""
        return (self.name, self.source, self.delivery)


Place = tuple[str, str, str]
"""Table, source and delivery."""
Known = Mapping[date, Figure]
"""One figure, by the night that brought it."""
History = Mapping[Place, Mapping[str, Mapping[str, Known]]]
"""The figures of earlier nights by place, by measure, by part and by night."""


def measured_before(lake: Lakehouse, night: date, *, since: date, days: Collection[date] = ()) -> History:
    """The figures of the nights before this one.

    Units: nights from `since` on, and of the days given whatever lies further back.
    """
    wanted = (F.col("night") >= F.lit(since)) | F.col("night").isin(sorted(days))
    rows = lake.read(MEASUREMENTS).where(wanted & (F.col("night") < F.lit(night))).collect()
    return history((row["night"], Figure(*(row[name] for name in _FIGURE))) for row in rows)


def history(figures: Iterable[tuple[date, Figure]]) -> History:
    """Figures with their nights, put in order."""
    found: dict[Place, dict[str, dict[str, dict[date, Figure]]]] = {}
    for night, figure in figures:
        parts = found.setdefault(figure.place, {}).setdefault(figure.measure, {})
        parts.setdefault(figure.part, {})[night] = figure
    return found


def as_frame(spark: SparkSession, figures: Iterable[Figure], night: date) -> DataFrame:
    """The night's rows of quality.measurements."""
    return frame_of(spark, [(night, *astuple(figure)) for figure in figures], MEASUREMENTS.schema)


_FIGURE = tuple(field.name for field in fields(Figure))
