"""The leak law: what happens at or after as_of, or becomes known later, changes no feature."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.build import customer_features
from tests.features.history_builder import NIGHT, SCHEMAS, SNAPSHOT, fact, history_of

VALUES: dict[str, Any] = {
    "order_id": st.sampled_from(["1", "2", None]),
    "channel": st.sampled_from(["web", "store"]),
    "store_id": st.sampled_from(["s", None]),
    "order_amount": st.integers(-99, 99).map(Decimal),
    "discount_amount": st.integers(0, 9).map(Decimal),
    "product_id": st.sampled_from(["p", "q"]),
    "category": st.sampled_from(["c", None]),
    "visit_id": st.sampled_from(["v", "w"]),
    "pages_count": st.integers(1, 9),
    "has_basket": st.booleans(),
    "points": st.integers(-50, 50),
    "message_id": st.sampled_from(["m", "n"]),
    "feedback_id": st.sampled_from(["f", "g"]),
    "rating": st.sampled_from([1.0, 3.0, 5.0]),
    "expires_on": st.sampled_from([NIGHT + timedelta(days=day) for day in (5, 60, 400)]),
    "tier_rank": st.sampled_from([None, 1, 2]),
}
KINDS = {
    "orders": ["sale", "return"],
    "order_lines": ["sale", "return"],
    "loyalty_movements": ["earn", "burn", "tier"],
    "messages": ["sent", "opened", "clicked", "unsubscribed"],
    "feedback": ["survey", "complaint"],
}


def facts(source: str, *, hidden: bool) -> st.SearchStrategy[dict[str, Any]]:
    """One fact of the source; a hidden one happens at or after the night, or is known only after it."""
    names = [part.split()[0] for part in SCHEMAS[source].split(", ")][4:]
    values = {name: VALUES[name] for name in names if name in VALUES}
    if source in KINDS:
        values["kind"] = st.sampled_from(KINDS[source])
    days = st.tuples(st.integers(-60, 0), st.integers(-90, 5)) | st.tuples(st.integers(1, 500), st.integers(-90, -1))
    seen = st.integers(1, 500).map(lambda n: (n, n - 1))
    return st.builds(
        lambda at, rest: fact("", at[0], known_days_ago=at[1], **rest),
        days if hidden else seen,
        st.fixed_dictionaries(values),
    )


def case() -> st.SearchStrategy[dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]]:
    return st.fixed_dictionaries(
        {
            s: st.tuples(st.lists(facts(s, hidden=False), max_size=3), st.lists(facts(s, hidden=True), max_size=2))
            for s in SCHEMAS
        }
    )


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(case(), min_size=20, max_size=20))
def test_rows_at_or_after_as_of_or_known_later_change_no_feature(spark: SparkSession, cases: list[Any]) -> None:
    """Twenty cases a frame: customer n is once seen alone and once with rows that the night may not know."""
    stacked: dict[str, list[dict[str, Any]]] = {source: [] for source in SCHEMAS}
    for number, drawn in enumerate(cases):
        for source, (seen, hidden) in drawn.items():
            stacked[source] += [{**row, "customer_id": f"{number}-alone"} for row in seen]
            stacked[source] += [{**row, "customer_id": f"{number}-with"} for row in seen + hidden]
    found: dict[str, dict[str, Any]] = {"alone": {}, "with": {}}
    for row in customer_features(history_of(spark, **stacked), SNAPSHOT).collect():
        number, side = row["customer_id"].split("-")
        found[side][number] = row.asDict() | {"customer_id": number}
    assert found["alone"] == found["with"]


def test_a_row_at_as_of_itself_is_hidden_and_one_known_this_night_is_seen(spark: SparkSession) -> None:
    rows = [
        fact("at", 1, kind="sent", message_id="1") | {"event_at": SNAPSHOT.as_of},
        fact("before", 1, kind="sent", message_id="2") | {"event_at": SNAPSHOT.as_of - timedelta(microseconds=1)},
        fact("late", 9, kind="sent", message_id="3", known_days_ago=-1),
    ]
    found = customer_features(history_of(spark, messages=rows), SNAPSHOT).select("customer_id").collect()
    assert [row["customer_id"] for row in found] == ["before"]
