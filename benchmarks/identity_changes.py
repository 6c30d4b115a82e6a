"""Do customers survive what happens to people: a house moved, an e-mail, a phone or a family name changed?

One night in which known records say something else, beside the counter case: records whose id another person has now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.contract import Check, higher
from benchmarks.identity_nights import Retailer, retailer, scores
from synthetic.people import people
from synthetic.settings import Plan

CHANGES: dict[str, tuple[str, ...]] = {
    "moved house": ("home",),
    "new e-mail": ("email",),
    "new phone": ("phone",),
    "new family name": ("family",),
    "moved house, new e-mail": ("home", "email"),
    "moved house, new phone": ("home", "phone"),
    "moved house, new family name": ("home", "family"),
    "new e-mail, new phone": ("email", "phone"),
    "new family name, new e-mail": ("family", "email"),
}
RE_USED: dict[str, tuple[str, ...]] = {
    "id re-used for a stranger": ("given", "family", "contact", "home"),
    "id passed on within a household": ("given", "contact"),
    "id passed on with e-mail and phone": ("given",),
}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "home": ("street", "postcode", "city", "country"),
    "email": ("email",),
    "phone": ("phone",),
    "family": ("last_name", "full_name"),
    "given": ("first_name", "full_name", "born_on", "gender"),
    "contact": ("email", "phone"),
}
TILL_NAME = r"^([^a-zß-ÿ]{2,}) (.+)$"
"""A till writes the family name first, in capitals."""
SHARE = 0.01
"""Of all records, for each kind."""
NEWCOMERS = 500_000
"""The number of the first person of whom the new values are: nobody else has their e-mails and phones."""


@dataclass(frozen=True)
class Changed:
    """The records after the changes.

    Shape: kind (by place) of each changed record; person (by place) is whose each record is now.
    """

    people: pd.DataFrame
    kind: pd.Series
    person: pd.Series


def changes(customers: int, *, seed: int) -> Iterator[Check]:
    """A night of changes, one without any, and a model learned anew."""
    with retailer(customers, seed) as shop:
        yield from _changes(shop, seed)


def _changes(shop: Retailer, seed: int) -> Iterator[Check]:
    people, person = shop.people(), shop.persons
    name = f"{shop.found.name}, changes"
    first = _after(shop, 0, people)
    found = changed(people, person, first, seed=seed)
    after = _after(shop, 1, found.people)
    yield from _survived(name, first, after, found, person)
    yield from scores(f"{name}: the night before", first, person)
    yield from scores(f"{name}: that night", after, found.person)
    later = _after(shop, 2, found.people)
    yield higher(f"{name}: a night later, records under the same id", float((after == later).mean()), 1.0)
    anew = _after(shop, 3, found.people, anew=True)
    yield from _survived(f"{name}, learned anew", first, anew, found, person)
    yield from scores(f"{name}, learned anew", anew, found.person)


def _after(shop: Retailer, number: int, people: pd.DataFrame, *, anew: bool = False) -> pd.Series:
    """Who each record is after a night, by place."""
    return pd.Series(shop.by_place(shop.night(number, people, anew=anew)[0]))


def changed(people: pd.DataFrame, person: pd.Series, customer: pd.Series, *, seed: int) -> Changed:
    """The people, some of whose records say something else.

    Units: by place; customer is whom each record was on the night before: a changed record had others of its person
           beside it, and no person has two changed records. person is null where nobody can know.
    """
    chance = np.random.default_rng(seed)
    known = pd.DataFrame({"person": person, "customer": customer}).dropna()
    with_others = known[known.duplicated(["person", "customer"], keep=False)]
    free = with_others.sample(frac=1.0, random_state=seed).drop_duplicates("person").index.to_numpy()
    count = max(1, round(SHARE * len(people)))
    now, whose, kind = people.copy(), person.copy(), pd.Series(index=people.index, dtype=object)
    new = newcomers(count * len(CHANGES | RE_USED), seed)
    for name, parts in (CHANGES | RE_USED).items():
        able = free[_has(people.loc[free], parts)][:count]
        told, new = new.head(len(able)).set_axis(able), new.iloc[len(able) :]
        now.loc[able] = _told_anew(now.loc[able], told, parts)
        kind[able] = name
        if name in RE_USED:
            whose[able] = [f"newcomer {place}" for place in able]
        free = chance.permutation(np.setdiff1d(free, able))
    return Changed(now, kind.dropna(), whose)


def newcomers(count: int, seed: int) -> pd.DataFrame:
    """People whom no source knows, in the columns of records."""
    found = people(Plan(customers=max(count, 1), nights=1, seed=seed), NEWCOMERS, count)
    return found.assign(
        full_name=found["first_name"] + " " + found["last_name"],
        phone=found["mobile"],
        born_on=found["born_on"].dt.date.astype(str),
        gender=found["gender"].map({"f": "female", "m": "male"}),
    )


def _has(records: pd.DataFrame, parts: tuple[str, ...]) -> np.ndarray:
    """Which records bear what is to change; where another person takes over, something may be missing."""
    asked = {"home": "street", "email": "email", "phone": "phone"}
    found = np.ones(len(records), dtype=bool)
    for part in () if "given" in parts else parts:
        found &= records[asked[part]].notna().to_numpy() if part in asked else True
    return found


def _told_anew(records: pd.DataFrame, new: pd.DataFrame, parts: tuple[str, ...]) -> pd.DataFrame:
    """The records with new values in the parts, where they had any."""
    now = records.copy()
    for name in {column for part in parts for column in COLUMNS[part]}:
        now[name] = new[name].where(records[name].notna())
    if {"given", "family"} & set(parts):
        now["full_name"] = _whole_names(records["full_name"], new, parts)
    return now


def _whole_names(names: pd.Series, new: pd.DataFrame, parts: tuple[str, ...]) -> pd.Series:
    """Names in one, with another given or family name, in the order and letters of before."""
    at_till = names.str.extract(TILL_NAME)
    in_order = names.str.split(" ", n=1, expand=True).reindex(columns=[0, 1])
    is_till = at_till[0].notna()
    given = new["first_name"] if "given" in parts else at_till[1].where(is_till, in_order[0])
    family = new["last_name"] if "family" in parts else at_till[0].where(is_till, in_order[1])
    return (family.str.upper() + " " + given).where(is_till, given + " " + family).where(names.notna())


def _survived(name: str, before: pd.Series, after: pd.Series, found: Changed, person: pd.Series) -> Iterator[Check]:
    """By kind: the share of customers that are still whole, or of re-used ids that are parted from theirs."""
    told = pd.DataFrame({"person": person, "before": before, "after": after})
    told["kind"], told["is_changed"] = found.kind, told.index.isin(found.kind.index)
    mine = told[told["is_changed"]].reset_index(names="record")
    beside = mine.merge(told[~told["is_changed"]], on=["person", "before"], suffixes=("", "_other"))
    beside["is_with"] = beside["after"] == beside["after_other"]
    beside["is_whole"] = beside["is_with"] & (beside["after"] == beside["before"])
    by_record = beside.groupby(["kind", "record"])
    found_with, whole = (pd.Series(by_record[of].agg(how)) for of, how in (("is_with", "any"), ("is_whole", "all")))
    for kind in CHANGES:
        yield higher(f"{name}: {kind}, customers that kept id and records", float(whole[kind].mean()))
    yield higher(f"{name}: all of these", float(whole[list(CHANGES)].mean()), 0.95)
    for kind in RE_USED:
        yield higher(f"{name}: {kind}, parted", 1 - float(found_with[kind].mean()))
