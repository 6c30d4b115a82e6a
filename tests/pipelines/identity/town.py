"""A small town with known truth: two sources, typos, gaps, spouses who share a phone, namesakes."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.identity.key_pairs import lower_first
from pipelines.identity.linkage import average_linkage, best_cut, groups_at, smallest_of_components
from pipelines.identity.match import Matched
from tests.pipelines.identity.person_rows import Person, person, person_table

# fmt: off
GIVEN = (
    "anna", "bert", "carla", "daan", "elise", "frank", "greet", "hugo", "ines", "joris", "karin", "lucas", "maria",
    "niels", "olga", "pieter", "roos", "simon", "tine", "victor", "wim", "yvonne", "robert", "thomas", "sofie", "emma",
)
FAMILY = (
    "peeters", "janssens", "maes", "jacobs", "mertens", "willems", "claes", "goossens", "wouters", "vermeulen",
    "pauwels", "dubois", "lambert", "dupont", "martens", "desmet", "aerts", "hermans", "michiels", "lemmens",
    "verhoeven", "bogaert", "stevens", "coppens", "segers", "vandamme", "thys", "moreau", "leroy", "simons",
)
# fmt: on
SHORT = {"robert": "rob", "thomas": "tom", "pieter": "piet"}
CITIES = (("gent", "9000"), ("brugge", "8000"), ("leuven", "3000"), ("namur", "5000"))
PERSONS, SEED = 400, 11


@dataclass(frozen=True)
class Town:
    """Records with the truth beside them: who each record is, and which persons are a couple."""

    records: pa.Table
    owner: dict[str, int]
    couples: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Resident:
    """One person; a couple shares family name, address and phone."""

    given: str
    family: str
    born: date
    email: str
    phone: str
    street: str
    house: str
    postcode: str
    city: str


def town(seed: int = SEED, persons: int = PERSONS) -> Town:
    """About two thirds of the persons stand in both sources, each of which knows a person once."""
    chance = random.Random(seed)
    residents = _residents(chance, persons)
    rows: list[Person] = []
    owner: dict[str, int] = {}
    for number, resident in enumerate(residents):
        for source in ("crm", "web") if chance.random() < 0.66 else (chance.choice(("crm", "web")),):
            # Numbers of two sources are no evidence.
            row = _record(chance, resident, source, number=(number * 37 + 5 * len(source)) % 9973)
            if source == "web":
                row["record_key"] = f"contact:web:{(number * 101 + 13) % 9973}"
            rows.append(row)
            owner[str(row["record_key"])] = number
    couples = tuple((number, number + 1) for number in range(0, persons // 2, 2))
    return Town(person_table(rows), owner, couples)


def persons_of(matched: Matched) -> dict[str, int]:
    """Each record's group at the cut that needs no labels."""
    tree = average_linkage(_alone(len(matched.record_keys)), matched.pairs)
    groups = groups_at(tree, best_cut(tree).height)
    return dict(zip(matched.record_keys.to_pylist(), groups.tolist(), strict=True))


def likely(found: Matched) -> dict[tuple[str, str], float]:
    """The probability by the keys of two records."""
    keys, pairs = found.record_keys.to_pylist(), found.pairs
    ends = zip(pairs.left.tolist(), pairs.right.tolist(), pairs.probability.tolist(), strict=True)
    return {lower_first(keys[left], keys[right]): share for left, right, share in ends}


def sharing_an_identifier(records: pa.Table) -> dict[str, int]:
    """The named baseline: components of equal e-mail or phone."""
    rows = records.to_pylist()
    seen: dict[str, int] = {}
    ends = [
        (seen.setdefault(str(row[name]), at), at)
        for at, row in enumerate(rows)
        for name in ("email", "phone")
        if row[name]
    ]
    left, right = (_alone(len(rows))[[pair[side] for pair in ends]] for side in (0, 1))
    groups = smallest_of_components(len(rows), left, right).tolist()
    return {row["record_key"]: group for row, group in zip(rows, groups, strict=True)}


def pairwise_f1(found: dict[str, int], owner: dict[str, int]) -> float:
    """F1 over pairs of records."""
    true, predicted = _pairs(owner), _pairs(found)
    return 2 * len(true & predicted) / (len(true) + len(predicted))


def couples_apart(found: dict[str, int], home: Town) -> float:
    """The share of couples who share no group."""
    groups: dict[int, set[int]] = {}
    for key, number in home.owner.items():
        groups.setdefault(number, set()).add(found[key])
    return sum(not groups[one] & groups[other] for one, other in home.couples) / len(home.couples)


def _pairs(groups: dict[str, int]) -> set[tuple[str, str]]:
    members: dict[int, list[str]] = {}
    for key in sorted(groups):
        members.setdefault(groups[key], []).append(key)
    return {pair for keys in members.values() for pair in combinations(keys, 2)}


def _alone(count: int) -> NDArray[np.int64]:
    return np.arange(count, dtype=np.int64)


def _residents(chance: random.Random, persons: int) -> list[Resident]:
    """Couples first, then those who live alone; the last tenth bears the names of others in their town."""
    found: list[Resident] = []
    while len(found) < persons // 2:
        one = _resident(chance, len(found))
        other = _resident(chance, len(found) + 1, but=one.given)
        at_home = {name: getattr(one, name) for name in ("family", "phone", "street", "house", "postcode", "city")}
        found += [one, replace(other, **at_home)]
    found += [_resident(chance, number) for number in range(len(found), persons)]
    for number in range(persons - persons // 10, persons):
        known = found[chance.randrange(persons // 2)]
        same = {name: getattr(known, name) for name in ("given", "family", "postcode", "city")}
        found[number] = replace(found[number], **same)
    return found


def _resident(chance: random.Random, number: int, *, but: str = "") -> Resident:
    given, family = chance.choice([name for name in GIVEN if name != but]), chance.choice(FAMILY)
    city, postcode = chance.choice(CITIES)
    return Resident(
        given,
        family,
        born=date(1940, 1, 1) + timedelta(days=chance.randrange(25_000)),
        email=f"{given}.{family}{number}@mail.example",
        phone=f"+324{chance.randrange(10**7, 10**8)}",
        street=f"{chance.choice(FAMILY)}straat",
        house=str(chance.randrange(1, 200)),
        postcode=postcode,
        city=city,
    )


def _record(chance: random.Random, resident: Resident, source: str, *, number: int) -> Person:
    given = SHORT.get(resident.given, resident.given) if chance.random() < 0.3 else resident.given
    family = _mistyped(chance, resident.family) if chance.random() < 0.1 else resident.family
    known = {
        name: value
        for name, share in (("email", 0.55), ("phone", 0.7), ("street", 0.9), ("postcode", 0.95), ("city", 0.95))
        if (value := getattr(resident, name)) and chance.random() < share
    }
    if "street" in known:
        known["house"] = resident.house
    born = resident.born.isoformat() if chance.random() < 0.7 else None
    return person(number, given, family, source=source, born=born, **known)


def _mistyped(chance: random.Random, word: str) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice("aeiou") + word[place + 1 :]
