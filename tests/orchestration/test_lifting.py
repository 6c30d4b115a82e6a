"""`habitue lift`: what it prints, and what it says where there is nothing to measure."""

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from activation.tables import DELIVERIES, HOLDOUTS
from lakehouse.errors import WrongCall
from lakehouse.table import Table
from orchestration import lifting
from orchestration.effect import lifts
from orchestration.lifting import lift
from pipelines.tables import IDENTITY_EVENTS, MESSAGES, ORDERS
from tests.activation.builders import NIGHT, only_audience, rows

START = NIGHT - timedelta(days=30)


@dataclass(frozen=True)
class Kept:
    """A lake that holds these rows."""

    spark: SparkSession
    tables: dict[Table, list[dict[str, Any]]]

    def read(self, table: Table) -> DataFrame:
        return rows(self.spark, table.schema, self.tables.get(table, []))


def side(customer: str, arm: str, since: date = START) -> dict[str, Any]:
    """One row of activation.holdouts."""
    return {"audience": "win_back", "customer_id": customer, "arm": arm, "since": since, "share": 0.4}


def history() -> dict[Table, list[dict[str, Any]]]:
    """30 sent, of whom 15 bought, and 20 held out, of whom 5 bought; one pair turned out to be one person."""
    sent, out = [f"sent{n}" for n in range(30)], [f"out{n}" for n in range(20)]
    at = datetime(START.year, START.month, START.day, 12, tzinfo=UTC)
    bought = [{"customer_id": who, "event_at": at, "order_amount": Decimal(20)} for who in [*sent[:15], *out[:5]]]
    message = {"customer_id": "sent0", "event_at": at, "kind": "sent"}
    messages = [message | {"channel": channel} for channel in ("email", "email", "sms")]
    messages += [messages[0] | {"event_at": at + timedelta(days=60)}]
    merged = {"night": NIGHT, "customer_id": "sent29", "event": "merged_into", "other_customer_id": "out19"}
    taken = {"night": START, "name": "win_back", "outcome": "acknowledged", "operation": "add"}
    return {
        HOLDOUTS: [*(side(who, "contacted") for who in sent), *(side(who, "held_out") for who in out)],
        DELIVERIES: [taken | {"customer_id": who} for who in sent],
        ORDERS: bought,
        IDENTITY_EVENTS: [merged],
        MESSAGES: messages,
    }


def run_on(spark: SparkSession, tables: dict[Table, list[dict[str, Any]]]) -> Any:
    """As much of a night as the command reads."""
    retailer = only_audience(holdout=0.4)
    told = {"audiences": retailer.audiences, "timezone": "UTC", "currency": "EUR", "contact_costs": {"email": 0.5}}
    return SimpleNamespace(
        lake=Kept(spark, tables),
        retailer=SimpleNamespace(**told),
        night=NIGHT,
        as_of=datetime(NIGHT.year, NIGHT.month, NIGHT.day, tzinfo=UTC),
        place=SimpleNamespace(retailer_file=Path("retailer.yaml")),
    )


@pytest.fixture
def asked(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Namespace:
    """`habitue lift win_back --json` on a lake with a history."""

    @contextmanager
    def last_night(asked: Namespace) -> Iterator[Any]:
        yield run_on(spark, asked.tables)

    monkeypatch.setattr(lifting, "last_night", last_night)
    return Namespace(name="win_back", days=None, json=True, tables=history())


def test_the_two_sides_are_printed_without_who_changed_sides(
    asked: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lift(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sent"]["customers"], told["sent"]["buyers"]) == (29, 15)
    assert (told["held_out"]["customers"], told["held_out"]["buyers"]) == (19, 5)
    assert told["left_out"] == {"changed_sides": 1}
    assert told["is_telling"] is False
    assert (told["cost"], told["cost_per_buyer"]) == ({"price": 0.5, "sent": 2 / 29, "held_out": 0.0}, None)
    asked.json = False
    assert lift(asked) == 0
    assert "Too few customers say anything yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "winback"}, ("there is no audience winback", "win_back", "retailer.yaml")),
        ({"days": 0}, ("a window of 0 days", "--days 30")),
        ({"tables": {}}, ("nothing was ever acknowledged for the audience win_back", "habitue plan win_back")),
    ],
)
def test_where_nothing_can_be_measured_the_error_says_what_to_type(
    asked: Namespace, changed: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(WrongCall) as refused:
        lift(Namespace(**vars(asked) | changed))
    assert all(part in str(refused.value) for part in (*words, "Nothing was changed"))


def test_a_night_measures_an_audience_once_the_days_of_its_first_customers_are_over(spark: SparkSession) -> None:
    heirs = rows(spark, "old_customer_id string, customer_id string", [])
    for first, expected in ((START, ["win_back"]), (START + timedelta(days=1), [])):
        run = run_on(spark, {})
        held = rows(spark, HOLDOUTS.schema, [side("one", "contacted", first), side("other", "held_out", NIGHT)])
        found = lifts(run, held=held, deliveries=run.lake.read(DELIVERIES), heirs=heirs)
        assert list(found) == expected
