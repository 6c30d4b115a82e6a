"""A source that is a real PostgreSQL: read above its watermark or whole, the password from the environment alone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.delta import Lakehouse
from lakehouse.errors import MissingCredentials
from pipelines.ingest import DeliveredFile, ingest
from pipelines.mapping import Source
from pipelines.raw import raw_rows
from tests.tools.postgresql import PostgreSQL

NIGHT = date(2026, 3, 1)
NEXT, LATER = NIGHT + timedelta(days=1), NIGHT + timedelta(days=2)


def shop(postgres: PostgreSQL, table: str, **delivery: Any) -> Source:
    login = {"url": postgres.jdbc_url, "user": postgres.user, "credentials": "SHOP_PASSWORD"}
    jdbc = login | {"table": table} | delivery.pop("jdbc")
    columns = {"order_id": "cast(id as string)", "ordered_at": "sold_at"}
    return Source.model_validate(
        {
            "timezone": "Europe/Brussels",
            "deliveries": {"orders": {"jdbc": jdbc} | delivery},
            "entities": {"orders": {"from": "orders", "columns": columns}},
        }
    )


def taken(lake: Lakehouse, postgres: PostgreSQL, source: Source, night: date) -> list[DeliveredFile]:
    def credentials(name: str, *, where: str) -> str:
        assert name == "SHOP_PASSWORD", where
        return postgres.password

    return ingest(lake, "shop", source, Path("."), night=night, credentials=credentials)


def rows(lake: Lakehouse) -> list[tuple[Any, ...]]:
    found = raw_rows(lake, "shop", "orders").selectExpr("_night", "id", "cast(sold_at as string)", "_row_number")
    return sorted(tuple(row) for row in found.collect())


def test_only_rows_that_were_not_taken_are_taken_by_watermark(lake: Lakehouse, postgres: PostgreSQL) -> None:
    postgres.execute(
        "create table by_watermark (id int, sold_at timestamp, card text, total numeric(10,2));"
        "insert into by_watermark values (1, '2026-02-27 13:00', '4242', 9.50), (2, '2026-02-28 13:00', '4242', 1);"
    )
    source = shop(postgres, "by_watermark", jdbc={"watermark": "sold_at"}, drop=["card"])
    assert [(f.status, f.rows) for f in taken(lake, postgres, source, NIGHT)] == [("new", 2)]
    assert [f.status for f in taken(lake, postgres, source, NIGHT)] == ["known"]
    postgres.execute("insert into by_watermark values (3, '2026-02-28 13:30', '4242', 2);")
    assert [(f.status, f.rows) for f in taken(lake, postgres, source, NEXT)] == [("new", 1)]
    postgres.execute("insert into by_watermark values (4, '2026-02-28 13:30', '4242', 2);")
    assert [(f.status, f.rows) for f in taken(lake, postgres, source, LATER)] == [("new", 1)]
    assert [f.status for f in taken(lake, postgres, source, LATER + timedelta(days=1))] == ["missing"]
    assert rows(lake) == [
        (NIGHT, 1, "2026-02-27 12:00:00", 1),
        (NIGHT, 2, "2026-02-28 12:00:00", 2),
        (NEXT, 3, "2026-02-28 12:30:00", 1),
        (LATER, 4, "2026-02-28 12:30:00", 1),
    ]
    assert "card" not in raw_rows(lake, "shop", "orders").columns


def test_a_whole_table_is_taken_when_it_changed(lake: Lakehouse, postgres: PostgreSQL) -> None:
    postgres.execute(
        "create table whole (id int, sold_at timestamptz);insert into whole values (1, '2026-02-27 13:00Z'), (2, null);"
    )
    source = shop(postgres, "whole", jdbc={"whole": True}, load="snapshot")
    assert [f.status for f in taken(lake, postgres, source, NIGHT)] == ["new"]
    assert [f.status for f in taken(lake, postgres, source, NEXT)] == ["missing"]
    postgres.execute("delete from whole where id = 2;")
    assert [(f.status, f.rows) for f in taken(lake, postgres, source, NEXT + timedelta(days=1))] == [("new", 1)]


def test_a_database_that_does_not_answer_holds_nothing_up(lake: Lakehouse, postgres: PostgreSQL) -> None:
    [unknown] = taken(lake, postgres, shop(postgres, "nowhere", jdbc={"whole": True}), NIGHT)
    assert unknown.status == "refused"
    assert "nowhere" in str(unknown.reason)
    assert postgres.password not in str(unknown.reason)


def test_a_password_that_is_not_set_is_named(
    lake: Lakehouse, postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    with pytest.raises(MissingCredentials, match="SHOP_PASSWORD"):
        ingest(lake, "shop", shop(postgres, "whole", jdbc={"whole": True}), Path("."), night=NIGHT)
