"""Segments: stable groups with lasting ids and true names; the rules where there is nothing stable to find."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from models import clustering, segments
from models.model import Customers, Fitted
from models.moves import segment_moves

NAMES = (
    "days_since_last_order", "days_since_first_order", "orders_count", "orders_count_365d", "net_amount",
    "net_amount_365d", "inter_purchase_days_mean",
)  # fmt: skip
KINDS = ((10, 30, 50.0), (200, 2, 50.0), (200, 3, 900.0))
"""Days since the last order, orders and basket of three kinds of customers: who come often, and who came long ago."""


def shop(*, each: int = 200, seed: int = 1, kinds: tuple[tuple[int, int, float], ...] = KINDS) -> Customers:
    """Customers of some kinds, each scattered a little around what is usual for it."""
    drawn = np.random.default_rng(seed)
    kind = drawn.permutation(np.repeat(np.arange(len(kinds)), each))
    days, orders, basket = (np.array([one[n] for one in kinds])[kind] for n in range(3))
    days, orders, basket = (amount * drawn.lognormal(0, 0.2, len(kind)) for amount in (days, orders, basket))
    orders = np.maximum(np.round(orders), 1)
    recent = np.where(days < 365, orders, 0)
    columns = (days.round(), days + 400, orders, recent, orders * basket, recent * basket, np.full(len(kind), 30.0))
    return Customers(NAMES, np.column_stack(columns).astype(np.float32))


def alike(customers: int = 600) -> Customers:
    """Customers among whom there are no groups: spread in all directions from one middle."""
    drawn = np.random.default_rng(3)
    days, orders, basket = (np.exp(drawn.normal(5, 0.5, customers)) for _ in range(3))
    columns = (days, days + 400, orders, orders, orders * basket, orders * basket, np.full(customers, 30.0))
    return Customers(NAMES, np.column_stack(columns).astype(np.float32))


@pytest.fixture(scope="module")
def learned() -> Fitted:
    return replace(segments.refit(shop()).fitted, version="2")


def names(fitted: Fitted) -> dict[str, str]:
    return {row["segment_id"]: row["segment"] for row in segments.described(fitted)}


def test_kinds_of_customers_are_found_and_called_by_what_sets_them_apart(learned: Fitted) -> None:
    assert learned.facts["chosen"]["count"] == 3
    assert learned.facts["chosen"]["stability"] > 0.95
    assert sorted(names(learned).values()) == [
        "few orders, large baskets, lapsed",
        "few orders, small baskets, lapsed",
        "loyal, small baskets, active",
    ]
    assert "last order typically 10 days ago" in " ".join(row["description"] for row in segments.described(learned))
    customers = shop()
    numbers = segments.assigned(learned, customers)
    assert clustering.agreement(numbers, customers.column("days_since_last_order") > 50) > 0.5


def test_a_training_that_says_the_same_keeps_the_version_in_use(learned: Fitted) -> None:
    again = segments.refit(shop(seed=2), learned)
    assert (again.fitted, again.is_new) == (learned, False)
    assert "version 2 stays: a refit agrees with it" in again.verdict


def test_a_segment_that_is_there_again_keeps_its_id_and_name_and_a_new_one_gets_a_new_id(learned: Fitted) -> None:
    kinds = ((10, 30, 50.0), (10, 30, 900.0), (200, 2, 50.0), (200, 3, 900.0), (10, 2, 300.0))
    found = segments.refit(shop(kinds=kinds), learned)
    assert found.is_new
    before, after = names(learned), names(found.fitted)
    kept = set(before) & set(after)
    assert kept
    assert all(after[id_] == before[id_] for id_ in kept)
    assert {int(id_[1:]) for id_ in set(after) - set(before)} == set(range(4, 4 + len(after) - len(kept)))
    assert len(set(after.values())) == len(after)


def test_a_segment_whose_name_is_no_longer_true_keeps_its_id_and_says_what_it_was_called(learned: Fitted) -> None:
    renamed = [
        {**one, "name": "new, active"} if one["name"].startswith("loyal") else one for one in learned.facts["segments"]
    ]
    kinds = (*KINDS, (10, 2, 300.0))
    found = segments.refit(shop(kinds=kinds), replace(learned, facts={**learned.facts, "segments": renamed})).fitted
    [id_] = [one["id"] for one in renamed if one["name"] == "new, active"]
    [row] = [row for row in segments.described(found) if row["segment_id"] == id_]
    assert row["segment"].startswith("loyal")
    assert row["description"].startswith("called “new, active” before; ")


def test_overlap_decides_which_group_is_which_and_half_is_needed() -> None:
    earlier = np.repeat([0, 1, 2], 100)
    assert segments.matched(earlier, np.repeat([2, 0, 1], 100)) == {2: 0, 0: 1, 1: 2}
    split = np.r_[np.repeat([0, 3], 50), np.repeat([1], 100), np.repeat([2], 100)]
    assert segments.matched(earlier, split)[1] == 1
    scattered = np.tile([0, 1, 2], 100)
    assert segments.matched(earlier, scattered) == {}


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (shop(each=0), "0 customers with an order are fewer than 500"),
        (shop(each=50), "150 customers with an order are fewer than 500"),
        (alike(), "no grouping is stable"),
        (shop(each=600, kinds=((10, 1, 50.0),)).rows(np.zeros(600, dtype=bool)), "0 customers"),
    ],
    ids=["nobody", "few", "all alike", "none left"],
)
def test_the_rules_stand_where_nothing_stable_is_found(customers: Customers, said: str, learned: Fitted) -> None:
    found = segments.refit(customers)
    assert (found.fitted.kind, found.fitted.grade, found.is_new) == (segments.RULES, "E", True)
    assert found.verdict.startswith(f"the rules stand: {said}")
    kept = segments.refit(customers, learned)
    assert (kept.fitted, kept.is_new) == (learned, False)


def test_customers_who_are_all_equal_have_the_rules() -> None:
    equal = Customers(NAMES, np.ones((600, len(NAMES)), dtype=np.float32))
    assert segments.refit(equal).fitted.kind == segments.RULES


@pytest.mark.parametrize("kind", clustering.KINDS)
def test_spark_reads_a_version_as_the_training_does(
    spark: SparkSession, kind: clustering.Kind, learned: Fitted
) -> None:
    customers = shop(each=30, seed=5)
    fitted = learned if kind == "k-means" else _mixed(learned)
    rows = frame_of(
        spark, [tuple(map(float, row)) for row in customers.matrix], ", ".join(f"{name} double" for name in NAMES)
    )
    found = [row["ids"] for row in rows.select(segments.candidates(fitted).alias("ids")).collect()]
    ids = [one["id"] for one in fitted.facts["segments"]]
    assert [row[0] for row in found] == [ids[n] for n in segments.assigned(fitted, customers)]
    assert all(row[0] in row[1:] for row in found)


def _mixed(learned: Fitted) -> Fitted:
    """The same with groups that scatter each in its own way, as a mixture has them."""
    root = [[1.5, 0.4, -0.2], [0.0, 0.8, 0.3], [0.0, 0.0, 2.0]]
    mixed = [{**one, "root": root, "constant": -float(n)} for n, one in enumerate(learned.facts["segments"])]
    return replace(learned, facts={**learned.facts, "segments": mixed})


def test_a_customer_at_an_edge_stays_where_he_was(spark: SparkSession) -> None:
    given = [(["a", "a", "b"], "b"), (["a", "a"], "b"), (["a", "a", "b"], "c"), (["a", "a"], None), (None, "b")]
    rows = frame_of(spark, given, "ids array<string>, before string")
    settled = rows.select(segments.settled(F.col("ids"), F.col("before")).alias("id")).collect()
    assert [row["id"] for row in settled] == ["b", "a", "a", "a", None]


def test_holding_keeps_those_at_an_edge_and_nobody_who_is_clearly_elsewhere(learned: Fitted) -> None:
    days = np.arange(5.0, 400)
    columns: dict[str, Any] = {"days_since_last_order": days, "orders_count": 15.0, "net_amount": 1500.0}
    line = np.column_stack([np.broadcast_to(columns.get(name, 0.0), len(days)) for name in NAMES])
    walking = Customers(NAMES, line)
    fresh = segments.assigned(learned, walking)
    held = segments.assigned(learned, walking, np.full(len(days), fresh[0]))
    assert len(set(fresh)) > 1
    assert 0 < (held == fresh[0]).sum() - (fresh == fresh[0]).sum() < 0.1 * len(days)
    assert held[-1] != fresh[0]


def test_moves_count_everybody_once_on_either_night(spark: SparkSession) -> None:
    schema = "customer_id string, segment_id string, segment string, segment_version string"
    before = [
        ("ann", "s1", "loyal", "1"),
        ("bob", "s1", "loyal", "1"),
        ("cat", "s2", "new", "1"),
        ("dan", None, None, None),
    ]
    after = [
        ("ann", "s1", "loyal", "1"),
        ("bob", "s2", "new", "1"),
        ("dan", "s2", "new", "1"),
        ("eve", None, None, None),
    ]
    frames = [frame_of(spark, rows, schema) for rows in (after, before)]
    found = segment_moves(frames[0], frames[1], date(2026, 3, 1)).collect()
    counted = {(row["from_segment_id"], row["to_segment_id"]): row["customers_count"] for row in found}
    assert counted == {("s1", "s1"): 1, ("s1", "s2"): 1, ("s2", "left"): 1, ("entered", "s2"): 1}
    assert not any(row["is_new_version"] for row in found)
    [anew] = segment_moves(
        frame_of(spark, [("ann", "s3", "loyal", "2")], schema), frames[1].limit(1), date(2026, 3, 1)
    ).collect()
    assert (anew["from_segment"], anew["to_segment"], anew["is_new_version"]) == ("loyal", "loyal", True)


def test_groups_come_out_the_same_twice(learned: Fitted) -> None:
    assert replace(segments.refit(shop()).fitted, version="2") == learned
