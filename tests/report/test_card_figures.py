"""What is read of one version: its own rows alone, and who is reached by scores."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table
from models.model import Fitted
from models.registry import Registry
from report.business import coverage, started
from report.card_figures import read_card

NIGHT, EARLIER = date(2026, 3, 2), date(2026, 2, 1)
MOMENT = datetime(2026, 3, 2, tzinfo=UTC)


class Held:
    """A lake of a few rows by table name; every other table is empty."""

    def __init__(self, spark: SparkSession, rows: dict[str, list[dict[str, Any]]]) -> None:
        self.spark, self.rows = spark, rows

    def read(self, table: Table) -> DataFrame:
        listed = [tuple(row.get(name) for name in table.column_names) for row in self.rows.get(table.name, [])]
        return frame_of(self.spark, listed, table.schema)


def lake(spark: SparkSession, **rows: list[dict[str, Any]]) -> Lakehouse:
    return cast("Lakehouse", Held(spark, {name.replace("__", "."): of for name, of in rows.items()}))


def score(customer: str, reason: str | None = None) -> dict[str, Any]:
    return {"night": NIGHT, "customer_id": customer, "as_of": MOMENT, "no_score_reason": reason}


def member(customer: str, decision: str = "member") -> dict[str, Any]:
    return {"night": NIGHT, "audience": "win_back", "customer_id": customer, "decision": decision, "destination": "crm"}


def sent(customer: str, night: date, outcome: str = "acknowledged") -> dict[str, Any]:
    record = {"delivery_id": f"{customer}{night}", "attempt": 1, "night": night, "destination": "crm", "name": "scores"}
    told = {"record_key": customer, "customer_id": customer, "operation": "add", "outcome": outcome}
    return record | told | {"sequence": 1, "sent_at": MOMENT}


def evaluation(trained: date) -> dict[str, Any]:
    test = {"model": "churn", "version": "2", "trained_on": trained, "test_night": date(2025, 12, 1)}
    return test | {"horizon_days": 90, "customers_count": 9, "metric": "AUC", "rival": "champion", "is_promoted": True}


@pytest.fixture(scope="module")
def held(spark: SparkSession) -> Lakehouse:
    """Three scored customers of four, one in an audience, one sent; and two trainings that made a version 2."""
    return lake(
        spark,
        scores__customer_scores=[score("a"), score("b"), score("c"), score("d", "no score because it is an employee")],
        activation__audience_members=[member("a"), member("b", "refused"), member("d")],
        activation__deliveries=[sent("b", NIGHT), sent("c", NIGHT, "rejected"), sent("c", EARLIER)],
        unified__messages=[
            {"message_id": "1", "kind": "sent", "channel": "sms", "event_at": MOMENT - timedelta(days=9)}
        ],
        models__evaluations=[evaluation(EARLIER), evaluation(NIGHT)],
    )


def test_a_score_is_used_by_an_audience_or_a_destination_that_took_it_tonight(held: Lakehouse) -> None:
    reached = coverage(held, NIGHT)
    assert (reached.customers, reached.scored, reached.members, reached.acknowledged) == (4, 3, 1, 1)
    assert started(held) == EARLIER


def test_a_card_holds_the_rows_of_its_own_training_where_a_lost_registry_began_anew(held: Lakehouse) -> None:
    about = {"version": "2", "night": NIGHT.isoformat(), "horizon_days": "90", "kind": "trees", "grade": "B"}
    registry = SimpleNamespace(
        load=lambda *_: Fitted("churn", "recency_rule", 90, ()),
        versions=lambda _: [about],
        notes=lambda *_: {},
        parameters=lambda *_: {"eta": "0.05"},
    )
    card = read_card(held, cast("Registry", registry), "churn", "2", night=NIGHT)
    assert [row["trained_on"] for row in card.tests] == [NIGHT]
    assert card.without == {"no score because it is an employee": 1}
    assert (card.months, card.horizon_days, card.unpriced) == ((), 90, None)
    priced = read_card(held, cast("Registry", registry), "churn", "2", night=NIGHT, prices={"email": 0.02})
    assert priced.unpriced == ("sms",)
