"""Deliveries as ingest leaves them in the raw tables, for tests of conform."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from pyspark.sql import Row

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from pipelines.canonical import ENTITIES
from pipelines.conform import Conformed, conform
from pipelines.mapping import Source
from pipelines.raw import FILES, raw_table, stored_name

FIRST = date(2026, 3, 1)
SECOND = date(2026, 3, 2)
THIRD = date(2026, 3, 3)


def source(
    mapping: dict[str, Any] | list[dict[str, Any]],
    *,
    entity: str = "orders",
    timezone: str = "UTC",
    lag_days: int = 0,
    **delivery: Any,
) -> Source:
    """A source `shop` with one delivery `rows` that feeds one entity."""
    asked = {"files": "rows_*.csv", **delivery}
    return Source.model_validate(
        {"timezone": timezone, "lag_days": lag_days, "deliveries": {"rows": asked}, "entities": {entity: mapping}}
    )


@dataclass(frozen=True)
class File:
    """One delivered file; corrupt are lines with a wrong number of columns."""

    rows: Sequence[dict[str, Any]]
    night: date = FIRST
    name: str = "rows_1.csv"
    corrupt: Sequence[str] = ()

    @property
    def sha(self) -> str:
        return sha256(f"{self.night}{self.name}{self.rows}".encode()).hexdigest()


def deliver(lake: Lakehouse, *files: File) -> None:
    """Put the files into the raw table, as text, and into raw.files; conform sees those up to its night.

    All at once, because an append to a Delta table takes a second.
    """
    names = list(dict.fromkeys(column for file in files for row in file.rows for column in row))
    rows = [row for file in files for row in _raw_rows(file, names)]
    schema = "_night date, _file_name string, _file_sha256 string, _row_number bigint, _corrupt string, "
    schema += ", ".join(f"`{stored_name(column)}` string" for column in names)
    batch = files[0].sha
    lake.append_once(raw_table("shop", "rows"), frame_of(lake.spark, rows, schema).coalesce(1), batch=batch)
    told = frame_of(lake.spark, [_told(file) for file in files], FILES.schema)
    lake.append_once(FILES, told.coalesce(1), batch=batch)


def _raw_rows(file: File, names: list[str]) -> list[tuple[Any, ...]]:
    found = [(None, *(row.get(column) for column in names)) for row in file.rows]
    found += [(text, *[None] * len(names)) for text in file.corrupt]
    return [(file.night, file.name, file.sha, place, *row) for place, row in enumerate(found, start=1)]


def _told(file: File) -> Row:
    known = {"night": file.night, "source": "shop", "delivery": "rows", "file_name": file.name, "sha256": file.sha}
    known |= {"content_sha256": file.sha, "status": "new", "rows": len(file.rows) + len(file.corrupt)}
    return Row(*(known.get(column) for column in FILES.column_names))


def conformed(
    lake: Lakehouse,
    shop: Source,
    *,
    night: date = FIRST,
    entity: str = "orders",
    from_raw: bool = False,
    since: date | None = None,
    timezone: str = "UTC",
) -> Conformed:
    """The entity of the night, conformed for a retailer that counts in EUR."""
    return conform(
        lake, ENTITIES[entity], {"shop": shop}, night=night, as_of=datetime.combine(night, time(), UTC),
        currency="EUR", timezone=timezone, from_raw=from_raw, since=since,
    )  # fmt: skip


def published(lake: Lakehouse, result: Conformed, *, entity: str = "orders") -> None:
    """Write the sound rows, as publish does."""
    table = ENTITIES[entity].conformed
    lake.merge(table, result.frame.where("size(_broken) = 0").select(*table.column_names), gone=result.gone)
    result.release()
