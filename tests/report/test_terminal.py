from typing import Any

from report.adoption import use_as_json
from report.terminal import terminal_summary, training_lines
from report.wording import plain, rows_delivered, share, verdict
from tests.report.test_adoption import ADOPTED

SUMMARY: dict[str, Any] = {
    "retailer": "demo",
    "night": "2026-03-02",
    "files": [
        {"source": "pos", "delivery": "lines", "file": "a.csv", "status": "new", "rows": 2000, "reason": None},
        {"source": "pos", "delivery": "lines", "file": "b.csv", "status": "repeated", "rows": None, "reason": "as a"},
    ],
    "rejected": {"conformed.orders": {"order_id is missing": 3, "currency without a rate": 7}},
    "tables": {"conformed.contacts": 1500, "unified.customers": 1000, "unified.orders": 9000},
    "without_customer": {"orders": 2100, "amount": 54321.5},
    "currency": "EUR",
    "who_is_who": {"people_per_household": [[2, 90], [3, 10]], "suspicious": 7},
    "gates": [],
    "models": {
        "churn": {"grade": "B", "horizon_days": 90, "metric": "AUC", "score": 0.78, "baseline": "recency_rule",
                  "baseline_score": 0.74, "gain_low": 0.02, "gain_high": 0.05},
    },
    "audiences": {"win_back": {"members": 40, "held_out": 4, "refused": {"staff": 9, "no_consent": 2},
                               "adoption": use_as_json(ADOPTED.audiences["win_back"])}},
    "deliveries": {
        "win_back": {"destination": "newsletter", "sent": {"add": 39, "update": 0, "remove": 0}, "unchanged": 0,
                     "withheld": 1, "rejected": 0, "failed": 0, "dead": 2,
                     "delivers": True, "problem": None},
    },
}  # fmt: skip


def test_the_summary_tells_records_people_models_audiences_and_what_was_sent() -> None:
    lines = [line.strip() for line in terminal_summary(SUMMARY).splitlines()]
    for words in (
        "demo · night of 2026-03-02",
        "2,000  rows in 1 file",
        "7  orders: currency without a rate",
        "1,000  in 1,500 person records",
        "2,100  orders, which brought EUR 54,322",
        "210  in 100 households",
        "7  listed in unified.suspicious_clusters",
        "0.780  AUC, against recency rule 0.740: +0.040, 95 % between +0.020 and +0.050",
        "4  held out, to measure what contact changes",
        "Of 500 put in within the last 30 days 400 were written to (80 %), 200 opened (50 %)",
        "39  records to newsletter (39 add)",
        "1  withheld at the last moment for want of consent",
        "2  refused on too many nights, not tried any more",
    ):
        assert any(words in line for line in lines), words


def test_a_condition_that_nobody_meets_is_told() -> None:
    note = "its condition holds for none of 40 customers: nobody is contacted; look at `where`"
    audiences = {"win_back": {"members": 0, "held_out": 0, "refused": {}, "note": note}}
    assert note in terminal_summary(SUMMARY | {"audiences": audiences})


def test_want_of_consent_stands_first_among_the_reasons_for_holding_back() -> None:
    held_back = [line for line in terminal_summary(SUMMARY).splitlines() if "held back" in line]
    assert [line.split("held back: ")[1] for line in held_back] == ["no consent", "member of staff"]


def test_every_figure_stands_in_one_column() -> None:
    figures = [line for line in terminal_summary(SUMMARY).splitlines() if line.startswith("  ")]
    assert len({line[37:39] for line in figures}) == 1


def test_a_night_without_anything_is_told_in_words() -> None:
    text = terminal_summary({"night": "2026-03-02"})
    for words in ("no row broke a rule", "nobody was looked for yet", "no model scored", "names none", "nothing:"):
        assert words in text


def test_a_blocked_table_is_the_verdict() -> None:
    gate = {"table": "unified.orders", "rule": "order_id is given", "severity": "block", "failed": 3, "limit": 0}
    sentence, _ = verdict(SUMMARY | {"gates": [gate | {"outcome": "blocked"}]})
    assert sentence == "Stopped: unified.orders still holds the last good night."


def test_a_night_that_an_error_stopped_is_never_called_good() -> None:
    sentence, notes = verdict(SUMMARY | {"error": "crm.contacts: the delimiter is another one"})
    assert sentence.startswith("Stopped")
    assert notes[0] == "crm.contacts: the delimiter is another one"
    text = terminal_summary(SUMMARY | {"error": "crm.contacts: the delimiter is another one"})
    assert "set aside" in text
    assert "Audiences" not in text


def test_a_delivery_that_failed_is_the_verdict() -> None:
    failed = SUMMARY["deliveries"]["win_back"] | {"failed": 2}
    assert verdict(SUMMARY | {"deliveries": {"win_back": failed}})[0].endswith("sending to win_back failed.")


def test_only_new_files_count_as_delivered() -> None:
    assert rows_delivered(SUMMARY) == 2000


def test_a_share_has_the_decimals_that_it_needs() -> None:
    assert [share(part, 1000) for part in (0, 0.4, 5, 250)] == ["0 %", "0.04 %", "0.5 %", "25 %"]
    assert share(1, 0) == "–"


def test_a_name_of_the_retailer_keeps_its_article_and_a_baseline_loses_it() -> None:
    names = ("the_regulars", "recency_rule", "bgnbd", "staff", "win_back")
    assert [plain(name) for name in names] == ["the regulars", "recency rule", "BG/NBD", "member of staff", "win back"]


def test_a_training_tells_verdict_warnings_fitness_of_the_data_and_card() -> None:
    finding = {"check": "history in days", "verdict": "limited", "words": "400 days look 60 days ahead, not 90"}
    facts = {
        "verdict": "not promoted",
        "warnings": ("model churn, version 3, the champion, does not stand in the way: its file is damaged",),
        "suitability": {"verdict": "limited", "findings": [finding]},
        "card": "churn_4.html",
    }
    assert list(training_lines("churn", facts)) == [
        "churn: not promoted",
        "  warning      model churn, version 3, the champion, does not stand in the way: its file is damaged",
        "  the data is limited for training:",
        "  with limits  history in days: 400 days look 60 days ahead, not 90",
        "  model card: churn_4.html",
    ]
    assert list(training_lines("segments", {"verdict": "version 2 stays"})) == ["segments: version 2 stays"]
