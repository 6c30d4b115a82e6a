"""What contacts cost: messages that were sent, at the prices that the retailer file tells."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from pipelines.tables import MESSAGES
from report.business import Month, cost, course
from report.contacts import NOT_TOLD, Contacts, Cost, contacts
from tests.activation.builders import rows
from tests.models.shop_builder import LAST, orders_frame

PRICES = {"email": 0.5, "post": 2.0}


def sent(customer: str | None, day: date, channel: str | None = "email", kind: str = "sent") -> dict[str, Any]:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    told = {"source": "tool", "message_id": f"{customer} {day} {channel}", "channel": channel, "kind": kind}
    return told | {"customer_id": customer, "event_at": at}


def messages(spark: SparkSession, *events: dict[str, Any]) -> DataFrame:
    return rows(spark, MESSAGES.schema, list(events))


def months(spark: SparkSession, paid: Contacts | None, model: str = "churn") -> dict[date, Month]:
    """Ann comes every month until May, bob in January alone."""
    days = [date(2023, 9 + n, 5) if n < 4 else date(2024, n - 3, 5) for n in range(9)]
    orders = [("ann", (LAST.night - day).days, 10.0) for day in days]
    orders += [("bob", (LAST.night - date(2024, 1, 9)).days, 30.0)]
    return {month.begins: month for month in course(orders_frame(spark, orders), model, LAST.night, paid)}


def test_contacts_of_a_months_customers_are_paid_by_those_who_ordered_again(spark: SparkSession) -> None:
    """Of February's customers ann and bob, who got three messages from then to April, ann came again."""
    events = [sent("ann", date(2024, 2, 3)), sent("bob", date(2024, 2, 3)), sent("bob", date(2024, 4, 3), "post")]
    events += [sent("ann", date(2024, 2, 3), kind="opened"), sent("stranger", date(2024, 3, 3))]
    events += [sent("ann", date(2023, 12, 3)), sent("bob", date(2024, 5, 3))]
    found = months(spark, contacts(messages(spark, *events), PRICES, LAST.night))[date(2024, 2, 1)]
    assert found.cost == Cost(contacts=3, amount=3.0, again=1)
    assert (found.cost.of_contact, found.cost.of_return) == (1.0, 3.0)


def test_contacts_change_no_other_figure(spark: SparkSession) -> None:
    paid = contacts(messages(spark, sent("ann", date(2022, 1, 3)), sent("new", date(2024, 5, 3))), PRICES, LAST.night)
    with_cost, without = (months(spark, one, "lifetime_value") for one in (paid, None))
    assert all(month.cost is not None for month in with_cost.values())
    assert {begins: replace(month, cost=None) for begins, month in with_cost.items()} == without


def test_a_month_of_which_messages_are_not_wholly_known_tells_no_cost(spark: SparkSession) -> None:
    """Messages of January to April: only its months January and February have three known ones."""
    events = [sent("ann", date(2024, 1, 3)), sent(None, date(2024, 4, 3)), sent("ann", date(2023, 9, 3), "sms")]
    found = months(spark, contacts(messages(spark, *events), PRICES, LAST.night))
    told = {begins: month.cost for begins, month in found.items() if month.cost is not None}
    assert told == {date(2024, 1, 1): Cost(1, 0.5, 1), date(2024, 2, 1): Cost(0, 0.0, 1)}
    assert told[date(2024, 2, 1)].of_contact is None
    assert told[date(2024, 2, 1)].of_return == 0


def test_channels_without_a_price_are_named_and_not_counted(spark: SparkSession) -> None:
    day = date(2024, 2, 3)
    events = messages(spark, sent("ann", day, "sms"), sent("ann", day, None), sent("ann", LAST.night))
    paid = contacts(events, PRICES, LAST.night)
    assert paid is not None
    assert paid.unpriced == (NOT_TOLD, "sms")
    assert paid.monthly.isEmpty()
    assert all(month.cost is None for month in months(spark, paid).values())
    assert contacts(events, {}, LAST.night) is None


def test_a_contact_that_costs_nothing_is_a_contact(spark: SparkSession) -> None:
    paid = contacts(messages(spark, sent("ann", date(2024, 2, 3))), {"email": 0.0}, LAST.night)
    assert paid is not None
    assert [(row["contacts"], row["cost"]) for row in paid.monthly.collect()] == [(1, 0.0)]


def test_costs_of_months_add_up_and_those_not_known_are_left_out() -> None:
    begins = [date(2025, month, 1) for month in (1, 2, 3)]
    known = [Cost(4, 1.0, 2), None, Cost(6, 4.0, 3)]
    held = [Month(day, 9, 0.5, None, 1.0, one) for day, one in zip(begins, known, strict=True)]
    both = cost(held)
    assert both == Cost(10, 5.0, 5)
    assert (both.of_contact, both.of_return) == (0.5, 1.0)
    assert cost(held[1:2]) is None
    assert Cost(4, 1.0, 0).of_return is None
