"""What changed since a customer's last different score: the bands before it, and the fact that moved it most."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.bands import BANDS
from models.explain import THEME_OF, TOLD, Told, phrased
from models.facts import NEWS, Seen, dated
from models.model import Array

LEAST = 0.01
"""A theme that moved by less, in log odds or in logarithm of money, is no cause."""
NO_CAUSE, NEW_VERSION = "no single fact stands out", "another version of the model scores"
KEPT = ("changed_on", "churn_probability_before", "churn_band_before", "value_band_before", "changed_because")


@dataclass(frozen=True)
class Score:
    """One model's bands of tonight and of the night before, with what moved them.

    Units: bands are places in BANDS, -1 where there was none; adds is by theme of the night before, NaN if unknown.
    """

    words: str
    band: Array
    band_before: Array
    told: Told
    adds_before: Array
    is_same_version: Array


def changes(churn: Score, value: Score, probability_before: Array, seen: Seen) -> tuple[Array, dict[str, list[Any]]]:
    """For whom a band moved tonight, and the columns of KEPT for those customers alone."""
    moved = [(score.band != score.band_before) & (score.band_before >= 0) for score in (churn, value)]
    either = moved[0] | moved[1]
    because = np.full(len(either), None, dtype=object)
    for score, mine in ((value, moved[1]), (churn, moved[0])):
        because[mine] = _because(score, np.flatnonzero(mine), seen)
    names = np.array([*BANDS, None], dtype=object)
    columns = (
        np.full(len(either), seen.night, dtype=object)[either],
        probability_before[either],
        *(names[score.band_before[either]] for score in (churn, value)),
        because[either],
    )
    return either, dict(zip(KEPT, (list(column) for column in columns), strict=True))


def _because(score: Score, rows: Array, seen: Seen) -> list[str]:
    """In words the theme that moved most in the direction in which the band moved."""
    rose = score.band[rows] > score.band_before[rows]
    moved = np.nan_to_num((score.told.by_theme[rows] - score.adds_before[rows]) * np.where(rose, 1, -1)[:, None])
    theme = moved.argmax(axis=1)
    strength = np.where(theme[:, None] == THEME_OF, np.abs(score.told.by_phrase[rows]), -1)
    is_clear = (moved.max(axis=1, initial=0) >= LEAST) & score.is_same_version[rows]
    phrases = np.where(is_clear, strength.argmax(axis=1), -1)
    facts = phrased(phrases, rows, seen)
    for at, place in enumerate(phrases.tolist()):
        if place >= 0 and TOLD[place] in NEWS:
            facts[at] = _news(TOLD[place], rows[at], seen) or facts[at]
    day, same = dated(seen.night), score.is_same_version[rows].tolist()
    return [
        f"{score.words} {'rose' if up else 'fell'} on {day}: {fact or (NO_CAUSE if known else NEW_VERSION)}"
        for up, fact, known in zip(rose.tolist(), facts, same, strict=True)
    ]


def _news(name: str, row: int, seen: Seen) -> str | None:
    """What happened yesterday, after the night before was scored; None where it is older."""
    one = Seen(seen.customers, np.array([row]), seen.night, seen.currency)
    return one.each(name, lambda ago: "new" if ago <= 1 else "")[0] and one.day(name, f"a new {NEWS[name]} on {{}}")[0]
