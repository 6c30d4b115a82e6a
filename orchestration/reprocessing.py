"""`habitue reprocess`: rows that were set aside come back once their rule or mapping is repaired."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.errors import GateBlocked, WrongCall
from lakehouse.names import nearest
from lakehouse.nights import has_ended, last_started, night_start, note_reprocessed
from orchestration.assets.conformed import mapped_entities
from orchestration.conforming import conform_and_publish, unreconciled
from orchestration.night import open_lake
from orchestration.retailer import Retailer, load_retailer
from orchestration.running import place_of
from orchestration.statements import check_statements
from orchestration.tables import all_tables
from pipelines.canonical import Entity
from pipelines.known_files import FileBook
from pipelines.reconciliation import RECONCILIATION, FileCounted, corrected, reconcile, unbalanced
from quality.publish import Published
from quality.rejects import PLACE

NOTHING = "Nothing was changed."


@dataclass(frozen=True)
class Reprocessed:
    """What came of conforming files again.

    Units: night is the last one, whose unified tables and scores stay as they are; came_back and still_aside are rows;
           written are the rows of the table that are new or differ; rules count the rows still set aside.
    """

    table: str
    since: date
    night: date
    came_back: int
    still_aside: int
    written: int
    rules: dict[str, int]
    gates: tuple[dict[str, Any], ...]


def reprocess(asked: argparse.Namespace) -> int:
    """`habitue reprocess`: conform the files behind the rows set aside since a day again, with the rules of now.

    Raises: WrongCall, LakeLocked; GateBlocked before any write.
    """
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    entity = _entity(asked.table, retailer)
    with open_lake(place, purpose=f"reprocess of {asked.table}") as lake:
        check_statements(lake.spark, retailer, out=place.out)
        found = reprocessed(lake, entity, retailer, since=asked.since)
    print(json.dumps(_facts(found)) if asked.json else in_words(found))
    return 0


def reprocessed(lake: Lakehouse, entity: Entity, retailer: Retailer, *, since: date) -> Reprocessed:
    """What came of the rows of the entity that were set aside since a day.

    Shape:  what changes is known from the night after the last one, as if that night had conformed it. The rows are
            taken out of the rejected table only after the table holds them: a kill in between loses none.
    Raises: WrongCall where there is nothing to do; GateBlocked before any write.
    """
    night = _ended_night(lake)
    before = lake.read_version(entity.rejected, lake.version(entity.rejected))
    oldest = _oldest_file(lake, entity, before, since=since, night=night)
    note_reprocessed(lake, night, entity.conformed, since=oldest)
    try:
        published, counted = conform_and_publish(
            lake, entity, retailer, night=night + timedelta(days=1), since=oldest, last_night=night
        )
    except GateBlocked as error:
        raise _blocked(error, entity, since) from error
    _reconcile_again(lake, entity, published, counted, night=night, since=oldest)
    return _outcome(lake, entity, published, before, since=since, night=night)


def in_words(found: Reprocessed) -> str:
    """What `habitue reprocess` prints."""
    lines = [
        f"{found.table}: {found.came_back:,} rows set aside since {found.since} came back, "
        f"{found.still_aside:,} stay set aside",
        *(f"  {rows:>9,}  {rule}" for rule, rows in found.rules.items()),
        f"{found.written:,} rows of {found.table} are new or differ. Night {found.night} stays as it is: unified "
        "tables, features and scores follow on the next night. Nothing was sent.",
    ]
    return "\n".join(lines)


def _entity(name: str, retailer: Retailer) -> Entity:
    entities = {entity.conformed.name: entity for entity in mapped_entities(retailer)}
    if name in entities:
        return entities[name]
    if name in {table.name for table in all_tables(retailer)}:
        what = f"{name} sets no rows aside{nearest(name, entities)}"
    else:
        what = f"there is no table {name}{nearest(name, entities)}"
    raise _wrong(what, f"Pass one of: --table {', '.join(sorted(entities))}.")


def _ended_night(lake: Lakehouse) -> date:
    last = last_started(lake)
    if last is None:
        raise _wrong("there is no night yet", "Run a first night: `habitue night --date D`.")
    if not has_ended(lake, last):
        raise _wrong(f"night {last} started and did not end", f"Run `habitue night --date {last}` first.")
    return last


def _oldest_file(lake: Lakehouse, entity: Entity, before: DataFrame, *, since: date, night: date) -> date:
    """The night of the oldest file with a row set aside since the day; what a killed try began is done again."""
    start = night_start(lake, night)
    begun = start.reprocessed.get(entity.conformed.name) if start else None
    files = before.where(F.col("night") >= since).select("source", "delivery", "file_sha256").distinct().collect()
    wanted = {tuple(file) for file in files}
    taken = FileBook(lake).taken(night)
    nights = [
        file[0]
        for (source, delivery), listed in taken.items()
        for file in listed
        if (source, delivery, file[2]) in wanted
    ]
    nights += [begun] if begun and since <= night else []
    if not nights:
        raise _nothing_aside(entity, before, since)
    return min(nights)


def _nothing_aside(entity: Entity, before: DataFrame, since: date) -> WrongCall:
    last = before.agg(F.max("night")).collect()[0][0]
    hint = f"The last night with such rows: --since {last}." if last else "There is nothing to reprocess."
    return _wrong(f"no row of {entity.conformed.name} has been set aside since {since}", hint)


def _reconcile_again(
    lake: Lakehouse, entity: Entity, published: Published, counted: Iterable[FileCounted], *, night: date, since: date
) -> None:
    found = reconcile(lake.spark, counted, {entity.name: published.counts}, night=night)
    if not unbalanced(found).isEmpty():
        raise unreconciled(night, "delivered rows are not all accounted for")
    held = lake.read(RECONCILIATION).where(F.col("night") >= since)
    lake.replace_since(RECONCILIATION, corrected(held, found).coalesce(1), since)


def _outcome(
    lake: Lakehouse, entity: Entity, published: Published, before: DataFrame, *, since: date, night: date
) -> Reprocessed:
    asked = before.where(F.col("night") >= since)
    after = lake.read(entity.rejected).select(*PLACE)
    return Reprocessed(
        table=entity.conformed.name,
        since=since,
        night=night,
        came_back=asked.join(after, [*PLACE], "left_anti").count(),
        still_aside=published.rejected_rows,
        written=published.rows,
        rules=dict(published.rejected),
        gates=tuple({**vars(gate)} for gate in published.gates),
    )


def _facts(found: Reprocessed) -> dict[str, Any]:
    return {**vars(found), "since": found.since.isoformat(), "night": found.night.isoformat()}


def _blocked(error: GateBlocked, entity: Entity, since: date) -> GateBlocked:
    """The gate's error with the command that was typed; its rows are still set aside."""
    again = f"`habitue reprocess --table {entity.conformed.name} --since {since}`"
    return GateBlocked(
        error.what,
        where=error.where,
        still_true=f"{error.still_true} The rows that were set aside still are.",
        next_step=f"Correct the rule or the mapping, then {again}.",
    )


def _wrong(what: str, next_step: str) -> WrongCall:
    return WrongCall(what, where="habitue reprocess", still_true=NOTHING, next_step=next_step)
