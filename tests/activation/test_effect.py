"""The effect of an audience as its tables tell it: who counts on which side, from when, and with what."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from activation.effect import ContactCost, customers, foreseen, measured
from activation.holdout import EVERYWHERE
from activation.tables import AUDIENCE_MEMBERS, DELIVERIES
from pipelines.tables import MESSAGES, ORDERS
from tests.activation.builders import NIGHT, rows, sided

START = NIGHT - timedelta(days=30)
WINDOW: dict[str, Any] = {"audience": "win_back", "days": 10, "night": NIGHT}
SEEN = pa.schema(
    {
        "customer_id": pa.string(),
        "arm": pa.string(),
        "share": pa.float64(),
        "is_reached": pa.bool_(),
        "why": pa.string(),
        "has_bought": pa.bool_(),
        "spend": pa.float64(),
        "spend_before": pa.float64(),
        "contacts": pa.int64(),
    }
)


def seen(**arms: tuple[int, int]) -> pa.Table:
    """As many customers on each side, the first of them buyers who spent 10 more than nothing."""
    ordinary = {"share": 0.1, "is_reached": True, "spend_before": 5.0}
    listed = [
        ordinary | {"customer_id": f"{arm}{n}", "arm": arm, "has_bought": n < buyers, "spend": 10.0 * (n < buyers)}
        for arm, (buyers, count) in arms.items()
        for n in range(count)
    ]
    return pa.Table.from_pylist(listed, SEEN)


def delivered(customer: str, night: date, **other: str) -> dict[str, Any]:
    """One row of activation.deliveries."""
    return {"customer_id": customer, "night": night, "name": "win_back", "outcome": "acknowledged"} | (
        {"operation": "add"} | other
    )


def message(customer: str, at: datetime, kind: str = "sent") -> dict[str, Any]:
    """One row of unified.messages."""
    return {"customer_id": customer, "event_at": at, "kind": kind, "channel": "email"}


def order(customer: str, at: datetime, amount: str, kind: str | None = "sale") -> dict[str, Any]:
    """One row of unified.orders."""
    return {"customer_id": customer, "event_at": at, "order_amount": Decimal(amount), "kind": kind}


SIDES: list[dict[str, Any]] = [
    {"customer_id": "sent", "since": START - timedelta(days=3)},
    {"customer_id": "never_reached", "since": START},
    {"customer_id": "control", "since": START, "arm": "held_out"},
    {"customer_id": "late", "since": START},
    {"customer_id": "changed", "since": START, "arm": "held_out", "changed_on": NIGHT},
    {"customer_id": "was_sent", "since": START, "arm": "held_out"},
    {"customer_id": "everywhere", "since": START},
    {"customer_id": "everywhere", "audience": EVERYWHERE, "arm": "held_out"},
    {"customer_id": "control", "audience": "another", "since": START},
]
DELIVERED = [
    delivered("sent", START),
    delivered("sent", NIGHT),
    delivered("sent", START - timedelta(days=2), outcome="rejected"),
    delivered("sent", START - timedelta(days=1), operation="remove"),
    delivered("sent", START - timedelta(days=1), name="another"),
    delivered("late", NIGHT - timedelta(days=9)),
    delivered("was_sent", START),
]
MIDNIGHT = datetime(START.year, START.month, START.day, tzinfo=UTC) - timedelta(hours=1)
END = MIDNIGHT + timedelta(days=10)
SECOND = timedelta(seconds=1)
BOUGHT = [
    order("sent", MIDNIGHT - SECOND, "100"),
    order("sent", MIDNIGHT - timedelta(days=400), "7000"),
    order("sent", MIDNIGHT, "20"),
    order("sent", END - SECOND, "30", kind=None),
    order("sent", END - SECOND, "-5", kind="return"),
    order("sent", END, "9000"),
    order("control", MIDNIGHT + SECOND, "-8", kind="return"),
    order("never_reached", END - SECOND, "3"),
]


def test_each_side_counts_from_its_own_start_and_only_what_happened_within_the_window(spark: SparkSession) -> None:
    found = customers(
        sided(spark, SIDES),
        rows(spark, DELIVERIES.schema, DELIVERED),
        rows(spark, ORDERS.schema, BOUGHT),
        timezone="Europe/Brussels",
        **WINDOW,
    )
    told = {row["customer_id"]: row for row in found.collect()}
    values = ("is_reached", "why", "has_bought", "spend", "spend_before")
    assert {name: tuple(row[value] for value in values) for name, row in told.items()} == {
        "sent": (True, None, True, 45.0, 100.0),
        "never_reached": (False, None, True, 3.0, 0.0),
        "control": (False, None, False, -8.0, 0.0),
        "late": (True, "window_not_over", False, 0.0, 0.0),
        "changed": (False, "changed_sides", False, 0.0, 0.0),
        "was_sent": (True, "changed_sides", False, 0.0, 0.0),
        "everywhere": (False, "global_holdout", False, 0.0, 0.0),
    }


def test_sides_and_buyers_of_the_days_before_say_what_could_show(spark: SparkSession) -> None:
    decisions = {"a": "member", "b": "member", "c": "held_out", "d": "refused"}
    told = [{"audience": "win_back", "customer_id": who, "decision": what} for who, what in decisions.items()]
    told += [told[2] | {"customer_id": "e", "reason": "global_holdout"}, told[0] | {"audience": "another"}]
    told[3]["reason"] = "no_consent"
    last = datetime(NIGHT.year, NIGHT.month, NIGHT.day, tzinfo=UTC) - timedelta(seconds=1)
    orders = [
        order("a", last, "20"),
        order("a", last, "30"),
        order("b", last - timedelta(days=10), "20"),
        order("c", last, "-5", kind="return"),
        order("d", last, "20"),
        order("e", last, "20"),
    ]
    members = rows(spark, AUDIENCE_MEMBERS.schema, told)
    found = foreseen(members, rows(spark, ORDERS.schema, orders), timezone="UTC", **WINDOW)
    assert (found.sent, found.held_out) == (2, 1)
    assert found.rate == pytest.approx(1 / 3)
    nobody = foreseen(members.limit(0), rows(spark, ORDERS.schema, orders), timezone="UTC", **WINDOW)
    assert (nobody.sent, nobody.rate, nobody.detectable) == (0, 0.0, 1.0)


def test_messages_within_the_window_are_counted_for_both_sides_where_they_are_asked_for(spark: SparkSession) -> None:
    sent = [message("sent", MIDNIGHT), message("sent", END - SECOND), message("sent", END - SECOND, "opened")]
    sent += [message("sent", MIDNIGHT - SECOND), message("sent", END), message("control", MIDNIGHT)]
    frames = sided(spark, SIDES), rows(spark, DELIVERIES.schema, DELIVERED), rows(spark, ORDERS.schema, [])
    asked = {"timezone": "Europe/Brussels", **WINDOW}
    found = customers(*frames, messages=rows(spark, MESSAGES.schema, sent), **asked)
    told = {"sent": 2, "control": 1}
    assert {row["customer_id"]: row["contacts"] for row in found.collect()} == {
        name: told.get(name, 0) for name in {one["customer_id"] for one in SIDES}
    }
    assert {row["contacts"] for row in customers(*frames, **asked).collect()} == {None}


def test_a_price_tells_what_contacts_cost_where_any_is_known() -> None:
    sides = seen(contacted=(180, 900), held_out=(10, 100))
    contacts = pa.array([3 if arm == "contacted" else 1 for arm in sides["arm"].to_pylist()])
    told = sides.set_column(sides.schema.get_field_index("contacts"), "contacts", contacts)
    found = measured(told, share=0.1, price=0.5, **WINDOW)
    assert found.cost == ContactCost(0.5, 3.0, 1.0)
    assert found.cost.per_customer == 1.0
    assert found.conversion is not None
    assert found.cost_per_buyer is not None
    assert found.cost_per_buyer.difference == pytest.approx(1 / found.conversion.difference)
    assert measured(sides, share=0.1, price=0.5, **WINDOW).cost is None
    assert measured(told, share=0.1, **WINDOW).cost is None


def test_a_window_that_ends_with_the_night_counts_and_one_day_later_it_does_not(spark: SparkSession) -> None:
    held = sided(spark, [{"customer_id": f"d{days}", "since": NIGHT - timedelta(days=days)} for days in (10, 9)])
    nothing = rows(spark, DELIVERIES.schema, []), rows(spark, ORDERS.schema, [])
    found = customers(held, *nothing, timezone="UTC", **WINDOW)
    assert dict(found.select("customer_id", "why").collect()) == {"d10": None, "d9": "window_not_over"}


def test_the_sides_are_told_with_their_difference() -> None:
    found = measured(seen(contacted=(180, 900), held_out=(10, 100)), share=0.1, **WINDOW)
    assert (found.sent.conversion, found.held_out.conversion) == (0.2, 0.1)
    assert found.conversion is not None
    assert found.spend is not None
    assert found.conversion.difference == pytest.approx(0.1)
    assert found.spend.difference == pytest.approx(1.0)
    assert found.is_telling
    assert found.is_as_drawn
    assert found.left_out == {}


def test_who_is_left_out_is_counted_by_reason_and_who_was_never_reached_counts() -> None:
    whole = seen(contacted=(180, 900), held_out=(10, 100)).to_pylist()
    whole[0]["why"], whole[1]["why"], whole[-1]["why"] = "changed_sides", "changed_sides", "window_not_over"
    whole[2]["is_reached"] = whole[-2]["is_reached"] = False
    found = measured(pa.Table.from_pylist(whole, SEEN), share=0.1, **WINDOW)
    assert found.left_out == {"changed_sides": 2, "window_not_over": 1}
    assert (found.sent.customers, found.sent.buyers, found.held_out.customers) == (898, 178, 99)
    assert found.not_reached == 1


def test_nobody_on_a_side_gives_no_difference_and_few_buyers_do_not_tell() -> None:
    alone = measured(seen(contacted=(2, 10)), share=0.1, **WINDOW)
    assert (alone.conversion, alone.spend, alone.adjusted_spend) == (None, None, None)
    assert not alone.is_telling
    assert not measured(seen(contacted=(180, 900), held_out=(9, 100)), share=0.1, **WINDOW).is_telling
    assert not measured(seen(), share=0.1, **WINDOW).is_telling


def test_sides_that_are_not_as_drawn_are_not_to_be_trusted() -> None:
    assert not measured(seen(contacted=(180, 900), held_out=(10, 30)), share=0.1, **WINDOW).is_as_drawn
    old = seen(contacted=(20, 100), held_out=(20, 100)).drop(["share"]).append_column("share", pa.nulls(200))
    assert measured(old, share=0.5, **WINDOW).is_as_drawn
