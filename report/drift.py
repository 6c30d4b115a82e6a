"""What the quality page shows of drift: tonight's verdicts, and courses over nights."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.stability import DRIFT as LIMIT
from models.tables import DRIFT
from report.courses import over_nights
from report.wording import MODELS, plain

NIGHTS, YEAR = 60, 400
"""Nights of the plot of features, and of the one of performance: a horizon lies before anybody knows."""
WORST = 4
ORDER = ("model", "source", "score", "label", "feature", "performance")
WORDS = {"model": "verdict", "label": "came true", "performance": "estimated"}
AREAS = {("performance", "AUC"): "estimated", ("label", "estimated AUC"): "estimated", ("label", "AUC"): "came true"}


def drift(lake: Lakehouse, night: date) -> dict[str, Any]:
    """What the template reads: tonight's verdicts, the course of what moved most, and of how well churn is ranked.

    Reads: models.drift: figures and names of features, never a customer.
    """
    rows = lake.read(DRIFT).where(F.col("night").between(F.lit(night - timedelta(days=YEAR)), F.lit(night)))
    first, is_area = F.lit(night - timedelta(days=NIGHTS)), F.col("name").isin("AUC", "estimated AUC")
    shown = rows.where(
        is_area | (F.col("what").isin("feature", "score", "model", "source", "label") & (F.col("night") >= first))
    )
    known = shown.collect()
    tonight = [row for row in known if row["night"] == night]
    return {
        "drift_rows": told(tonight),
        "drift_steady": sum(row["verdict"] == "steady" and row["what"] in ("feature", "score") for row in tonight),
        "drift_plots": {MODELS.get(model, model): moved(known, tonight, model) for model in _models(tonight)},
        "area_plot": areas(known),
    }


def _models(rows: Iterable[Row]) -> list[str]:
    return sorted({row["model"] for row in rows if row["what"] == "score"})


def told(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The verdict on each champion, and whatever is not steady, the worst first."""
    chosen = [row for row in rows if row["verdict"] != "steady" or row["what"] == "model"]
    ranked = sorted(chosen, key=lambda row: (ORDER.index(row["what"]), row["verdict"] != "drifted", -row["value"]))
    return [
        row.asDict()
        | {"model": MODELS.get(row["model"], "all"), "what": WORDS.get(row["what"], row["what"])}
        | {"words": row["words"] or _in_words(row)}
        for row in ranked
    ]


def _in_words(row: Row) -> str:
    """What a figure means that came without words."""
    if row["what"] == "model" and row["limit"] is not None:
        return (
            f"{row['value']:.0%} of what it learned rests on features that have drifted or fallen silent; from "
            f"{row['limit']:.0%} on it is in doubt"
        )
    if row["what"] in ("feature", "score") and row["limit"] is not None:
        return f"0 is as in training, from {row['limit']:.2f} on it has drifted"
    return ""


def moved(known: Iterable[Row], tonight: Sequence[Row], model: str) -> str:
    """The stability index of the model's score and of its features that moved most tonight, and the limit."""
    mine = [row for row in tonight if row["model"] == model and row["what"] in ("feature", "score")]
    ranked = sorted(mine, key=lambda row: (row["what"] != "score", -row["value"], row["name"]))
    courses: dict[str, dict[date, float]] = {plain(row["name"]): {} for row in ranked[: WORST + 1]}
    nights = set()
    for row in known:
        if row["model"] == model and row["what"] in ("feature", "score"):
            nights.add(row["night"])
            if plain(row["name"]) in courses:
                courses[plain(row["name"])][row["night"]] = row["value"]
    return over_nights({**courses, "drifted": dict.fromkeys(nights, LIMIT)}, f"Stability index over nights, {model}")


def areas(known: Iterable[Row]) -> str:
    """How well leaving was ranked, as estimated and as it came true, over nights."""
    courses: dict[str, dict[date, float]] = {name: {} for name in (*dict.fromkeys(AREAS.values()), "recency rule")}
    for row in known:
        name = AREAS.get((row["what"], row["name"]))
        if name and row["model"] == "churn":
            courses[name][row["about"]] = row["value"]
            if row["limit"] is not None:
                courses["recency rule"][row["about"]] = row["limit"]
    return over_nights({name: of for name, of in courses.items() if of}, "AUC of churn over nights", lowest=0.5)
