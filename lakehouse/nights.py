"""ops.nights: what stood when each night first started, what was made anew, whether it ended; nights run in order."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

from pyspark.sql import Row

from lakehouse.delta import Lakehouse, NightStart
from lakehouse.errors import NightOutOfOrder
from lakehouse.rows import frame_of
from lakehouse.table import Table, columns, required

NIGHTS = Table(
    name="ops.nights",
    grain="one row per night and table or model, written when the night first starts, and per layer rebuilt or table "
    "reprocessed since",
    key=("night", "kind", "name", "version"),
    columns=columns(
        required("night", "date", "night"),
        required("kind", "string", "table, model, rebuilt or reprocessed"),
        required("name", "string", "table, model, `challenger <model>` or layer"),
        required(
            "version",
            "string",
            "Delta version (-1: not there) or model version at the start; anew for a layer; for a table that was "
            "reprocessed the night of the oldest file conformed again",
        ),
    ),
    write="append_once",
)
NIGHTS_ENDED = Table(
    name="ops.nights_ended",
    grain="one row per night that ran to its end",
    key=("night",),
    columns=columns(required("night", "date", "night")),
    write="append_once",
)


def begin_night(
    lake: Lakehouse,
    night: date,
    *,
    tables: Iterable[Table],
    models: Mapping[str, str],
    first_night: date,
    rebuild_from: str | None = None,
) -> NightStart:
    """What the night starts from; recorded at its first start, read back at every rerun.

    Units: rebuild_from is kept as well, since all tries of a night build on what it first found: a rerun that did not
           rebuild too would put back what the rebuild replaced.
    Raises: NightOutOfOrder if the night lies before the last one or leaves a gap.
    """
    check_order(lake, night, first_night=first_night)
    start = night_start(lake, night)
    if start is None:
        start = NightStart(night, MappingProxyType(lake.versions(tables)), MappingProxyType(dict(models)))
        _record(lake, _rows(start), batch=night.isoformat())
    if rebuild_from is None or rebuild_from in start.rebuilt:
        return start
    row = Row(night=night, kind="rebuilt", name=rebuild_from, version="anew")
    _record(lake, [row], batch=f"{night.isoformat()} rebuilt from {rebuild_from}")
    return replace(start, rebuilt=start.rebuilt | {rebuild_from})


def note_reprocessed(lake: Lakehouse, night: date, table: Table, *, since: date) -> None:
    """Keep that a table was repaired after the night: all tries of a night build on what it first found, so a rerun
    that did not conform the same files again would lose what the repair brought back.
    """
    row = Row(night=night, kind="reprocessed", name=table.name, version=since.isoformat())
    _record(lake, [row], batch=f"{night} {table.name} reprocessed since {since}")


def night_start(lake: Lakehouse, night: date) -> NightStart | None:
    """What was recorded at the night's first start, and since; None if it never started."""
    rows = lake.read(NIGHTS).where(f"night = DATE'{night.isoformat()}'").collect()
    if not rows:
        return None
    versions = {row["name"]: int(row["version"]) for row in rows if row["kind"] == "table"}
    models = {row["name"]: row["version"] for row in rows if row["kind"] == "model"}
    rebuilt = frozenset(row["name"] for row in rows if row["kind"] == "rebuilt")
    again = sorted((row["version"], row["name"]) for row in rows if row["kind"] == "reprocessed")
    oldest = {name: date.fromisoformat(since) for since, name in reversed(again)}
    return NightStart(night, MappingProxyType(versions), MappingProxyType(models), rebuilt, MappingProxyType(oldest))


def end_night(lake: Lakehouse, night: date) -> None:
    """Record that the night ran to its end."""
    frame = frame_of(lake.spark, [(night,)], NIGHTS_ENDED.schema)
    lake.append_once(NIGHTS_ENDED, frame.coalesce(1), batch=night.isoformat())


def last_started(lake: Lakehouse) -> date | None:
    """The newest night that ever started."""
    found: date | None = lake.read(NIGHTS).selectExpr("max(night) as night").first()["night"]  # type: ignore[index]
    return found


def has_ended(lake: Lakehouse, night: date) -> bool:
    """Whether the night ran to its end at least once."""
    return not lake.read(NIGHTS_ENDED).where(f"night = DATE'{night.isoformat()}'").isEmpty()


def check_order(lake: Lakehouse, night: date, *, first_night: date) -> None:
    """Refuse a night that does not follow.

    Raises: NightOutOfOrder; the message names the night that may run.
    """
    last = last_started(lake)
    allowed = _allowed(lake, last, first_night)
    if night in allowed:
        return
    raise NightOutOfOrder(
        _reason(night, last, allowed),
        where=f"night {night}",
        still_true="No table was changed.",
        next_step=_next_step(night, allowed[-1]),
    )


def _rows(start: NightStart) -> list[Row]:
    rows = [Row(night=start.night, kind="table", name=name, version=str(v)) for name, v in start.versions.items()]
    return rows + [Row(night=start.night, kind="model", name=name, version=v) for name, v in start.models.items()]


def _record(lake: Lakehouse, rows: list[Row], *, batch: str) -> None:
    lake.append_once(NIGHTS, frame_of(lake.spark, rows, NIGHTS.schema).coalesce(1), batch=batch)


def _allowed(lake: Lakehouse, last: date | None, first_night: date) -> tuple[date, ...]:
    if last is None:
        return (first_night,)
    return (last, last + timedelta(days=1)) if has_ended(lake, last) else (last,)


def _reason(night: date, last: date | None, allowed: tuple[date, ...]) -> str:
    if last is None:
        return f"the first night of this retailer is {allowed[0]}"
    if night < last:
        return f"the lake already holds night {last}; only the last night may run again"
    if night > allowed[-1] and allowed == (last,):
        return f"night {last} started and did not end"
    return f"nights run in order and the last one was {last}"


def _next_step(night: date, allowed: date) -> str:
    if night > allowed:
        return f"Catch up with `habitue night --from {allowed} --to {night}`."
    return f"Run `habitue night --date {allowed}`."
