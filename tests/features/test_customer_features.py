"""What the features of a few customers are, and what stands where nothing is known."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import stdev
from typing import Any

import pytest
from pyspark.sql import SparkSession

from features import CUSTOMER_FEATURES, FEATURES, GROUPS, data_dictionary, tenure
from features.build import History, customer_features, history
from features.feature_group import SOURCES, FeatureGroup, NoHistory, count, is_sale
from features.point_in_time import Snapshot, snapshot_at
from lakehouse.contract import checked
from lakehouse.errors import MissingColumns
from tests.features.history_builder import NIGHT, SNAPSHOT, fact, frame, history_of, order


def rows(history: History, *snapshots: Snapshot) -> dict[tuple[date, str], dict[str, Any]]:
    found = customer_features(history, *(snapshots or (SNAPSHOT,))).collect()
    return {(row["night"], row["customer_id"]): row.asDict() for row in found}


def test_a_return_lowers_the_net_amount_and_is_no_activity(spark: SparkSession) -> None:
    orders = [order("ann", 100, 80), order("ann", 40, 20), order("ann", 5, -30, kind="return")]
    ann = rows(history_of(spark, orders=orders))[NIGHT, "ann"]
    assert (ann["orders_count"], ann["orders_count_30d"], ann["orders_count_90d"]) == (2, 0, 1)
    assert (ann["net_amount"], ann["net_amount_30d"]) == (Decimal("70.00"), Decimal("-30.00"))
    assert (ann["basket_mean"], ann["basket_mean_30d"]) == (Decimal("50.00"), None)
    assert (ann["days_since_last_order"], ann["inter_purchase_days_mean"]) == (40, 60.0)
    assert ann["returns_rate"] == pytest.approx(0.3)
    assert (ann["repeat_purchase_days_count"], ann["first_to_last_order_days"]) == (1, 60)
    assert (ann["days_since_first_order"], ann["tenure_days"], ann["days_since_last_activity"]) == (100, 100, 40)


def test_activity_is_what_the_customer_did_and_nothing_that_was_done_to_them(spark: SparkSession) -> None:
    """Each customer ordered 90 days ago and then appears in one other source."""
    facts = history_of(
        spark,
        orders=[order(who, 90) for who in ("sent", "clicked", "lapsed", "spent", "rated", "gave back")]
        + [order("gave back", 5, -30, kind="return")],
        order_lines=[fact("gave back", 5, order_id="9", product_id="p", category="c", kind="return")],
        messages=[fact("sent", 5, message_id="m", kind="sent"), fact("clicked", 5, message_id="m", kind="clicked")],
        loyalty_movements=[
            *(fact("lapsed", 5, kind=kind, points=-9) for kind in ("expire", "adjust", "earn")),
            fact("spent", 5, kind="burn", points=-9),
        ],
        feedback=[fact("rated", 5, feedback_id="b", rating=4.0)],
    )
    last = {who: found["days_since_last_activity"] for (_, who), found in rows(facts).items()}
    passive = dict.fromkeys(("sent", "lapsed", "gave back"), 90)
    assert last == passive | dict.fromkeys(("clicked", "spent", "rated"), 5)


def test_a_customer_without_orders_has_the_documented_values_without_history(spark: SparkSession) -> None:
    visits = [fact("bob", 3, visit_id="v", pages_count=4, has_basket=True)]
    bob = rows(history_of(spark, visits=visits))[NIGHT, "bob"]
    assert (bob["visits_count_30d"], bob["baskets_abandoned_count_30d"], bob["days_since_last_visit"]) == (1, 1, 3)
    elsewhere = [f for group in GROUPS if group.source not in ("visits",) for f in group.features]
    assert {f.name: bob[f.name] for f in elsewhere} == {f.name: f.no_history for f in elsewhere}


def test_spreads_trends_and_shares_of_days_are_those_of_the_orders(spark: SparkSession) -> None:
    """Orders on Saturday 25 May, Wednesday 1 May and Friday 10 November: gaps of 24 and 173 days."""
    store = {"channel": "store", "store_id": "s1"}
    orders = [order("eve", 7, 10, **store), order("eve", 31, 30, **store), order("eve", 204, 80, store_id="s2")]
    eve = rows(history_of(spark, orders=[*orders, order("eve", 3, -10, kind="return"), order("fay", 9)]))
    found, once = eve[NIGHT, "eve"], eve[NIGHT, "fay"]
    assert found["inter_purchase_days_spread"] == pytest.approx(stdev([24, 173]))
    assert found["basket_spread"] == found["basket_spread_365d"] == pytest.approx(stdev([10, 30, 80]))
    assert found["basket_spread_90d"] == pytest.approx(stdev([10, 30]))
    assert found["basket_spread_30d"] is None
    assert (found["gross_amount"], found["gross_amount_30d"]) == (Decimal("120.00"), Decimal("10.00"))
    assert found["net_amount_trend_ratio"] == pytest.approx(30 / (110 / 4))
    shares = (found["main_store_rate"], found["weekend_orders_rate"], found["year_end_orders_rate"])
    assert shares == pytest.approx((2 / 3, 1 / 3, 1 / 3))
    unknown = ("inter_purchase_days_spread", "basket_spread", "main_store_rate")
    assert [once[name] for name in unknown] == [None, None, None]


def test_a_share_of_nothing_is_unknown(spark: SparkSession) -> None:
    """Not 100 %: nothing was sent in the last year, and only a return is known."""
    messages = [fact("ida", 400, message_id="m", kind="sent")]
    ida = rows(history_of(spark, messages=messages, orders=[order("ida", 5, -10, kind="return")]))[NIGHT, "ida"]
    unknown = ("messages_opened_rate_365d", "returns_rate", "web_orders_rate", "weekend_orders_rate", "discount_rate")
    assert {ida[name] for name in unknown} == {None}


def test_points_lapse_and_levels_keep_their_history(spark: SparkSession) -> None:
    soon, later = NIGHT + timedelta(days=10), NIGHT + timedelta(days=90)
    moved = [
        fact("gus", 400, kind="earn", points=70, expires_on=soon),
        fact("gus", 300, kind="earn", points=50, expires_on=later),
        fact("gus", 200, kind="tier", points=0, tier_rank=2),
        fact("gus", 20, kind="burn", points=-80),
        fact("gus", 4, kind="tier", points=0, tier_rank=3),
        fact("gus", 0, kind="tier", points=0, tier_rank=1),
    ]
    now = rows(history_of(spark, loyalty_movements=moved), SNAPSHOT, snapshot_at(NIGHT - timedelta(days=5), "UTC"))
    gus, before = now[NIGHT, "gus"], now[NIGHT - timedelta(days=5), "gus"]
    assert (gus["points_expiring_90d"], gus["tier_rank"], gus["days_since_tier_change"]) == (40, 3, 4)
    assert (before["tier_rank"], gus["days_since_last_movement"]) == (2, 20)


def test_a_running_subscription_tells_when_it_ends(spark: SparkSession) -> None:
    def renewed(customer: str, days_ago: int, days: int) -> dict[str, Any]:
        starts = NIGHT - timedelta(days=days_ago)
        ends = starts + timedelta(days=days - 1)
        return order(customer, days_ago, contract_starts_on=starts, contract_ends_on=ends)

    orders = [renewed("jan", 60, 30), renewed("jan", 30, 31), renewed("kim", 60, 30), order("lea", 3)]
    found = rows(history_of(spark, orders=orders))
    told = {
        c: (found[NIGHT, c]["days_to_contract_end"], found[NIGHT, c]["contracts_count"]) for c in ("jan", "kim", "lea")
    }
    assert told == {"jan": (0, 2), "kim": (None, 1), "lea": (None, 0)}


def test_a_cancellation_is_known_from_its_own_day_and_a_week_of_grace_follows_the_end(spark: SparkSession) -> None:
    def yearly(customer: str, days_ago: int, **told: Any) -> dict[str, Any]:
        starts = NIGHT - timedelta(days=100)
        ends = starts + timedelta(days=364)
        return order(customer, days_ago, **({"contract_starts_on": starts, "contract_ends_on": ends} | told))

    def notice(customer: str, days_ago: int, ends_in: int) -> dict[str, Any]:
        ends = NIGHT + timedelta(days=ends_in)
        return yearly(customer, days_ago, kind="cancellation", amount=0, contract_ends_on=ends)

    orders = [
        yearly("jan", 100),
        notice("jan", 20, 10),
        yearly("kim", 100),
        notice("kim", 20, 10),
        notice("kim", 5, 264),
    ]
    orders += [yearly("lea", 100), notice("lea", 20, -7), yearly("max", 100), notice("max", 20, -8)]
    before = NIGHT - timedelta(days=20)
    found = rows(history_of(spark, orders=orders), SNAPSHOT, snapshot_at(before, "UTC"))
    names = ("jan", "kim", "lea", "max")
    assert {c: found[before, c]["days_to_contract_end"] for c in names} == dict.fromkeys(names, 284)
    told = {c: found[NIGHT, c]["days_to_contract_end"] for c in names}
    assert told == {"jan": 10, "kim": 264, "lea": -7, "max": None}
    assert {c: (found[NIGHT, c]["contracts_count"], found[NIGHT, c]["orders_count"]) for c in names} == dict.fromkeys(
        names, (1, 1)
    )


def test_a_term_that_was_cancelled_before_it_began_or_paid_back_runs_for_nobody(spark: SparkSession) -> None:
    def told(customer: str, days_ago: int, starts: int, ends: int, kind: str = "sale") -> dict[str, Any]:
        days: dict[str, Any] = {
            "contract_starts_on": NIGHT + timedelta(days=starts),
            "contract_ends_on": NIGHT + timedelta(days=ends),
        }
        return order(customer, days_ago, kind=kind, **days)

    orders = [
        *(told("ned", 40, -2, 362), told("ned", 20, -2, -3, "cancellation")),
        *(told("ola", 40, -40, 324), told("ola", 20, -40, -10, "cancellation"), told("ola", 15, -40, 324, "return")),
    ]
    found = rows(history_of(spark, orders=orders))
    known = {c: (found[NIGHT, c]["days_to_contract_end"], found[NIGHT, c]["contracts_count"]) for c in ("ned", "ola")}
    assert known == {"ned": (None, 1), "ola": (None, 1)}


def test_complaints_are_counted_apart_from_ratings(spark: SparkSession) -> None:
    told = [fact("hal", day, feedback_id=str(day), kind="complaint", rating=1.0) for day in (5, 500)]
    hal = rows(history_of(spark, feedback=[*told, fact("hal", 2, feedback_id="s", kind="survey", rating=5.0)]))
    found = hal[NIGHT, "hal"]
    assert (found["complaints_count"], found["complaints_count_365d"], found["ratings_count"]) == (2, 1, 3)


def test_every_source_gives_its_features(spark: SparkSession) -> None:
    cat = rows(
        history_of(
            spark,
            orders=[order("cat", 10, 60, discount_amount=Decimal(20)), order("cat", 9, channel="store", store_id="1")],
            order_lines=[
                fact("cat", 10, order_id="1", product_id="p", category="shoes", kind="sale"),
                fact("cat", 500, order_id="0", product_id="q", category="hats", kind="sale"),
            ],
            loyalty_movements=[fact("cat", 10, kind="earn", points=60), fact("cat", 5, kind="burn", points=-50)],
            messages=[fact("cat", 20, message_id=str(n), kind="sent") for n in range(4)]
            + [fact("cat", 19, message_id="0", kind="opened")],
            feedback=[fact("cat", 9, feedback_id="a", rating=5.0), fact("cat", 2, feedback_id="b", rating=2.0)],
        )
    )[NIGHT, "cat"]
    assert (cat["discount_rate"], cat["web_orders_rate"], cat["stores_count"]) == (pytest.approx(20 / 130), 0.5, 1)
    assert (cat["categories_count"], cat["products_count_365d"]) == (2, 1)
    assert (cat["points_balance"], cat["points_burned_365d"]) == (10, 50)
    assert (cat["messages_opened_rate_365d"], cat["days_since_last_open"]) == (0.25, 19)
    assert (cat["rating_mean"], cat["rating_last"], cat["low_ratings_count_365d"]) == (3.5, 2.0, 1)
    assert cat["sources_count"] == 5


def test_several_snapshots_in_one_pass_equal_each_alone(spark: SparkSession) -> None:
    past = snapshot_at(date(2024, 3, 1), "UTC")
    facts = history_of(spark, orders=[order("ann", 100), order("ann", 10), order("bob", 50)])
    assert rows(facts, SNAPSHOT, past) == rows(facts, SNAPSHOT) | rows(facts, past)


def test_days_are_days_of_the_retailer_across_a_change_of_the_clock(spark: SparkSession) -> None:
    snapshot = snapshot_at(date(2024, 11, 1), "Europe/Paris")
    midnight_in_summer = datetime(2024, 9, 30, 22, tzinfo=UTC)
    orders = [order("ann", 0, event_at=midnight_in_summer, known_from=date(2024, 10, 2))]
    assert snapshot.as_of == datetime(2024, 10, 31, 23, tzinfo=UTC)
    assert rows(history_of(spark, orders=orders), snapshot)[snapshot.night, "ann"]["days_since_last_order"] == 31


def test_the_frame_fits_the_contract_and_every_feature_is_computed_by_its_group(spark: SparkSession) -> None:
    checked(CUSTOMER_FEATURES, customer_features(history(spark, {}), SNAPSHOT))
    for group in GROUPS:
        assert set(group.compute()) == {feature.name for feature in group.features}, group.name
    assert set(tenure.compute(["orders", "visits"])) == {feature.name for feature in tenure.FEATURES}
    assert [row["name"] for row in data_dictionary()] == [feature.name for feature in FEATURES]


def test_a_source_without_a_column_that_features_read_is_refused(spark: SparkSession) -> None:
    with pytest.raises(MissingColumns, match=r"unified\.orders lacks store_id"):
        history(spark, {"orders": frame(spark, "orders", [order("ann", 1)]).drop("store_id")})


def test_an_attribute_as_of_today_is_refused_as_a_feature() -> None:
    """The card's level in the members' file of today says nothing about a past night."""
    tier = count("tier_of_today", "rank", "level in today's file")
    with pytest.raises(NoHistory, match="tier_of_today: customer_profile keeps no history"):
        FeatureGroup("members", "customer_profile", {"tier": "int"}, (tier,), dict, is_sale)
    assert tuple(part.name for part in fields(History)) == SOURCES
