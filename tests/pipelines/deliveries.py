"""Deliveries as ingest leaves them in the raw tables, for tests of conform."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from pyspark.sql import Row

from lakehouse.delta import Lakehouse
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


def deliver(
    lake: Lakehouse,
    rows: Sequence[dict[str, Any]],
    *,
    night: date = FIRST,
    name: str = "rows_1.csv",
    delivery: str = "rows",
    corrupt: Sequence[str] = (),
) -> str:
    """Put the rows of one file into the raw table, as text, and the file into raw.files; its hash is returned."""
    sha = sha256(f"{night}{name}{rows}".encode()).hexdigest()
    names = list(dict.fromkeys(column for row in rows for column in row)) or ["id"]
    listed = [[row.get(column) for column in names] + [None] for row in rows]
    listed += [[None] * len(names) + [text] for text in corrupt]
    data = [(night, name, sha, place, row[-1], *row[:-1]) for place, row in enumerate(listed, start=1)]
    table = raw_table("shop", delivery)
    schema = "_night date, _file_name string, _file_sha256 string, _row_number bigint, _corrupt string, "
    schema += ", ".join(f"`{stored_name(column)}` string" for column in names)
    lake.append_once(table, lake.spark.createDataFrame(data, schema).coalesce(1), batch=sha)
    told = {"night": night, "source": "shop", "delivery": delivery, "file_name": name, "sha256": sha, "status": "new"}
    file = Row(*((told | {"rows": len(data)}).get(column) for column in FILES.column_names))
    lake.append_once(FILES, lake.spark.createDataFrame([file], FILES.schema).coalesce(1), batch=sha)
    return sha


def conformed(
    lake: Lakehouse,
    shop: Source,
    *,
    night: date = FIRST,
    entity: str = "orders",
    from_raw: bool = False,
    timezone: str = "UTC",
) -> Conformed:
    """The entity of the night, conformed for a retailer that counts in EUR."""
    return conform(
        lake, ENTITIES[entity], {"shop": shop}, night=night, as_of=datetime.combine(night, time(), UTC),
        currency="EUR", timezone=timezone, from_raw=from_raw,
    )  # fmt: skip


def published(lake: Lakehouse, result: Conformed, *, entity: str = "orders") -> None:
    """Write the sound rows, as publish does."""
    table = ENTITIES[entity].conformed
    lake.merge(table, result.frame.where("size(_broken) = 0").select(*table.column_names), gone=result.gone)
    result.release()
