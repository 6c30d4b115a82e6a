"""Names by their real frequencies, from the weighted lists of faker, and their short forms."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.randomness import weighted

# Faker weighs these lists by the frequencies of national statistics offices; most other locales are unweighted.
FIRST_NAMES = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_LU", "en": "en_US"}
FAMILY_NAMES = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_LU", "en": "en_GB"}

NICKNAMES = {
    "Alexander": "Alex", "Alexandre": "Alex", "Alexandra": "Alex", "Andrew": "Andy", "Anthony": "Tony",
    "Antoine": "Toine", "Benjamin": "Ben", "Bernard": "Ben", "Catherine": "Cathy", "Charles": "Charlie",
    "Christian": "Chris", "Christina": "Tina", "Christine": "Chris", "Christopher": "Chris", "Daniel": "Dan",
    "David": "Dave", "Deborah": "Debbie", "Dominique": "Dom", "Edward": "Ted", "Elizabeth": "Liz",
    "Emmanuel": "Manu", "Filip": "Flip", "Francis": "Frank", "Frederic": "Fred", "Frédéric": "Fred",
    "Gabriel": "Gab", "Gregory": "Greg", "Isabelle": "Isa", "Jacques": "Jacky", "James": "Jim", "Jan": "Jantje",
    "Jennifer": "Jenny", "Jessica": "Jess", "Johannes": "Jo", "John": "Jack", "Jonathan": "Jon", "Joseph": "Jo",
    "Joshua": "Josh", "Katherine": "Kate", "Kimberly": "Kim", "Lucas": "Luc", "Margaret": "Peggy", "Maria": "Mia",
    "Marie": "Mimi", "Matthew": "Matt", "Maxime": "Max", "Michael": "Mike", "Michel": "Mich", "Nathalie": "Nath",
    "Nicholas": "Nick", "Nicolas": "Nico", "Olivier": "Oli", "Pamela": "Pam", "Patricia": "Pat", "Patrick": "Pat",
    "Peter": "Pete", "Philippe": "Phil", "Rebecca": "Becky", "Richard": "Rick", "Robert": "Bob", "Samuel": "Sam",
    "Sebastien": "Seb", "Sébastien": "Seb", "Stephanie": "Steph", "Stephen": "Steve", "Steven": "Steve",
    "Susan": "Sue", "Thomas": "Tom", "Timothy": "Tim", "Valerie": "Val", "Veronique": "Véro", "Véronique": "Véro",
    "Victoria": "Vicky", "William": "Bill", "Zachary": "Zach",
}  # fmt: skip


@dataclass(frozen=True)
class WeightedNames:
    """Names and how often each occurs."""

    names: NDArray[np.object_]
    weights: NDArray[np.float64]

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.object_]:
        """Names drawn by their frequency."""
        drawn: NDArray[np.object_] = self.names[weighted(rng, self.weights, size)]
        return drawn


@cache
def first_names(language: str, gender: str) -> WeightedNames:
    """First names of women ("f") or men ("m") in a language."""
    listed = _provider(FIRST_NAMES[language])
    return _weighted(listed.first_names_female if gender == "f" else listed.first_names_male)


@cache
def family_names(language: str) -> WeightedNames:
    """Family names in a language."""
    return _weighted(_provider(FAMILY_NAMES[language]).last_names)


def nickname(first_name: str) -> str:
    """The short form of a first name; its first syllable where no usual one is known."""
    return NICKNAMES.get(first_name, first_name[:3] if len(first_name) > 4 else first_name + "i")


def _provider(locale: str) -> Any:
    return import_module(f"faker.providers.person.{locale}").Provider


def _weighted(frequencies: dict[str, float]) -> WeightedNames:
    return WeightedNames(np.array(list(frequencies), object), np.array(list(frequencies.values()), float))
