"""The night as one HTML page that a marketer and an engineer both read: no script, nothing from another place."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lakehouse.delta import Lakehouse
from report import figures, pictures, wording
from report.adoption import LABELS
from report.lift import LEFT_OUT
from report.page import template
from report.quality_figures import SetAside, set_aside


def night_report(lake: Lakehouse, summary: Mapping[str, Any], out: Path) -> Path:
    """The path of the page, written to `out`.

    Reads: summary as `habitue night --json` prints it; the tables of the lake for what it does not hold.
    Shape: only counts, means and names of groups reach the page, never a row about a person.
    """
    with ThreadPoolExecutor(2) as pool:
        read = [pool.submit(part, lake, summary) for part in (_for_marketers, _for_engineers)]
    told = [_header(summary), _who_is_who(summary), {"cards": _cards(out)}, *(part.result() for part in read)]
    page = template("night.html").render({name: value for part in told for name, value in part.items()})
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return out


def _header(summary: Mapping[str, Any]) -> dict[str, Any]:
    sentence, notes = wording.verdict(summary)
    night = date.fromisoformat(summary["night"])
    return {
        "retailer": summary.get("retailer", ""),
        "night": f"{night:%A}, {night.day} {night:%B %Y}",
        "as_of": _moment(summary.get("as_of"), summary.get("timezone") or "UTC"),
        "verdict": sentence,
        "is_stopped": sentence.startswith("Stopped"),
        "notes": notes,
        "quality_page": f"quality/{night}.html" if "quality" in summary else None,
    }


def _cards(page: Path) -> dict[str, str]:
    """Where the model cards beside the page lie, by model and version as in `churn_3`."""
    return {card.stem: f"{CARDS}/{card.name}" for card in sorted((page.parent / CARDS).glob("*.html"))}


def _for_marketers(lake: Lakehouse, summary: Mapping[str, Any]) -> dict[str, Any]:
    scores = figures.scores(lake, summary["night"])
    moves = figures.moves(lake, summary["night"])
    tests = figures.evaluations(lake)
    currency = summary.get("currency", "")
    return {
        "scores": scores,
        "versions": [dict(zip(figures.VERSION, version, strict=True)) for version in scores.versions],
        "currency": currency,
        "segments_plot": pictures.segments(scores),
        "moves": moves,
        "moves_plot": pictures.segment_moves(moves, scores),
        "churn_plot": pictures.churn_bands(scores),
        "bands": {(churn, value): count for churn, value, count in scores.bands},
        "band_names": figures.BANDS,
        "value_plot": pictures.values(scores, currency),
        "tests": tests,
        "suitability": figures.suitability(lake),
        "suits": wording.SUITS,
        "trained": list(
            dict.fromkeys((test["model"], test["grade"], (test["verdict"] or "").rstrip(".")) for test in tests)
        ),
        "gain_plots": pictures.gains(tests),
        "calibration_plot": pictures.calibration(figures.calibration(lake)),
        "calibration_words": pictures.calibration_words(tests),
        "audiences": summary.get("audiences", {}),
        "lift_plots": pictures.lifts(summary.get("audiences", {})),
        "left_out": LEFT_OUT,
        "use_plots": pictures.uses(summary.get("audiences", {})),
        "adoption": summary.get("adoption", {}),
        "steps": LABELS,
        "deliveries": summary.get("deliveries", {}),
    }


def _who_is_who(summary: Mapping[str, Any]) -> dict[str, Any]:
    who = summary.get("who_is_who")
    if not who:
        return {"who": None}
    return {
        "who": who,
        "events": {event: (ids, records) for event, ids, records in who["events"]},
        "records_plot": pictures.records_per_person(who),
        "evidence_plot": pictures.evidence(who),
        "weights_plot": pictures.match_weights(who),
        "households": sum(count for _, count in who["people_per_household"]),
        "housemates": sum(size * count for size, count in who["people_per_household"]),
        "households_plot": pictures.people_per_household(who),
        "compared": sum(key["pairs"] for key in who.get("blocking", ())),
        "too_frequent": _too_frequent(who.get("blocking", ())),
        "overlap": [(source, dict(source["also_in"])) for source in who["sources"]],
    }


def _too_frequent(keys: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The keys that left values out, those of most pairs first."""
    return sorted(
        (key for key in keys if key["blocks_left_out"]), key=lambda key: (-key["pairs_left_out"], key["key"])
    )[:MOST_KEYS]


def _for_engineers(lake: Lakehouse, summary: Mapping[str, Any]) -> dict[str, Any]:
    night = summary["night"]
    files = figures.files_in(lake, night)
    aside, rows_in = _set_aside(lake, summary), figures.rows_in(files)
    gates = summary.get("gates", [])
    return {
        "delivered": figures.by_delivery(files),
        "rows_in": rows_in,
        "rows_plot": pictures.rows_in(rows_in),
        "aside": aside,
        "aside_plot": pictures.set_aside(aside),
        "files": [file for file in summary.get("files", []) if file["status"] != "new"],
        "tables": summary.get("tables", {}),
        "gates": sorted(gates, key=lambda gate: (ORDER.index(gate["outcome"]), gate["table"])),
        "gates_passed": sum(gate["outcome"] == "passed" for gate in gates),
        "seconds": summary.get("seconds", {}),
        "seconds_plot": pictures.seconds(summary.get("seconds", {})),
    }


def _set_aside(lake: Lakehouse, summary: Mapping[str, Any]) -> list[SetAside]:
    """Rows that the night set aside from the tables that it published."""
    rejected = {name.split(".")[1] for name in summary.get("rejected", {})}
    found = set_aside(lake, date.fromisoformat(summary["night"])) if rejected else []
    return [one for one in found if one.rows and one.entity in rejected]


CARDS = "models"
"""The folder of the model cards, beside the pages of the nights."""
MOST_KEYS = 6
"""Keys that are shown with what they left out."""
ORDER = ("blocked", "warned", "set aside", "passed")


def _moment(text: str | None, timezone: str) -> str:
    if text is None:
        return "unknown"
    moment = datetime.fromisoformat(text).astimezone(ZoneInfo(timezone))
    return f"{moment.day} {moment:%B %Y, %H:%M} ({timezone})"
