"""The quality page: may the tables be used, what was set aside, since when is a source silent, what to type?"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from lakehouse.delta import Lakehouse
from report import quality_figures, wording
from report.courses import over_nights
from report.drift import drift
from report.page import template
from report.quality_figures import Course, Element, SetAside

SMALLEST_CHANGE = 1.0
"""Points of a score, or of a share in percent, below which nothing has changed."""


def quality_page(lake: Lakehouse, summary: Mapping[str, Any], out: Path, *, sources: Mapping[str, str]) -> Path:
    """The path of the page, written to `out`.

    Reads: summary as `habitue night --json` prints it; quality.measurements, ops.reconciliation, rows set aside,
           models.drift.
    Units: sources names the owner of each.
    Shape: figures, names of rules and places of rows (file and number); nothing of what a row says.
    """
    night = date.fromisoformat(summary["night"])
    with ThreadPoolExecutor(4) as pool:
        figures = pool.submit(quality_figures.figures, lake, night)
        delivered = pool.submit(quality_figures.course, lake, night)
        broken = pool.submit(quality_figures.set_aside, lake, night)
        drifted = pool.submit(drift, lake, night)
    history, aside = figures.result(), broken.result()
    measured = quality_figures.elements(history)
    told = _told(summary, night, sources, delivered.result(), quality_figures.scores(history))
    for source in told["sources"]:
        source["age"] = quality_figures.age(measured, source["name"])
    changed = changes(told["sources"], measured, aside, summary.get("gates", []))
    more = {"aside": [one for one in aside if one.rows], "elements": measured, "changes": changed} | drifted.result()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(template("quality.html").render(told | more), encoding="utf-8")
    return out


def _told(
    summary: Mapping[str, Any],
    night: date,
    sources: Mapping[str, str],
    course: Course,
    scores: Mapping[str, Mapping[date, float]],
) -> dict[str, Any]:
    sentence, notes = wording.verdict(summary)
    gates = summary.get("gates", [])
    return {
        "retailer": summary.get("retailer", ""),
        "night": f"{night:%A}, {night.day} {night:%B %Y}",
        "verdict": sentence,
        "is_stopped": sentence.startswith("Stopped"),
        "notes": notes,
        "gates": [gate for gate in gates if gate["outcome"] in ("blocked", "warned")],
        "gates_asked": len(gates),
        "sources": [
            {"owner": owner} | _source(name, night, course, scores.get(name, {})) for name, owner in sources.items()
        ],
        "scores_plot": over_nights(scores, "Score of each source, 0 to 100", lowest=_floor(scores)),
        "rows_plot": over_nights(_filled(course.delivered, course), "Rows delivered by each source"),
        "aside_plot": over_nights(_filled(course.rejected, course), "Rows set aside of each source"),
        "tables": summary.get("tables", {}),
    }


def _source(name: str, night: date, course: Course, scores: Mapping[date, float]) -> dict[str, Any]:
    last = quality_figures.last_delivery(course, [name])[name]
    newest = max(scores, default=None)
    before = max((known for known in scores if newest and known < newest), default=None)
    return {
        "name": name,
        "last": last,
        "silent_days": None if last is None else (night - last).days,
        "rows": course.delivered.get(name, {}).get(night, 0),
        "rejected": course.rejected.get(name, {}).get(night, 0),
        "score": scores[newest] if newest else None,
        "moved": scores[newest] - scores[before] if newest and before else None,
    }


def changes(
    sources: Sequence[Mapping[str, Any]],
    elements: Sequence[Element],
    aside: Sequence[SetAside],
    gates: Sequence[Mapping[str, Any]],
) -> list[str]:
    """What is otherwise than the night before, a sentence each, the worst first."""
    found = [f"{gate['table']}: {gate['rule']} did not hold ({gate['outcome']})" for gate in gates if _broke(gate)]
    for source in sources:
        if source["silent_days"] == 1:
            found.append(f"{source['name']} delivered nothing tonight; it did the night before")
        if source["moved"] is not None and abs(source["moved"]) >= SMALLEST_CHANGE:
            found.append(f"the score of {source['name']} went from {_from(source)} to {source['score']:.0f}")
    for one in aside:
        if not one.before:
            found.append(f"{one.source}: {one.rows:,} rows set aside that were not the night before, {one.rule}")
        elif not one.rows:
            found.append(f"{one.source}: no row is set aside any more because {one.rule}")
    return found + [words for element in elements for words in _moves(element)]


def _from(source: Mapping[str, Any]) -> str:
    return f"{source['score'] - source['moved']:.0f}"


def _broke(gate: Mapping[str, Any]) -> bool:
    return gate["outcome"] in ("blocked", "warned")


def _moves(element: Element) -> list[str]:
    known = [name for name in ("completeness", "validity", "uniqueness") if name in element.before]
    shares = [(name, element.before[name], element.values[name]) for name in known if name in element.values]
    return [
        f"{name} of {element.source} {element.column} went from {before:.0%} to {now:.0%}"
        for name, before, now in shares
        if 100 * abs(now - before) >= SMALLEST_CHANGE
    ]


def _filled(known: Mapping[str, Mapping[date, int]], course: Course) -> dict[str, dict[date, float]]:
    """Nothing came on a night that delivered nothing of the source."""
    return {name: {night: float(rows.get(night, 0)) for night in course.nights} for name, rows in sorted(known.items())}


def _floor(scores: Mapping[str, Mapping[date, float]]) -> float:
    """The ten below the lowest score: sources differ by few points."""
    lowest = min((value for known in scores.values() for value in known.values()), default=0.0)
    return max(10.0 * int(lowest / 10) - 10, 0.0)
