"""Numbers, reasons and the verdict of a night in the words of its readers."""

from collections.abc import Mapping
from typing import Any

from models.baselines import WORDS

REFUSED = {
    "test_account": "test account",
    "staff": "member of staff",
    "deleted": "deleted at the source",
    "objects_to_profiling": "objects to profiling",
    "no_score": "no score",
    "grade_below_minimum": "score below the grade asked for",
    "no_address": "no address for the channel",
    "no_consent": "no consent",
    "global_holdout": "held out of every audience",
}
"""Why somebody is not contacted, by the code in activation.audience_members."""

GRADES = {
    "A": "beats every baseline by a clear margin",
    "B": "beats every baseline",
    "C": "beats the named baseline",
    "D": "in doubt since it was promoted",
    "E": "a baseline: what a rule of thumb would say",
}
SUITS = {"fit": "fit", "limited": "with limits", "not fit": "not fit"}
"""Whether the data suits a training, by the word in models.suitability."""
MODELS = {"churn": "who is leaving", "lifetime_value": "what customers will spend"}


EVIDENCE = {
    "alone": "nothing: stands alone",
    "match": "likeness",
    "email": "e-mail",
    "loyalty_id": "loyalty card",
    "contact": "contact id",
    "name_birth": "name and birth date",
    "link": "said by a source",
    "decided": "decided by people",
}
"""What ties a record to others, by the word in unified.identity_links; the rest reads as it is."""
EVENTS = {
    "created": "new people",
    "joined": "people with new records",
    "merged_into": "people that turned out to be another",
    "split_from": "people that were taken for another",
    "ended": "people without any record left",
}
"""What happened to customer ids, by the word in unified.identity_events."""


def number(value: float) -> str:
    """12,345."""
    return f"{value:,.0f}"


def figure(value: float) -> str:
    """12,345 or 0.713: as many decimals as a figure of its size needs."""
    return number(value) if value >= 10 or value == int(value) else f"{value:.3f}"


def share(part: float, whole: float) -> str:
    """The part in percent, with as many decimals as it needs to be more than zero; a dash of nothing."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    decimals = 0 if percent >= 10 or percent == 0 else 1 if percent >= 0.1 else 2
    return f"{percent:.{decimals}f} %"


def plain(code: str) -> str:
    """A code as words: `last_year_spend` is `last year's spend`."""
    if code in WORDS:
        return WORDS[code].removeprefix("the ")
    return REFUSED.get(code, code.replace("_", " "))


def group(code: str) -> str:
    """A group of customers as words: `30_44` is `30 to 44`, `60_plus` is `60 and over`."""
    if code.endswith("_plus"):
        return f"{code.removesuffix('_plus')} and over"
    return code.replace("_", " to ") if code.replace("_", "").isdigit() else plain(code)


def rows_delivered(summary: Mapping[str, Any]) -> int:
    """Rows of the files that were new tonight."""
    return sum(file.get("rows") or 0 for file in summary.get("files", ()) if file.get("status") == "new")


def rows_set_aside(summary: Mapping[str, Any]) -> int:
    """Broken rules over all rows: a row that broke two counts twice."""
    return sum(sum(rules.values()) for rules in summary.get("rejected", {}).values())


def counted(amount: int, one: str, many: str | None = None) -> str:
    """`1 rule`, `2 rules`."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def verdict(summary: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Whether the night can be used, in a sentence, and what else a reader must know."""
    gates = summary.get("gates", [])
    blocked = [gate for gate in gates if gate["outcome"] == "blocked"]
    if blocked:
        tables = ", ".join(sorted({gate["table"] for gate in blocked}))
        return f"Stopped: {tables} still holds the last good night.", _notes(summary)
    if summary.get("error"):
        return "Stopped before its end; every table holds what its last finished step wrote.", _notes(summary)
    trouble = [
        name for name, sent in summary.get("deliveries", {}).items() if sent.get("problem") or sent.get("failed")
    ]
    if trouble:
        return f"The tables are good; sending to {', '.join(trouble)} failed.", _notes(summary)
    return "The night is good: every table passed its gate.", _notes(summary)


def _notes(summary: Mapping[str, Any]) -> list[str]:
    notes = [summary["error"]] if summary.get("error") else []
    refused = [file for file in summary.get("files", ()) if file.get("status") == "refused"]
    if refused:
        notes.append(f"{counted(len(refused), 'file')} could not be read and waits for repair.")
    aside = rows_set_aside(summary)
    if aside:
        notes.append(f"Delivered rows broke a rule {counted(aside, 'time')}; they were set aside, kept whole.")
    warned = [gate for gate in summary.get("gates", ()) if gate["outcome"] == "warned"]
    if warned:
        notes.append(f"{counted(len(warned), 'warning')}; the tables were published.")
    return notes
