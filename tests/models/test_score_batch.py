"""One batch after the other: what stays while nothing happens, and what is said when a band moves."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features import FEATURES
from models import lifetime_value
from models.bands import BANDS, churn_band, value_band
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Customers, Fitted
from models.night_before import READ
from models.score_batch import TYPES, Night, Scorer
from models.settings import ChurnSettings

NIGHT = date(2019, 3, 12)
NAMES = ("days_since_last_order", "inter_purchase_days_mean", "orders_count_365d", "net_amount_365d",
         "days_since_first_order", "repeat_purchase_days_count", "first_to_last_order_days", "net_amount")  # fmt: skip
BANDS_FROM = {"high_amount": 80.0, "medium_amount": 30.0}
EVERY = tuple(feature.name for feature in FEATURES)
ARROW = {"string": pa.string(), "double": pa.float64(), "date": pa.date32(), "array<string>": pa.list_(pa.string()),
         "array<double>": pa.list_(pa.float64())}  # fmt: skip


def taught(rows: int = 600) -> Customers:
    """Customers of whom those long silent leave, and who spend as they did."""
    drawn = np.random.default_rng(3)
    age, repeats = drawn.uniform(200, 700, rows), drawn.integers(0, 12, rows)
    last = np.where(repeats > 0, drawn.uniform(0, 1, rows) * age, 0)
    spent = drawn.gamma(2, 40, rows) * (repeats + 1)
    columns = (age - last, last / np.maximum(repeats, 1), repeats + 1, spent, age, repeats, last, spent)
    return Customers(NAMES, np.column_stack(columns).astype(np.float32))


@pytest.fixture(scope="module")
def night() -> Night:
    """Trees of both models."""
    known = taught()
    left = (known.column("days_since_last_order") > 90).astype(float)
    churn = replace(CHURN.fit(known, left, 60), version="1")
    value = LIFETIME_VALUE.fit(known, known.column("net_amount_365d") * (1 - left) / 4, 60)
    value = replace(value, facts={**value.facts, **BANDS_FROM}, version="1")
    settled = lifetime_value.settled(value, lifetime_value.load(value), known)
    return Night(churn, settled, EVERY, NIGHT, ChurnSettings(), "EUR")


def batch(rows: list[dict[str, float]], before: pa.RecordBatch | None = None) -> pa.RecordBatch:
    """The rows with the features given, all others unknown, beside what the night before said."""
    columns: dict[str, Any] = {
        "customer_id": pa.array([str(number) for number in range(len(rows))]),
        "segment": pa.array(["loyal"] * len(rows)),
        "segment_id": pa.array(["s1"] * len(rows)),
        "actual_amount": pa.array([Decimal("1.00")] * len(rows), pa.decimal128(18, 2)),
    }
    for name in EVERY:
        columns[f"_{name}"] = pa.array([row.get(name, np.nan) for row in rows], pa.float32())
    versions = {"churn_version": ["1"] * len(rows), "value_version": ["1"] * len(rows)}
    for name in READ:
        given: list[Any] | None = versions.get(name) if before is not None and name in versions else None
        unknown: list[Any] = [None] * len(rows)
        empty = pa.array(given or unknown, ARROW[TYPES[name]])
        columns[f"before_{name}"] = before.column(name) if before is not None and name not in versions else empty
    return pa.RecordBatch.from_pydict(columns)


def shopper(ago: int, *, repeats: int = 6, gap: float = 30.0, net: float = 300.0) -> dict[str, float]:
    """A customer whose orders lay `gap` days apart until `ago` days before the night."""
    last = repeats * gap
    facts = (ago, gap, repeats + 1, net, ago + last, repeats, last, net)
    return dict(zip(NAMES, map(float, facts), strict=True))


def test_a_first_night_and_its_rerun_know_no_change_and_every_customer_has_both_reasons(night: Night) -> None:
    rows = [shopper(ago) for ago in (1, 40, 200)]
    first, rerun = (Scorer(night).scored(batch(rows)).to_pylist() for _ in range(2))
    assert first == rerun
    for row in first:
        assert row["reasons"]
        assert row["value_reasons"]
        assert len(row["reason_features"]) == len(row["reasons"])
        assert row["changed_on"] is row["changed_because"] is row["churn_band_before"] is None


def test_an_order_that_takes_the_risk_down_is_the_change_and_stays_told_on_later_nights(night: Night) -> None:
    silent = Scorer(night).scored(batch([shopper(150)]))
    assert silent.to_pylist()[0]["churn_band"] == "high"
    bought = Scorer(replace(night, night=NIGHT + timedelta(days=1)))
    found = bought.scored(batch([shopper(1, repeats=7, gap=48)], silent))
    [row] = found.to_pylist()
    assert row["changed_because"] == "risk of leaving fell on 13 March 2019: a new order on 12 March 2019"
    assert (row["changed_on"], row["churn_band_before"]) == (date(2019, 3, 13), "high")
    assert row["churn_probability_before"] == silent.to_pylist()[0]["churn_probability"]
    later = Scorer(replace(night, night=NIGHT + timedelta(days=2)))
    [kept] = later.scored(batch([shopper(2, repeats=7, gap=48)], found)).to_pylist()
    assert [kept[name] for name in ("changed_because", "changed_on")] == [row["changed_because"], row["changed_on"]]


def test_orders_are_expected_by_a_model_and_by_no_baseline(night: Night) -> None:
    rows = batch([shopper(1, repeats=9), shopper(200, repeats=1)])
    [often, seldom] = Scorer(night).scored(rows).column("expected_orders").to_pylist()
    assert often > 2 * seldom > 0
    spend = Fitted("lifetime_value", "last_year_spend", 60, ("net_amount_365d",), {"scale": 1.0, **BANDS_FROM})
    baseline = Scorer(replace(night, value=replace(spend, version="1"))).scored(rows)
    assert baseline.column("expected_orders").to_pylist() == [None, None]


def test_another_version_is_told_as_the_change_that_it_is(night: Night) -> None:
    silent = Scorer(night).scored(batch([shopper(150)]))
    anew = replace(night, churn=replace(night.churn, version="2"))
    [row] = Scorer(anew).scored(batch([shopper(1)], silent)).to_pylist()
    assert row["changed_because"].endswith("another version of the model scores")


def test_what_is_told_stays_from_night_to_night_while_nothing_happens(night: Night) -> None:
    rows = [shopper(ago, repeats=n, net=net) for ago in (3, 20, 70, 200) for n in (0, 2, 9) for net in (20.0, 500.0)]
    last, changes = Scorer(night).scored(batch(rows)), 0
    for days in range(1, 11):
        aged = [
            {**row, **{n: row[n] + days for n in ("days_since_last_order", "days_since_first_order")}} for row in rows
        ]
        tonight = Scorer(replace(night, night=NIGHT + timedelta(days=days))).scored(batch(aged, last))
        for name in ("reasons", "value_reasons"):
            changes += sum(a != b for a, b in zip(tonight.column(name), last.column(name), strict=True))
        last = tonight
    assert changes <= 0.05 * 2 * 10 * len(rows)


def test_contributions_and_their_start_sum_up_to_the_tweedie_part(night: Night) -> None:
    known, value = taught(50), night.value
    boosters = lifetime_value.load(value)
    added = lifetime_value.contributions(value, boosters, known).sum(axis=1)
    from models import trees

    predicted = np.log(trees.predict(boosters.spend, known, offset=lifetime_value.offset(value, known)))
    assert np.ptp(predicted - added) == pytest.approx(0, abs=1e-4)


def test_bands_hold_near_their_edge_and_nobody_who_just_bought_is_high() -> None:
    settings = ChurnSettings()
    edge = np.array([settings.high_from - 0.02, settings.high_from - 0.02, 0.99, settings.medium_from - 0.02])
    found = churn_band(edge, np.array([2, -1, -1, 1]), np.array([60, 60, 7, 60]), settings)
    assert [BANDS[place] for place in found] == ["high", "medium", "medium", "medium"]
    valued = Fitted("lifetime_value", "trees", 60, (), {"high_amount": 20.0, "medium_amount": 5.0})
    assert value_band(np.array([4.99, 5.0, 20.0]), valued).tolist() == [0, 1, 2]
