"""The end of a night: its summary as JSON, its report and its quality page as HTML, kept in the state folder."""

import json
from pathlib import Path

from orchestration.alerts.telling import night_ends
from orchestration.night import NightRun
from orchestration.summary import summary
from orchestration.tables import all_tables
from report.figures import against_baseline
from report.night import night_report
from report.quality import quality_page

REPORTS = "reports"
"""Below the state folder: a page and a JSON summary per night."""


def close_night(run: NightRun) -> None:
    """Tell who must know, then write the summary and the report of a night, also of one that a gate stopped."""
    night_ends(run.retailer, run.night, run.record, run.place.state)
    found = summary(run, all_tables(run.retailer))
    for name, tested in against_baseline(run.lake).items():
        found["models"].setdefault(name, {}).update(tested)
    if run.record.error is not None:
        found["error"] = str(run.record.error)
    folder = run.place.state / REPORTS
    folder.mkdir(parents=True, exist_ok=True)
    owners = {name: run.retailer.owners.of_source(name) for name in run.retailer.sources}
    below = folder / "quality" / f"{run.night}.html"
    found["quality"] = str(quality_page(run.lake, found, below, sources=owners))
    page = night_report(run.lake, found, folder / f"{run.night}.html")
    found["report"] = str(page)
    run.record.summary.update(found)
    _summary_file(folder, run).write_text(json.dumps(found, indent=1))


def _summary_file(folder: Path, run: NightRun) -> Path:
    return folder / f"{run.night}.json"
