"""The local, fsynced record of what was sent, until it is folded into activation.deliveries."""

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SCHEMA = """
create table if not exists sendings (
    sequence integer primary key autoincrement, delivery_id text not null, attempt integer not null,
    night text not null, destination text not null, name text not null, record_key text not null, customer_id text,
    operation text not null, payload_hash text, valid_until text, banded_values text,
    outcome text, message text, sent_at text, email text, phone text, by_address integer not null default 0
);
create table if not exists identity (outbox_id text not null);
create table if not exists fold (first integer not null, last integer not null);
"""
COLUMNS = (
    "delivery_id",
    "attempt",
    "night",
    "destination",
    "name",
    "record_key",
    "customer_id",
    "operation",
    "payload_hash",
    "valid_until",
    "banded_values",
)
RESULT = ("outcome", "message", "sent_at")
KEPT_APART = ("email", "phone", "by_address")
"""What goes to activation.held_addresses and never to activation.deliveries."""
ADDED = {
    "banded_values": "text",
    "email": "text",
    "phone": "text",
    "by_address": "integer not null default 0",
}
"""Columns that outboxes of earlier versions lack."""
FOLDED = (*COLUMNS, *RESULT, "sequence", *KEPT_APART)
ABANDONED = "the process ended before the answer was recorded"


@dataclass(frozen=True)
class Fold:
    """A range of sendings that goes to the lake in one append; its name is the same however often it is tried."""

    batch: str
    rows: Sequence[Mapping[str, object]] = field(repr=False)


class Outbox:
    """Sendings in a SQLite file: announced before the call, answered after it, deleted once they are in the lake.

    What is deleted is overwritten with zeros, because it may be an address.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with self._transaction() as connection:
            connection.executescript(SCHEMA)
            present = {row[1] for row in connection.execute("pragma table_info(sendings)")}
            for name in ADDED.keys() - present:
                connection.execute(f"alter table sendings add column {name} {ADDED[name]}")
            if connection.execute("select count(*) from identity").fetchone()[0] == 0:
                connection.execute("insert into identity values (?)", (secrets.token_hex(8),))

    def start_after(self, sequence: int) -> None:
        """Number the next sendings above `sequence`: a new outbox continues what the lake already holds."""
        with self._transaction() as connection:
            if connection.execute("select count(*) from sqlite_sequence where name = 'sendings'").fetchone()[0] == 0:
                connection.execute("insert into sqlite_sequence values ('sendings', 0)")
            connection.execute("update sqlite_sequence set seq = max(seq, ?) where name = 'sendings'", (sequence,))

    def announce(self, rows: Iterable[tuple[object, ...]]) -> list[int]:
        """The sequence numbers of rows (COLUMNS, KEPT_APART) that are about to be sent; on disk when this returns."""
        names = (*COLUMNS, *KEPT_APART)
        insert = f"insert into sendings ({', '.join(names)}) values ({', '.join('?' * len(names))})"
        with self._transaction() as connection:
            return [int(connection.execute(insert, row).lastrowid or 0) for row in rows]

    def answer(self, answers: Iterable[tuple[str, str | None, int]], *, at: str) -> None:
        """Record (outcome, message, sequence) of what was announced; on disk when this returns."""
        with self._transaction() as connection:
            connection.executemany(
                "update sendings set outcome = ?, message = ?, sent_at = ? where sequence = ?",
                ((outcome, message, at, sequence) for outcome, message, sequence in answers),
            )

    def abandon(self, *, at: str) -> None:
        """Count what was announced and never answered as failed: whether it arrived is unknown."""
        with self._transaction() as connection:
            connection.execute(
                "update sendings set outcome = 'failed', message = ?, sent_at = ? where outcome is null",
                (ABANDONED, at),
            )

    def next_fold(self, size: int) -> Fold | None:
        """The next range to append to the lake, the one that an ended process began first; None when all is folded."""
        with self._transaction() as connection:
            span = connection.execute("select first, last from fold").fetchone()
            if span is None:
                span = connection.execute(
                    "select min(sequence), max(sequence)"
                    " from (select sequence from sendings order by sequence limit ?)",
                    (size,),
                ).fetchone()
                if span[0] is None:
                    return None
                connection.execute("insert into fold values (?, ?)", span)
            outbox_id = connection.execute("select outbox_id from identity").fetchone()[0]
            wanted = ", ".join(FOLDED)
            rows = connection.execute(f"select {wanted} from sendings where sequence between ? and ?", span).fetchall()
        return Fold(f"{outbox_id}-{span[0]}-{span[1]}", [dict(zip(FOLDED, row, strict=True)) for row in rows])

    def folded(self) -> None:
        """Forget the range that next_fold gave: it is in the lake."""
        with self._transaction() as connection:
            connection.execute(
                "delete from sendings where exists (select 1 from fold where sequence between first and last)"
            )
            connection.execute("delete from fold")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("pragma synchronous = full")
            connection.execute("pragma secure_delete = on")
            yield connection
