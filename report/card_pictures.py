"""The plots of a model card: rows of one version in, SVG out; an empty text where there is nothing to draw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pyspark.sql import Row

from features import FEATURES
from report import plots
from report.business import Month
from report.plots import AMBER, BLUE, GREY, Bar, Curve, Interval, Line
from report.wording import group, plain

MOST_FEATURES = 15
LONGEST = 30
"""Letters of a label that find room beside an interval."""
COLOURS = (BLUE, AMBER)
MOVES = {
    "churn": ("share_again", "Share of a month's customers who ordered again"),
    "lifetime_value": ("spend", "Spend per customer of the top fifth"),
}
"""By model the figure of report.business that it should move."""
COSTS = "Cost of contacts per customer who orders again"
BETTER: Mapping[str, Literal["right", "left", "neither"]] = {
    "ranking": "right",
    "calibration_error": "left",
    "share_high": "neither",
}
"""The gaps between groups that are drawn, and on which side of nothing a group is served better."""


def lift(bins: Sequence[Row]) -> str:
    """What share of all leavers, or of all spend, is found among so many of the highest predictions."""
    curves = [
        Curve(name, _found(rows), colour) for (name, rows), colour in zip(_predictors(bins), COLOURS, strict=False)
    ]
    is_amount = bool(bins) and bins[0]["model"] == "lifetime_value"
    upward = f"share of {'spend' if is_amount else 'leavers'} found"
    across = "share of customers, highest predictions first"
    return plots.calibration(curves, title="Lift", across=across, upward=upward) if curves else ""


def spends(bins: Sequence[Row]) -> str:
    """Predicted and seen spend by tenth of the customers, the highest predictions first, as `tenths` numbers them."""
    mine = sorted((row for row in bins if row["predictor"] == "model"), key=lambda row: -row["bin"])
    courses = [
        Line(words, tuple(row[name] for row in mine), colour)
        for (name, words), colour in zip((("predicted_rate", "predicted"), ("seen_rate", "seen")), COLOURS, strict=True)
    ]
    places = [f"tenth {place}" for place in range(1, len(mine) + 1)]
    return plots.lines(courses, places=places, title="Predicted and seen spend by tenth") if len(mine) > 1 else ""


def profit(rows: Sequence[Row]) -> str:
    """What contacting so many of those likeliest to leave would have earned."""
    courses = [
        Line(name, tuple(row["profit"] for row in of), colour)
        for (name, of), colour in zip(_predictors(rows), COLOURS, strict=False)
    ]
    if not courses:
        return ""
    places = [f"{row['share_contacted']:.0%} contacted" for row in rows if row["predictor"] == rows[0]["predictor"]]
    lowest = min(0.0, *(value for one in courses for value in one.values if value is not None))
    return plots.lines(courses, places=places, title="Value kept less cost of contact", lowest=lowest)


def importance(gains: Mapping[str, float]) -> str:
    """The features that the trees gained most by."""
    rows = [Bar(plain(name), share, f"{share:.1%}") for name, share in strongest(gains)]
    return plots.bars(rows, title="Features by what the trees gained by them", labels=230) if rows else ""


def strongest(gains: Mapping[str, float]) -> list[tuple[str, float]]:
    """The features that gained most, the strongest first."""
    return sorted(((n, s) for n, s in gains.items() if s > 0), key=lambda one: (-one[1], one[0]))[:MOST_FEATURES]


def meanings(gains: Mapping[str, float]) -> list[dict[str, Any]]:
    """The same with what each means."""
    known = {feature.name: feature for feature in FEATURES}
    return [
        {"name": name, "share": share, "meaning": known[name].meaning if name in known else "no feature any more",
         "unit": known[name].unit if name in known else ""}
        for name, share in strongest(gains)
    ]  # fmt: skip


def gaps(groups: Sequence[Row]) -> dict[str, str]:
    """By measure: each group against all other customers in the newest test, with the interval."""
    return {measure: plot for measure in BETTER if (plot := _gaps(groups, measure))}


def tenths(bins: Sequence[Row]) -> list[dict[str, Any]]:
    """The decile table of the model, the highest predictions first; lift is what was seen over the mean of all."""
    mine = sorted((row for row in bins if row["predictor"] == "model"), key=lambda row: -row["bin"])
    customers = sum(row["customers_count"] for row in mine)
    total = sum(row["customers_count"] * row["seen_rate"] for row in mine)
    found, told = 0.0, []
    for row in mine:
        found += row["customers_count"] * row["seen_rate"]
        lift = row["seen_rate"] * customers / total if total else None
        told.append(row.asDict() | {"lift": lift, "found": found / total if total else None})
    return told


def moved(before: Sequence[Month], since: Sequence[Month], model: str) -> str:
    """The figure that the model should move, month by month, before anything was sent and since."""
    of, words = MOVES[model]
    return _by_month(before, since, lambda month: getattr(month, of), words, as_share=model == "churn")


def costs(before: Sequence[Month], since: Sequence[Month]) -> str:
    """What contacts cost per customer who ordered again, over the same months."""
    return _by_month(before, since, lambda month: month.cost.of_return if month.cost else None, COSTS)


def _by_month(
    before: Sequence[Month],
    since: Sequence[Month],
    figure: Callable[[Month], float | None],
    words: str,
    *,
    as_share: bool = False,
) -> str:
    months = [*before, *since]
    values = [figure(month) for month in months]
    parts = [
        Line("before the start", (*values[: len(before)], *(None for _ in since)), GREY),
        Line("since", (*(None for _ in before), *values[len(before) :]), BLUE),
    ]
    places = [f"{month.begins:%b %Y}" for month in months]
    is_told = sum(value is not None for value in values) > 1
    return plots.lines(parts[: 2 if since else 1], places=places, title=words, as_share=as_share) if is_told else ""


def _gaps(groups: Sequence[Row], measure: str) -> str:
    known = [row for row in groups if row["measure"] == measure and None not in (row["gap_low"], row["gap_high"])]
    rows = [Interval(_label(row), row["gap"], row["gap_low"], row["gap_high"]) for row in known]
    title = f"Gap to all others, {plain(measure)}"
    return plots.intervals(rows, title=title, better=BETTER[measure], labels=225) if rows else ""


def _label(row: Row) -> str:
    label = f"{plain(row['attribute'])}: {group(row['customer_group'])}"
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def _predictors(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows by predictor, the model first."""
    names = sorted(dict.fromkeys(row["predictor"] for row in rows), key=lambda name: name != "model")
    return [(plain(name), [row for row in rows if row["predictor"] == name]) for name in names]


def _found(rows: Sequence[Row]) -> tuple[tuple[float, float], ...]:
    ranked = sorted(rows, key=lambda row: -row["bin"])
    customers = sum(row["customers_count"] for row in ranked) or 1
    total = sum(row["customers_count"] * max(row["seen_rate"], 0) for row in ranked) or 1
    points, across, upward = [(0.0, 0.0)], 0.0, 0.0
    for row in ranked:
        across += row["customers_count"] / customers
        upward += row["customers_count"] * max(row["seen_rate"], 0) / total
        points.append((across, upward))
    return tuple(points)
