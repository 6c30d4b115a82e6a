"""The local record of sendings survives what happens to its file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from activation.outbox import SCHEMA, Outbox

LATER = ", email text, phone text, by_address integer not null default 0"
ROW = (
    "id",
    1,
    "2026-03-01",
    "crm",
    "scores",
    "contact:crm:1",
    "c1",
    "add",
    "hash",
    "2026-04-01",
    '{"p":0.5}',
    None,
    None,
    0,
)


def test_an_outbox_from_before_dead_bands_gains_their_column_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA.replace(" banded_values text,", "").replace(LATER, ""))
        connection.execute(
            "insert into sendings (delivery_id, attempt, night, destination, name, record_key, operation)"
            " values ('old', 1, '2026-02-28', 'crm', 'scores', 'contact:crm:1', 'add')"
        )
    outbox = Outbox(path)
    assert outbox.announce([ROW]) == [2]
    part = outbox.next_fold(10)
    assert part is not None
    assert [(row["delivery_id"], row["banded_values"]) for row in part.rows] == [("old", None), ("id", '{"p":0.5}')]


def test_what_was_announced_and_never_answered_counts_as_failed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    first, second = outbox.announce([ROW, ROW])
    outbox.answer([("acknowledged", None, first)], at="2026-03-01T02:00:00+00:00")
    outbox.abandon(at="2026-03-01T03:00:00+00:00")
    part = outbox.next_fold(10)
    assert part is not None
    assert [(row["sequence"], row["outcome"]) for row in part.rows] == [(first, "acknowledged"), (second, "failed")]
