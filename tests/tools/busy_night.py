"""A night with everything that its page can show: every plot, and names as long as they come."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table
from models.drift import Finding, Verdict, What, as_frame
from models.tables import CALIBRATION, CUSTOMER_SCORES, DRIFT, EVALUATIONS, SEGMENT_MOVES, SEGMENTS, SUITABILITY
from pipelines.canonical import MESSAGES
from pipelines.identity.suspicion import REASONS
from pipelines.reconciliation import RECONCILIATION
from quality.measurements import MEASUREMENTS
from report.adoption import adoption_as_json, use_as_json
from report.lift import as_json
from report.wording import EVENTS
from tests.report.test_adoption import ADOPTED
from tests.report.test_lift import FOUND

NIGHT = date(2026, 3, 2)
SOURCES = ("crm", "loyalty", "marketplace_north", "pos", "web")
TEST_NIGHT = date(2025, 12, 1)
LONG_RULE = "kind is one of sent, opened, clicked, bounced, unsubscribed"
LONG_FILE = (
    "exports/marketing/2026/03/02/messages_of_the_whole_group_and_all_of_its_brands_20260302T020000Z_part-00000.csv"
)
GATE = {
    "table": "conformed.messages",
    "rule": LONG_RULE,
    "severity": "reject",
    "failed": 7,
    "limit": 10,
    "owner": "marketing-systems",
}
PASSED = {"table": "unified.consents", "rule": "subject_key, brand, channel, purpose is unique", "severity": "block"}

SUMMARY: dict[str, Any] = {
    "retailer": "demo",
    "night": NIGHT.isoformat(),
    "as_of": "2026-03-01T23:00:00+00:00",
    "currency": "EUR",
    "tables": {"unified.customers": 1_234_567},
    "rejected": {MESSAGES.conformed.name: {LONG_RULE: 7}},
    "models": {},
    "who_is_who": {
        "people": 1_234_567,
        "sources": [
            {"source": name, "records": 999_999, "people": 900_000, "also_in": [[other, 9_000] for other in SOURCES]}
            for name in SOURCES
        ],
        "records_per_person": [[size, 900_000 // size**2] for size in range(1, 12)],
        "evidence": [[kind, 1_000_000] for kind in ("loyalty_id", "name_birth", "email", "match", "link", "alone")],
        "events": [[event, 1_234_567, 2_345_678] for event in EVENTS],
        "weights": [[bits, 1_000 * bits * bits] for bits in range(-10, 21)],
        "cut": -0.1,
        "people_per_household": [[size, 300_000 // size] for size in range(2, 9)],
        "suspicious": 1_234,
        "reasons": [[reason, 1_000] for reason in REASONS],
        "splits": 1_000,
    },
    "files": [
        {"source": "marketing", "delivery": "messages", "file": LONG_FILE, "status": "refused", "rows": None,
         "reason": "line 12 has 7 columns and the header 9; the file waits until it is repaired"},
    ],
    "gates": [GATE | {"outcome": "set aside"}, PASSED | {"failed": 0, "limit": 0, "outcome": "passed"}],
    "audiences": {
        "win_back": {"members": 40, "held_out": 4, "refused": {"no_consent": 7, "objects_to_profiling": 2},
                     "lift": as_json(FOUND), "adoption": use_as_json(ADOPTED.audiences["win_back"])},
        "birthday_cards": {"members": 12, "held_out": 0, "refused": {},
                           "adoption": use_as_json(ADOPTED.audiences["birthday_cards"])},
    },
    "adoption": adoption_as_json(ADOPTED),
    "deliveries": {
        "win_back": {"destination": "newsletter", "sent": {"add": 1, "update": 2, "remove": 0}, "unchanged": 0,
                     "withheld": 3, "rejected": 0, "failed": 0, "delivers": False, "problem": None},
    },
    "seconds": {"conformed.loyalty_movements": 10.5, "unified.identity_links": 19.0},
}  # fmt: skip


def busy_night(lake: Lakehouse) -> None:
    """Fill the tables that the page reads."""
    _put(lake, CUSTOMER_SCORES, *(_score(number) for number in range(30)), _score(30, reason="it is an employee"))
    described = {"description": "were among the best of the last year and have been silent for more than 78 days"}
    _put(lake, SEGMENTS, described | {"segment": "valuable and slipping", "segment_version": "1", "position": 0})
    _put(lake, SEGMENT_MOVES, *(_move(start, end, size) for start, end, size in MOVES))
    _put(lake, EVALUATIONS, *(_test(model, rival) for model, rivals in RIVALS.items() for rival in rivals))
    _put(lake, CALIBRATION, *(_bin(name, number) for name in ("model", "recency_rule") for number in range(1, 11)))
    _put(lake, SUITABILITY, *(_looked_at(model, verdict) for model in RIVALS for verdict in LOOKED_AT))
    file = {"night": NIGHT, "source": "marketing", "delivery": "messages", "mapping": 0, "file_name": LONG_FILE}
    held = {"entity": "messages", "file_sha256": "f00d", "delivered": 649, "rejected": 7, "published": 642}
    none = dict.fromkeys(("repeats", "left_out", "unchanged", "superseded", "grouped"), 0)
    _put(lake, RECONCILIATION, file | held | none)
    broken = {"file_sha256": "f00d", "rows_count": 1, "rules": [LONG_RULE], "delivered_row": "{}"}
    _put(lake, MESSAGES.rejected, *(file | broken | {"row_number": number} for number in range(7)))


def busy_months(lake: Lakehouse) -> None:
    """Fill the figures of the nights before, and of this one: what the quality page draws."""
    nights = [NIGHT - timedelta(days=day) for day in range(40, -1, -1)]
    figures = [(night, source, place) for night in nights for place, source in enumerate(SOURCES)]
    scores = [(night, "", source, "", "score", "", 99.0 - 7 * place, 9) for night, source, place in figures]
    whole = [
        (night, "conformed.identifier_links", source, "", "completeness", "source_contact_id", 1 / (place + 1), 999_999)
        for night, source, place in figures
    ]
    measured = frame_of(lake.spark, [*scores, *whole], MEASUREMENTS.schema)
    lake.replace_since(MEASUREMENTS, measured.coalesce(1), nights[0])
    counts = dict.fromkeys(("mapping", "repeats", "left_out", "unchanged", "superseded", "grouped"), 0)
    rows = [
        counts | {"night": night, "source": source, "delivery": "rows", "file_sha256": f"{source} {night}"}
        | {"file_name": LONG_FILE, "entity": "messages", "published": 9, "delivered": 1_234_567 + place * 99_999}
        | {"rejected": place}
        for night, source, place in figures
    ]  # fmt: skip
    kept = frame_of(
        lake.spark, [tuple(row[name] for name in RECONCILIATION.column_names) for row in rows], RECONCILIATION.schema
    )
    before = lake.read(RECONCILIATION).unionByName(kept)
    lake.replace_since(RECONCILIATION, before.coalesce(1), nights[0])


def busy_drift(lake: Lakehouse, *, nights: int = 41) -> None:
    """Fill models.drift: one feature drifts away, a source falls silent, and what came true lies below the estimate."""
    frames = []
    for back in range(nights):
        rows, night = [], NIGHT - timedelta(days=back)
        for model, score in (("churn", "churn_probability"), ("lifetime_value", "value_amount")):
            moving = max(0.0, 0.9 - back / 20)
            moved = {"days_since_last_order": moving, "orders_count_same_season": 0.12, "basket_mean_365d": 0.03}
            rows += [
                Finding(
                    model, "3", "score" if name == score else "feature", name, value, 0.26, _ruled(value), 9_999, night
                )
                for name, value in ({score: 0.02 + moving / 4} | moved).items()
            ]
            told = "61% of what it learned rests on features that have drifted or fallen silent: days_since_last_order"
            rows.append(Finding(model, "3", "model", "share of the gain", moving, 1 / 3, _ruled(moving), 9_999, night,
                                words=told if moving > 0.25 else ""))  # fmt: skip
        words = f"visits has told nothing for {40 - back} days (never for more than 2 before)"
        rows.append(Finding("", "", "source", "visits", 40.0 - back, 7.0, "drifted", 0, night, words=words))
        rows.append(Finding("churn", "3", "performance", "AUC", 0.81 + back % 3 / 100, None, "steady", 9_999, night))
        past = night - timedelta(days=60)
        rows += [
            Finding("churn", "2", "label", "AUC", 0.74 - back % 4 / 200, 0.71, "steady", 9_999, past, 0.73, 0.77),
            Finding("churn", "2", "label", "estimated AUC", 0.76, None, "steady", 9_999, past),
            Finding("churn", "2", "label", "rate off by", 0.09, 0.06, "watch", 9_999, past),
        ]
        frames.append(as_frame(lake.spark, rows, night))
    lake.replace_since(DRIFT, reduce(DataFrame.unionByName, frames).coalesce(1), NIGHT - timedelta(days=nights))


def _what(name: str) -> What:
    return "score" if name in ("churn_probability", "value_amount") else "feature"


def _ruled(value: float) -> Verdict:
    return "drifted" if value > 0.26 else "watch" if value > 0.1 else "steady"


RIVALS = {"churn": ("recency_rule", "logistic_rfm"), "lifetime_value": ("last_year_spend", "average_spend")}


LOOKED_AT = {
    "fit": ("history in days", 1_234.0, 450.0, "1234 days of history"),
    "limited": ("share of orders with a customer", 0.51, 0.7, "only 51% of the orders have a customer: who buys "
                "without being known looks as if he had left"),
    "not fit": ("AUC of the strongest feature alone", 0.9987, 0.99, "the feature points_balance_change_90d alone tells "
                "the outcome of lifetime_value (AUC 0.999): it leaks; take what it is made of out of the mapping, or "
                "map the time at which it became known"),
}  # fmt: skip


LONG_NAMES = ("few orders, large baskets, slipping", "few orders, small baskets, lapsed", "valuable and slipping")
MOVES = (
    *((start, end, 9 + 40 * (start < end)) for start in LONG_NAMES for end in LONG_NAMES),
    *(("entered", name, 3) for name in LONG_NAMES),
    *((name, "left", 1) for name in LONG_NAMES),
)


def _move(start: str, end: str, size: int) -> dict[str, Any]:
    names = {"from_segment_id": start, "to_segment_id": end, "from_segment": start, "to_segment": end}
    return {"night": NIGHT, **names, "customers_count": size, "is_new_version": False}


def _looked_at(model: str, verdict: str) -> dict[str, Any]:
    check, value, bar, words = LOOKED_AT[verdict]
    return {"night": NIGHT, "model": model, "check": check, "value": value, "bar": float(bar), "verdict": verdict,
            "words": words}  # fmt: skip


def _put(lake: Lakehouse, table: Table, *rows: dict[str, Any]) -> None:
    listed = [tuple(row.get(name) for name in table.column_names) for row in rows]
    frame = frame_of(lake.spark, listed, table.schema).coalesce(1)
    if table.write == "replace_night":
        lake.replace_night(table, frame, NIGHT)
    elif table.write == "append_once":
        lake.append_once(table, frame, batch="once")
    else:
        lake.replace_all(table, frame)


def _score(number: int, *, reason: str | None = None) -> dict[str, Any]:
    row = {"night": NIGHT, "customer_id": str(number), "as_of": datetime(2026, 3, 1, 23, tzinfo=UTC)}
    if reason:
        return row | {"no_score_reason": reason}
    band = ("high", "medium", "low")[number % 3]
    churn = {"churn_probability": (number + 1) / 31, "churn_band": band, "churn_grade": "C", "churn_version": "3"}
    value: dict[str, Any] = {
        "value_amount": Decimal(number * number),
        "value_band": band,
        "value_grade": "C",
        "value_version": "3",
    }
    until = {"churn_horizon_days": 90, "value_horizon_days": 120, "valid_until": date(2026, 4, 1)}
    spent = {"actual_amount": Decimal(number * 40), "segment": "valuable and slipping"}
    return row | churn | value | until | spent


def _test(model: str, rival: str) -> dict[str, Any]:
    test = {"model": model, "version": "3", "trained_on": NIGHT, "test_night": TEST_NIGHT, "horizon_days": 90}
    score = {"customers_count": 1_123, "metric": "normalised Gini", "score": 0.8, "rival": rival, "rival_score": 0.75}
    gain = {"gain": 0.05, "gain_low": 0.02, "gain_high": 0.08, "calibration_error": 0.031}
    return test | score | gain | {"is_promoted": True, "grade": "C", "verdict": "surely better in every test"}


def _bin(predictor: str, number: int) -> dict[str, Any]:
    test = {"model": "churn", "version": "3", "trained_on": NIGHT, "test_night": TEST_NIGHT, "predictor": predictor}
    return test | {"bin": number, "customers_count": 112, "predicted_rate": number / 11, "seen_rate": number / 12}
