"""The `table` destination and a real PostgreSQL."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activation.circuit import Circuit
from activation.destination import Batch, DestinationSettings, Operation, Record
from activation.destinations.postgres_table import PostgresTable
from lakehouse.errors import DestinationUnavailable, HabitueError, WrongCall
from tests.tools.postgresql import PostgreSQL

TYPES = {
    "band": "string",
    "amount": "decimal(18,2)",
    "churn_probability": "double",
    "reasons": "array<string>",
    "valid_until": "date",
    "as_of": "timestamp",
    "is_new": "boolean",
    "share": "map<string,double>",
}
ODD = 'sc"ores; drop'


def record(contact_id: str, operation: Operation = "add", **fields: object) -> Record:
    payload = None if operation == "remove" else json.dumps(fields)
    return Record(f"contact:crm:{contact_id}", contact_id, "c", operation, payload, "h", None, 1)


def batch(*records: Record, fields: tuple[str, ...] = ("band",)) -> Batch:
    return Batch("bi", "crm_scores", date(2026, 3, 1), fields, records, TYPES)


def destination(server: PostgreSQL, *, password: str | None = None, **keys: Any) -> PostgresTable:
    url = f"postgresql://{server.user}@{server.host}:{server.port}/{server.database}"
    entry = {"type": "table", "source": "crm", "url": url, "schema_name": ODD, "credentials": "BI"} | keys
    return PostgresTable.opened(
        DestinationSettings.model_validate(entry), folder=Path(), secret=password or server.password
    )


def rows(server: PostgreSQL, columns: str = "contact_id, band, night", table: str = "crm_scores") -> list[list[str]]:
    quoted = ODD.replace('"', '""')
    return server.execute(f'select {columns} from "{quoted}"."{table}" order by 1')


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[PostgreSQL]:
    """The server with a schema of an awkward name."""
    quoted = ODD.replace('"', '""')
    postgres.execute(f'create schema "{quoted}"')
    yield postgres
    postgres.execute(f'drop schema "{quoted}" cascade')


def test_rows_follow_the_records_and_a_second_send_changes_nothing(database: PostgreSQL) -> None:
    there = destination(database)
    there.check()
    first = batch(record("1", band="Ça va"), record("2", band="low"), record("3"))
    assert {answer.verdict for answer in there.send(first).values()} == {"acknowledged"}
    there.send(first)
    there.send(batch(record("2", "update", band="'; drop"), record("3", "remove"), record("never there", "remove")))
    assert rows(database) == [["1", "Ça va", "2026-03-01"], ["2", "'; drop", "2026-03-01"]]


def test_each_field_has_the_type_of_its_column(database: PostgreSQL) -> None:
    values: dict[str, Any] = {
        "band": "high",
        "amount": 12.5,
        "churn_probability": 0.1234,
        "reasons": ["a, b", 'c"'],
        "valid_until": "2026-04-01",
        "as_of": "2026-03-01T00:00:00.000Z",
        "is_new": True,
        "share": {"tea": 0.5},
    }
    destination(database).send(batch(record("1", **values), record("2"), fields=tuple(TYPES)))
    found = database.execute(
        "select column_name, data_type from information_schema.columns where table_name = 'crm_scores' order by 1"
    )
    assert dict(found) == {
        "contact_id": "text",
        "band": "text",
        "amount": "numeric",
        "churn_probability": "double precision",
        "reasons": "ARRAY",
        "valid_until": "date",
        "as_of": "timestamp with time zone",
        "is_new": "boolean",
        "share": "text",
        "night": "date",
    }
    columns = "contact_id, amount, reasons[2], valid_until + 1, is_new, share, churn_probability"
    assert rows(database, columns) == [
        ["1", "12.50", 'c"', "2026-04-02", "t", '{"tea": 0.5}', "0.1234"],
        ["2", "", "", "", "", "", ""],
    ]


def test_a_table_with_other_columns_is_refused_with_the_difference(database: PostgreSQL) -> None:
    destination(database).send(batch(record("1", band="high")))
    quoted = ODD.replace('"', '""')
    database.execute(f'alter table "{quoted}".crm_scores rename band to old_band')
    with pytest.raises(WrongCall) as refused:
        destination(database).send(batch(record("2", amount=1), fields=("band", "amount")))
    assert "band text is missing; amount numeric(18,2) is missing; old_band is not sent" in refused.value.what
    assert rows(database, "contact_id") == [["1"]]


def test_a_column_of_another_type_is_named(database: PostgreSQL) -> None:
    quoted = ODD.replace('"', '""')
    database.execute(f'create table "{quoted}".mine (contact_id text primary key, band int, night date)')
    with pytest.raises(WrongCall, match="band is integer and not text"):
        destination(database, table="mine").send(batch(record("1", band="high")))


def test_a_batch_is_whole_and_the_bad_record_of_it_is_found(database: PostgreSQL) -> None:
    sent = batch(record("1", band="high"), record("2", band="nul \x00"), record("3", band="low"))
    answers = Circuit(destination(database)).send(sent)
    assert {key[-1]: answer.verdict for key, answer in answers.items()} == {
        "1": "acknowledged",
        "2": "rejected",
        "3": "acknowledged",
    }
    assert rows(database, "contact_id") == [["1"], ["3"]]


@pytest.mark.parametrize(
    ("keys", "error", "what"),
    [
        ({"password": "another"}, WrongCall, "refuses the login"),
        ({"schema_name": "nowhere"}, WrongCall, "no such schema"),
        ({"url": "postgresql://habitue@127.0.0.1:1/postgres"}, DestinationUnavailable, "does not answer"),
    ],
)
def test_what_is_wrong_is_found_by_the_check(
    database: PostgreSQL, keys: dict[str, Any], error: type[HabitueError], what: str
) -> None:
    with pytest.raises(error, match=what) as found:
        destination(database, **keys).check()
    assert database.password not in str(found.value)
    assert "another" not in str(found.value)
