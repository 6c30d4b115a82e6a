"""The page: what it says, what it never says, and that it needs nothing else."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table
from models.tables import CALIBRATION, CUSTOMER_SCORES, EVALUATIONS, SUITABILITY
from pipelines.canonical import ORDERS
from pipelines.reconciliation import RECONCILIATION
from report import figures
from report.adoption import adoption_as_json, use_as_json
from report.lift import as_json
from report.night import night_report
from report.terminal import terminal_summary
from tests.report.test_adoption import ADOPTED
from tests.report.test_lift import DEAR

NIGHT = date(2026, 3, 2)
SECRET = "jane.doe@example.com"
EMPTY: dict[str, Any] = {
    "retailer": "demo",
    "night": NIGHT.isoformat(),
    "as_of": "2026-03-01T23:00:00+00:00",
    "timezone": "Europe/Brussels",
    "currency": "EUR",
    **{name: {} for name in ("tables", "rejected", "models", "audiences", "deliveries", "seconds")},
    **{name: [] for name in ("files", "gates")},
}
WHO: dict[str, Any] = {
    "people": 3,
    "sources": [
        {"source": "crm", "records": 4, "people": 2, "also_in": [["crm", 2], ["pos", 1]]},
        {"source": "pos", "records": 10, "people": 5, "also_in": [["crm", 1], ["pos", 5]]},
    ],
    "records_per_person": [[1, 4], [2, 2], [9, 1], [12, 3]],
    "evidence": [["email", 9], ["loyalty_id", 4], ["alone", 1]],
    "events": [["created", 3, 14], ["merged_into", 2, 5]],
    "weights": [[-3, 7], [1, 2], [20, 30]],
    "cut": 0.5,
    "people_per_household": [[2, 10], [3, 1]],
    "suspicious": 4,
    "reasons": [["contradiction", 4]],
    "splits": 1,
    "blocking": [
        {"key": "email", "pairs": 700, "blocks_left_out": 0, "pairs_left_out": 0, "largest": 9},
        {"key": "any word", "pairs": 600, "blocks_left_out": 2, "pairs_left_out": 5000, "largest": 40},
    ],
}
FULL = EMPTY | {
    "who_is_who": WHO,
    "tables": {"unified.customers": 2},
    "rejected": {"conformed.orders": {"order_id is missing": 1}},
    "gates": [
        {"table": "conformed.orders", "rule": "order_id is missing", "severity": "reject", "failed": 1, "limit": 10,
         "outcome": "set aside", "owner": "marketing-systems"},
    ],
    "audiences": {"win_back": {"members": 1, "held_out": 0, "refused": {"no_consent": 7}, "lift": as_json(DEAR)}
                  | {"adoption": use_as_json(ADOPTED.audiences["win_back"])}},
    "adoption": adoption_as_json(ADOPTED),
    "deliveries": {
        "win_back": {"destination": "newsletter", "sent": {"add": 1, "update": 2, "remove": 0}, "unchanged": 0,
                     "withheld": 3, "rejected": 0, "failed": 0, "delivers": True, "problem": None},
    },
    "seconds": {"conformed.orders": 1.5},
}  # fmt: skip


def _put(lake: Lakehouse, table: Table, *rows: dict[str, Any]) -> None:
    listed = [tuple(row.get(name) for name in table.column_names) for row in rows]
    frame = frame_of(lake.spark, listed, table.schema).coalesce(1)
    if table.write == "replace_night":
        lake.replace_night(table, frame, NIGHT)
    else:
        lake.append_once(table, frame, batch="once")


def _score(customer: str, probability: float | None, band: str | None, reason: str | None = None) -> dict[str, Any]:
    row = {
        "night": NIGHT,
        "customer_id": customer,
        "as_of": datetime(2026, 3, 1, 23, tzinfo=UTC),
        "no_score_reason": reason,
    }
    if probability is None:
        return row
    version = {"churn_grade": "E", "churn_version": "1", "churn_horizon_days": 90, "valid_until": date(2026, 4, 1)}
    value = {"value_amount": Decimal(120), "value_band": "high", "value_grade": "E", "value_horizon_days": 180}
    return row | version | value | {"churn_probability": probability, "churn_band": band, "segment": "loyal"}


def _file(entity: str, delivered: int, **counts: int) -> dict[str, Any]:
    parts = {"mapping": 0, "repeats": 0, "left_out": 0, "rejected": 0, "unchanged": 0, "superseded": 0, "grouped": 0}
    whose = {"night": NIGHT, "source": "pos", "delivery": "tickets", "file_sha256": "f00d", "file_name": "t.csv"}
    return whose | parts | {"entity": entity, "delivered": delivered, "published": delivered} | counts


def _bins() -> list[dict[str, Any]]:
    """Two trainings, the older with the version that sorts last as text, each with two tests; and another model."""
    runs = [("9", date(2026, 2, 2)), ("10", NIGHT)]
    tests = [(*run, test) for run in runs for test in (date(2025, 9, 1), date(2025, 12, 1))]
    names = ("version", "trained_on", "test_night", "predictor", "bin", "predicted_rate", "seen_rate")
    values = [
        (*test, predictor, place, place / 10, place / 20)
        for test in tests
        for predictor in ("recency_rule", "model")
        for place in (10, 2)
    ]
    rows = [{"model": "churn", "customers_count": 90} | dict(zip(names, row, strict=True)) for row in values]
    return [*rows, rows[-1] | {"model": "another", "trained_on": date(2026, 3, 3)}]


@pytest.fixture(scope="module")
def full_lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """Read by every test and changed by none."""
    lake = Lakehouse(str(tmp_path_factory.mktemp("report") / "lake"), spark)
    _put(
        lake,
        CUSTOMER_SCORES,
        _score("a", 0.9, "high"),
        _score("b", 0.2, "low"),
        _score("c", None, None, "no score because member of staff"),
    )
    _put(lake, RECONCILIATION, _file("orders", 10, rejected=1, published=9), _file("order_lines", 10))
    aside = {
        "night": NIGHT,
        "source": "pos",
        "delivery": "tickets",
        "mapping": 0,
        "file_name": "t.csv",
        "rows_count": 1,
    }
    broken = {"file_sha256": "f00d", "row_number": 1, "rules": ["order_id is missing"], "delivered_row": SECRET}
    _put(lake, ORDERS.rejected, aside | broken)
    test = {"model": "churn", "version": "1", "trained_on": NIGHT, "test_night": date(2025, 12, 1), "horizon_days": 90}
    gain = {"customers_count": 900, "metric": "AUC", "score": 0.8, "rival": "recency_rule", "rival_score": 0.75,
            "gain": 0.05, "gain_low": 0.02, "gain_high": 0.08, "calibration_error": 0.031}  # fmt: skip
    _put(lake, EVALUATIONS, test | gain | {"is_promoted": True, "grade": "B", "verdict": "surely better"})
    _put(lake, CALIBRATION, *_bins())
    looked_at = {"model": "churn", "check": "customers in a window", "bar": 500.0}
    old = {"night": date(2026, 2, 2), "value": 9.0, "verdict": "not fit", "words": "only 9 customer snapshots"}
    few = {"night": NIGHT, "value": 90.0, "verdict": "limited", "words": "only 90 customer snapshots"}
    _put(lake, SUITABILITY, looked_at | old, looked_at | few)
    return lake


@pytest.fixture(scope="module")
def page(full_lake: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("report") / "reports" / "night.html"
    (out.parent / "models").mkdir(parents=True)
    (out.parent / "models" / "churn_1.html").write_text("the card")
    return night_report(full_lake, FULL, out).read_text(encoding="utf-8")


def test_the_page_tells_what_the_tables_hold_and_nothing_about_a_person(page: str) -> None:
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for expected in (
        "demo, Monday, 2 March 2026",
        "Everything here was known before 2 March 2026, 00:00 (Europe/Brussels).",
        "The night is good",
        "Expected orders: days with an order in the next 180;",
        "no order (with subscriptions: that cover lapses for more than a week) in the next",
        "Who is leaving : with limits only 90 customer snapshots. All that was looked at",
        "member of staff",
        "+0.020 to +0.080",
        "differ by 3.1 percentage points",
        "7 no consent",
        "bought within 30 days sent 20.0% held out 10.0%",
        "between +2.0 and +16.0. Contacts cost 8.00 EUR per buyer gained (95 % between 5.00 and 40.00). 900 sent",
        "+5.00 EUR (95 % between +1.00 and +9.00). Left out: 2 turned out to be people of both sides, 40 still",
        "win back: put in within the last 30 days written to 80.0% opened 50.0% clicked 10.0% unsubscribed 2.0%",
        "newsletter 500 400 80 % 200 50 % 40 10 % 8 2.0 % print_shop 200 – – – –",
        "Email: 450 of 1,000 messages (45 %) of the last 30 days",
        "pos: order_id is missing",
        "surely better",
        "23 of them in 11 households",
        "crm 4 2 – 50 %",
        "pos 10 5 20 % –",
        "8 records or more",
        "people that turned out to be another 2 5",
        "1 of 4 fall apart cleanly",
        "values left out their pairs any word 600 2 5,000 Each way",
        "who is leaving with limits customers in a window 90 500 only 90 customer snapshots",
        "order_id is missing 1 – marketing-systems",
    ):
        assert expected in words, expected
    assert SECRET not in page


def test_a_version_leads_to_its_card_where_there_is_one(page: str) -> None:
    assert re.findall(r'href="(models/[^"]*)"', page) == ["models/churn_1.html"]


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert not re.search(r"<script|<link|<img|src=|href=(?!.models/)|@import|url\(|https?://", page)


def test_an_empty_lake_is_told_in_words_without_a_blank_plot(lake: Lakehouse, tmp_path: Path) -> None:
    page = night_report(lake, EMPTY, tmp_path / "night.html").read_text(encoding="utf-8")
    assert "<svg" not in page
    assert page.count('class="empty"') == 8
    assert "scores are those of a rule of thumb, grade E" in page


def test_a_first_night_of_few_people_is_told_without_a_blank_plot(lake: Lakehouse, tmp_path: Path) -> None:
    few: dict[str, Any] = WHO | {"weights": [], "cut": None, "people_per_household": [], "reasons": [], "suspicious": 0}
    page = night_report(lake, EMPTY | {"who_is_who": few}, tmp_path / "night.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    for words in ("below 200 records", "No two people are known to live together", "contradict one another"):
        assert words in page
    spared = few | {"blocking": [WHO["blocking"][0]]}
    page = night_report(lake, EMPTY | {"who_is_who": spared}, tmp_path / "night.html").read_text(encoding="utf-8")
    assert "None: all that share a value tonight were compared." in page
    nobody = few | {key: [] for key in ("sources", "records_per_person", "evidence", "events")}
    page = night_report(lake, EMPTY | {"who_is_who": nobody}, tmp_path / "night.html").read_text(encoding="utf-8")
    assert "<svg" not in page
    assert "No source delivers person records" in page


def test_a_file_that_feeds_two_entities_counts_once_among_the_rows_that_came(full_lake: Lakehouse) -> None:
    files = figures.files_in(full_lake, NIGHT.isoformat())
    assert figures.rows_in(files) == {"pos": 10}
    assert [(row.entity, row.rejected, row.published) for row in figures.by_delivery(files)] == [
        ("order_lines", 0, 10),
        ("orders", 1, 9),
    ]


def test_the_newest_test_against_the_named_baseline_is_told_in_the_terminal(full_lake: Lakehouse) -> None:
    facts = figures.against_baseline(full_lake)
    assert list(facts) == ["churn"]
    text = terminal_summary(EMPTY | {"models": {"churn": {"kind": "trees", "grade": "B"} | facts["churn"]}})
    assert "AUC, against recency rule 0.750: +0.050, 95 % between +0.020 and +0.080" in text


def test_the_newest_version_in_its_newest_test_is_shown_as_it_came_true(full_lake: Lakehouse, page: str) -> None:
    bins = figures.calibration(full_lake)
    assert {(row.model, row.version, row.test_night) for row in bins} == {("churn", "10", date(2025, 12, 1))}
    assert [(row.predictor, row.bin, row.seen_rate) for row in bins] == [
        ("model", 2, 0.1), ("model", 10, 0.5), ("recency_rule", 2, 0.1), ("recency_rule", 10, 0.5),
    ]  # fmt: skip
    assert "Predicted against seen churn" in page
