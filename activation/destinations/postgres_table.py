"""A table of a PostgreSQL database, for a BI tool: one row per contact (docs/files_and_tables.md).

Source: PostgreSQL, "INSERT", ON CONFLICT clause; psycopg 3, "SQL string composition".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import field_validator

from activation.destination import (
    Answer,
    Batch,
    BatchRefused,
    Capabilities,
    DestinationKeys,
    DestinationSettings,
    Record,
)
from lakehouse.errors import DestinationUnavailable, WrongCall

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

ACCEPTED = Answer("acknowledged")
LOCAL = (None, "localhost", "127.0.0.1", "::1")
KEY, NIGHT = "contact_id", "night"
TYPES = {
    "string": "text",
    "boolean": "boolean",
    "int": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double precision",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "array<string>": "text[]",
}
"""PostgreSQL's name of each type of the customer view; a decimal is numeric with the same digits."""
COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = any(k.conkey), false)
from pg_attribute a left join pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p'
where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
"""


class TableKeys(DestinationKeys):
    """Keys of a `table` entry.

    Units: url as postgresql://user@host:port/database, without a password: `credentials` names its variable; table is
           that of the one sync or audience of this destination; where missing each has one of its own name.
    """

    url: str
    schema_name: str = "public"
    table: str | None = None

    @property
    def one_list(self) -> bool:
        """Whether the entry names its table: each row is one contact, whichever sync or audience wrote it."""
        return self.table is not None

    @field_validator("url")
    @classmethod
    def _without_password(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or not parts.path.strip("/"):
            raise ValueError("it must read postgresql://user@host:port/database")
        if parts.password or "password" in parse_qs(parts.query):
            raise ValueError("it must hold no password: name the variable that holds it as `credentials`")
        return url


class PostgresTable:
    """One table per sync or audience; each batch is one transaction, and a row is written by its contact id."""

    capabilities = Capabilities(
        summary="a table of a PostgreSQL database, for a BI tool",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=2_000,
        needs_credentials=True,
        delete_a_person=True,
    )
    keys: type[DestinationKeys] = TableKeys

    def __init__(self, keys: TableKeys, secret: str | None) -> None:
        self._keys, self._secret = keys, secret
        parts = urlsplit(keys.url)
        self._where = f"{parts.hostname}{parts.path} ({keys.schema_name})"
        self._encrypted = parts.hostname not in LOCAL and "sslmode" not in parse_qs(parts.query)

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "PostgresTable":  # noqa: ARG003
        """The database of the entry; `credentials` names the variable with its password."""
        return cls(TableKeys.model_validate(settings.keys), secret)

    def check(self) -> None:
        """Log in and look whether the schema may be used.

        Raises: WrongCall if not, DestinationUnavailable if the database does not answer.
        """
        with self._transaction() as cursor:
            asked = "select has_schema_privilege(oid, 'usage') from pg_namespace where nspname = %s"
            if cursor.execute(asked, (self._keys.schema_name,)).fetchone() != (True,):
                raise self._wrong("there is no such schema, or this user may not use it")

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Write and delete the rows of the batch: all of them or none.

        Raises: BatchRefused if a value is refused; WrongCall if the table has other columns or may not be written.
        """
        from psycopg import sql

        name = self._keys.table or batch.name
        table = sql.Identifier(self._keys.schema_name, name)
        gone = [(record.contact_id,) for record in batch.records if record.operation == "remove"]
        rows = [_row(record, batch) for record in batch.records if record.operation != "remove"]
        with self._transaction() as cursor:
            held = self._columns(cursor, table)
            if rows:
                self._fit(cursor, table, held, batch)
                cursor.executemany(_upsert(table, (KEY, *batch.fields, NIGHT)), rows)
            if gone and held:
                cursor.executemany(sql.SQL("delete from {} where {} = %s").format(table, sql.Identifier(KEY)), gone)
        return {record.record_key: ACCEPTED for record in batch.records}

    def _columns(self, cursor: "psycopg.Cursor[Any]", table: "sql.Identifier") -> dict[str, str]:
        """The type of each column of the table that is there, the key marked; empty where there is none."""
        rows = cursor.execute(COLUMNS, (table.as_string(cursor),)).fetchall()
        return {name: f"{kind} primary key" if is_key else kind for name, kind, is_key in rows}

    def _fit(
        self, cursor: "psycopg.Cursor[Any]", table: "sql.Identifier", held: Mapping[str, str], batch: Batch
    ) -> None:
        """Make the table, or refuse one that is not as we would make it."""
        from psycopg import sql

        wanted = _wanted(batch)
        if not held:
            columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in wanted.items()]
            cursor.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join(columns)))
        elif held != wanted:
            raise self._wrong(f"the table {table.as_string(cursor)} has other columns: {_difference(held, wanted)}")

    @contextmanager
    def _transaction(self) -> Iterator["psycopg.Cursor[Any]"]:
        import psycopg

        safe = {"sslmode": "require"} if self._encrypted else {}
        limits = {"connect_timeout": 10, "options": "-c statement_timeout=60000 -c timezone=UTC"}
        try:
            with (
                psycopg.connect(self._keys.url, password=self._secret, **limits, **safe) as connection,  # type: ignore[arg-type]
                connection.cursor() as cursor,
            ):
                yield cursor
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise BatchRefused(
                f"the database refuses a value ({error.sqlstate or 'text'})", where=self._where
            ) from None
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):
                raise self._wrong("it refuses the login") from None
            raise self._unavailable() from None
        except psycopg.Error as error:
            raise self._wrong(f"the database refuses the statement ({error.sqlstate})") from None

    def _wrong(self, what: str) -> WrongCall:
        return WrongCall(
            what,
            where=self._where,
            still_true="Nothing of that batch was written there; the table is as it was.",
            next_step="Alter or drop that table, or repair the destination's keys, user or password; then "
            "`habitue deliver`.",
        )

    def _unavailable(self) -> DestinationUnavailable:
        return DestinationUnavailable(
            "the database does not answer",
            where=self._where,
            still_true="The batch was written whole or not at all.",
            next_step="Look whether the database is up, then `habitue deliver`.",
        )


