"""ops.accepted: nights that a person let through although what came is far from usual; recorded with who and why."""

from datetime import date, datetime

from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table, columns, required

ACCEPTED = Table(
    name="ops.accepted",
    grain="one row per table and night that a person let through",
    key=("night", "name"),
    columns=columns(
        required("night", "date", "the night that is let through"),
        required("name", "string", "table whose gate opens for that night"),
        required("who", "string", "who decided"),
        required("why", "string", "the reason given"),
        required("decided_at", "timestamp", "when it was decided (UTC)"),
    ),
    write="append_once",
)


def accept(lake: Lakehouse, table: str, night: date, *, who: str, why: str, decided_at: datetime) -> None:
    """Let the table's deliveries of this night through, once; a second time changes nothing."""
    row = (night, table, who, why, decided_at)
    frame = frame_of(lake.spark, [row], ACCEPTED.schema)
    lake.append_once(ACCEPTED, frame, batch=f"{table} {night.isoformat()}")


def accepted_nights(lake: Lakehouse) -> dict[str, frozenset[date]]:
    """The nights that a person let through, by table."""
    rows = lake.read(ACCEPTED).groupBy("name").agg(F.collect_set("night").alias("nights")).collect()
    return {row["name"]: frozenset(row["nights"]) for row in rows}
