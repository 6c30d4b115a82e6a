"""What each tool holds, and when it has fallen silent."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from activation.standing import Standing, silent, standings
from activation.tables import DELIVERIES
from tests.activation.builders import NIGHT, rows


def attempt(record: str, day: int, operation: str, outcome: str, **other: Any) -> dict[str, Any]:
    at = datetime(2026, 2, day, 3, tzinfo=UTC)
    ordinary = {"destination": "crm", "name": "scores", "night": at.date(), "sent_at": at, "sequence": day}
    return ordinary | {"record_key": record, "operation": operation, "outcome": outcome} | other


def test_a_tool_holds_what_it_took_and_did_not_give_back(spark: SparkSession) -> None:
    sent = [
        attempt("kept", 1, "add", "acknowledged"),
        attempt("kept", 5, "update", "failed"),
        attempt("gone", 1, "add", "acknowledged"),
        attempt("gone", 3, "remove", "acknowledged"),
        attempt("refused", 4, "add", "rejected"),
        attempt("never", 2, "add", "failed", name="win_back"),
    ]
    taken_at = datetime(2026, 2, 3, 3, tzinfo=UTC)
    assert standings(rows(spark, DELIVERIES.schema, sent)) == {
        "scores": Standing("crm", "scores", 1, date(2026, 2, 1), date(2026, 2, 3), taken_at),
        "win_back": Standing("crm", "win_back", 0, date(2026, 2, 2)),
    }


DUE = {"destination": "crm", "planned": {"add": 2, "remove": 1}, "sent": {"add": 0}, "dead": 4}
TOOK = Standing("crm", "scores", taken_on=date(2026, 2, 26))


def test_a_tool_is_silent_when_something_is_due_and_nothing_was_taken_for_some_nights() -> None:
    words = "crm is silent: 7 records are due there and none was taken since 2026-02-26"
    assert silent({"scores": DUE}, [TOOK], {"crm": 3}, NIGHT) == {"crm": words}
    assert silent({"scores": DUE}, [TOOK], {"crm": 4}, NIGHT) == {}


@pytest.mark.parametrize(
    ("counts", "known"),
    [
        ({"dead": 0, "planned": {"add": 0}}, [TOOK]),
        ({"sent": {"add": 1}}, [TOOK]),
        ({}, []),
        ({}, [TOOK, Standing("crm", "win_back", taken_on=date(2026, 2, 27))]),
        ({}, [Standing("crm", "scores", tried_on=date(2026, 2, 27))]),
        ({"destination": "other"}, [TOOK]),
    ],
    ids=["nothing due", "something taken", "first night", "an audience was taken", "tried of late", "elsewhere"],
)
def test_a_tool_is_not_silent(counts: dict[str, Any], known: list[Standing]) -> None:
    assert silent({"scores": DUE | counts}, known, {"crm": 3}, NIGHT) == {}