def _wanted(batch: Batch) -> dict[str, str]:
    fields = {name: _type(batch.types.get(name, "string")) for name in batch.fields}
    return {KEY: "text primary key", **fields, NIGHT: "date"}


def _type(spark: str) -> str:
    return spark.replace("decimal", "numeric") if spark.startswith("decimal(") else TYPES.get(spark, "text")


def _difference(held: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """What is missing, what is too much and what is of another type, as column names and types."""
    missing = [f"{name} {kind} is missing" for name, kind in wanted.items() if name not in held]
    extra = [f"{name} is not sent" for name in held if name not in wanted]
    other = [
        f"{name} is {held[name]} and not {kind}" for name, kind in wanted.items() if name in held and held[name] != kind
    ]
    return "; ".join([*missing, *other, *extra])


def _row(record: Record, batch: Batch) -> tuple[object, ...]:
    said = json.loads(record.payload or "{}", parse_float=Decimal)
    return (record.contact_id, *(_value(said.get(name), batch.types.get(name)) for name in batch.fields), batch.night)


def _value(value: object, spark: str | None) -> object:
    """The value as its column takes it: what has no type of its own there stays JSON."""
    plain = value is None or not isinstance(value, dict | list) or spark == "array<string>"
    return value if plain else json.dumps(value, ensure_ascii=False, default=float)


def _upsert(table: "sql.Identifier", columns: Sequence[str]) -> "sql.Composed":
    from psycopg import sql

    names = [sql.Identifier(name) for name in columns]
    return sql.SQL("insert into {} ({}) values ({}) on conflict ({}) do update set {}").format(
        table,
        sql.SQL(", ").join(names),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
        names[0],
        sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:]),
    )
