"""Reasons: what moved a customer's score most, theme by theme, in words that hold the very feature that moved it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from features import THEMES
from models.facts import PHRASES, TOLD_BY, Seen
from models.model import Array

TOP = 3
CHURN_WORDS = ("likelier to leave", "likelier to stay")
VALUE_WORDS = ("expected to spend more", "expected to spend less")
THEME_ORDER = (
    "recency", "frequency", "spend", "basket", "season", "returns", "discount", "channel", "variety", "tenure",
    "visits", "loyalty", "response", "feedback", "weekday",
    "contract",
)  # fmt: skip
"""The order in which a table keeps what each theme adds: a new theme goes to the end."""
STANDS = 0.1
"""What was told last night stands by a tenth per place ahead of what lay below it: near ties do not change places."""
TOLD = tuple(PHRASES)
THEME_OF = np.array([THEME_ORDER.index(THEMES[name]) for name in TOLD])


@dataclass(frozen=True)
class Told:
    """What is told of each customer, the strongest first.

    Shape: phrases holds up to three places in TOLD per customer, -1 where nothing more is told; rises whether the
           theme behind it raises the score; by_phrase and by_theme what each of TOLD and THEME_ORDER adds.
    """

    phrases: Array
    rises: Array
    by_phrase: Array
    by_theme: Array


def told(contributions: Array, names: tuple[str, ...], before: Array | None = None) -> Told:
    """The strongest themes of each customer, and of each the phrase that adds most in its theme's direction.

    Shape: contributions has one column per name, on the scale that the model adds up on; before is the phrases of
           last night, which stay in their order while what they add stays near (STANDS).
    """
    by_phrase = contributions @ _members(names)
    by_theme = by_phrase @ _themes()
    last = np.full((len(by_phrase), TOP), -1) if before is None else before
    strength = np.abs(by_theme) * _standing(THEME_OF[last], last >= 0, len(THEME_ORDER))
    strongest = np.argsort(-strength, axis=1, kind="stable")[:, :TOP]
    added = np.take_along_axis(by_theme, strongest, axis=1)
    pulls = by_phrase[:, None, :] * np.sign(added)[:, :, None]
    pulls *= _standing(last, last >= 0, len(TOLD), even=True)[:, None, :]
    leading = np.where(strongest[:, :, None] == THEME_OF, pulls, -np.inf).argmax(axis=2)
    return Told(np.where(added == 0, -1, leading), added > 0, by_phrase, by_theme)


def sentences(found: Told, seen: Seen, words: tuple[str, str]) -> Array:
    """A sentence per customer and place, None where nothing is told: the direction, then the fact."""
    places = found.phrases.ravel()
    said = phrased(places, np.repeat(seen.rows, found.phrases.shape[1]), seen)
    more, less = (f"{direction}: " for direction in words)
    rises = found.rises.ravel().tolist()
    lines = np.full(len(said), None, dtype=object)
    lines[:] = [None if t is None else (more if up else less) + t for t, up in zip(said, rises, strict=True)]
    return lines.reshape(found.phrases.shape)


def phrased(places: Array, rows: Array, seen: Seen) -> list[str | None]:
    """The phrase of each place in TOLD about the customer of the row beside it; None for -1."""
    said = np.full(len(places), None, dtype=object)
    for place in np.unique(places[places >= 0]).tolist():
        mine = places == place
        said[mine] = PHRASES[TOLD[place]](Seen(seen.customers, rows[mine], seen.night, seen.currency))
    return list(said)


PLACES: dict[str | None, int] = {name: place for place, name in enumerate(TOLD)}


@lru_cache(maxsize=8)
def _members(names: tuple[str, ...]) -> Array:
    """Which phrase tells each feature."""
    found = np.zeros((len(names), len(TOLD)))
    for row, name in enumerate(names):
        found[row, TOLD.index(TOLD_BY.get(name, name))] = 1
    return found


@lru_cache(maxsize=1)
def _themes() -> Array:
    """Which theme each phrase belongs to."""
    found = np.zeros((len(TOLD), len(THEME_ORDER)))
    found[np.arange(len(TOLD)), THEME_OF] = 1
    return found


def _standing(last: Array, known: Array, width: int, *, even: bool = False) -> Array:
    """The factor by which what was told last night counts for more: from three tenths in the first place to one."""
    found = np.ones((len(last), width))
    rows = np.arange(len(last))
    for place in range(last.shape[1]):
        ahead = 1 + STANDS * (TOP if even else TOP - place)
        found[rows, last[:, place]] = np.where(known[:, place], ahead, found[rows, last[:, place]])
    return found
