"""Figures over nights, as one plot of named courses."""

from collections.abc import Mapping
from datetime import date, timedelta

from report import plots
from report.plots import AMBER, BLUE, GREEN, GREY, RED, Line

COLOURS = (BLUE, AMBER, GREEN, RED, GREY, "#7a5c99", "#3d8c8c", "#8c6d46")


def over_nights(courses: Mapping[str, Mapping[date, float]], title: str, *, lowest: float = 0.0) -> str:
    """The plot; empty before a second night."""
    known = sorted({night for values in courses.values() for night in values})
    if len(known) < 2:
        return ""
    nights = [known[0] + timedelta(days=day) for day in range((known[-1] - known[0]).days + 1)]
    drawn = [
        Line(name, tuple(values.get(night) for night in nights), colour)
        for (name, values), colour in zip(courses.items(), COLOURS, strict=False)
    ]
    return plots.lines(drawn, places=[night.isoformat() for night in nights], title=title, lowest=lowest)
