"""Sources of events that fell silent although they usually tell something."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from itertools import pairwise

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features import GROUPS
from features.build import History
from features.point_in_time import Snapshot, visible
from models.drift import Finding, Verdict

SILENT_DAYS = 7
"""Days without an event that no source has to explain: many deliver once a week."""
LOOK_BACK_DAYS = 120
"""A source that is silent for longer has ended: its features show it, and it is told no more."""
FEWEST_DAYS = 10
"""Days with an event before the silence, below which nothing is usual."""

SOURCES: Mapping[str, str] = {feature.name: group.source for group in GROUPS for feature in group.features}
"""The source of each feature; those of tenure come from all of them."""


def silent_sources(history: History, snapshot: Snapshot) -> tuple[Finding, ...]:
    """One finding per source that has told of anything in the last months: the days since its newest event.

    Shape: drifted when it has been silent for more than a week and twice as long as it ever was before.
    """
    ages = _ages(history, snapshot)
    return tuple(_finding(name, sorted(found), snapshot.night) for name, found in sorted(ages.items()))


def _ages(history: History, snapshot: Snapshot) -> dict[str, list[int]]:
    """By source the ages in days of its days with an event: at most LOOK_BACK_DAYS of each."""
    frames: list[DataFrame] = [
        visible(getattr(history, source).select("event_at", "known_from"), [snapshot])
        .where(F.col("age_days") <= LOOK_BACK_DAYS)
        .select(F.lit(source).alias("source"), "age_days")
        for source in sorted(set(SOURCES.values()))
    ]
    found: dict[str, list[int]] = {}
    for row in reduce(DataFrame.unionByName, frames).groupBy("source", "age_days").count().collect():
        found.setdefault(row["source"], []).append(row["age_days"])
    return found


def _finding(source: str, ages: Sequence[int], night: date) -> Finding:
    silent = ages[0] - 1
    longest = max((later - earlier - 1 for earlier, later in pairwise(ages)), default=0)
    limit = max(SILENT_DAYS, 2 * longest)
    verdict: Verdict = "drifted" if silent > limit and len(ages) >= FEWEST_DAYS else "steady"
    words = f"{source} has told nothing for {silent} days (never for more than {longest} before)"
    told = words if verdict == "drifted" else ""
    return Finding("", "", "source", source, float(silent), float(limit), verdict, 0, night, words=told)
