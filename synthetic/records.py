"""The person records of the four systems: who is in which, under which id, with which dirt."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthetic.dirt import Missing, spoiled
from synthetic.people import NEVER
from synthetic.randomness import generator, scattered
from synthetic.settings import Plan

CARD_LENGTH = 100_000_007
SHARES = {"crm": 0.72, "web": 0.62, "loyalty": 0.58, "pos": 0.25}


@dataclass(frozen=True)
class Records:
    """The records of one chunk by system; `at` is the person's position in the chunk."""

    crm: pd.DataFrame
    web: pd.DataFrame
    loyalty: pd.DataFrame
    pos: pd.DataFrame

    def of(self, source: str) -> pd.DataFrame:
        """The records of a system by its name."""
        found: pd.DataFrame = getattr(self, source)
        return found


def records(plan: Plan, persons: pd.DataFrame) -> Records:
    """The records of all systems; the web shop's accounts follow the taste for the web."""
    return Records(*(_system(plan, persons, source) for source in ("crm", "web", "loyalty", "pos")))


def _system(plan: Plan, persons: pd.DataFrame, source: str) -> pd.DataFrame:
    rng = generator(plan.seed, source, int(persons["person"].iloc[0]))
    here = np.flatnonzero(_is_member(rng, persons, source))
    copies = here[:0]
    if source == "crm":
        copies = here[rng.random(len(here)) < plan.dirt.crm_duplicate]
    at = np.concatenate([here, copies])
    dirt = plan.dirt
    email = {"crm": dirt.email_missing_crm, "web": 0.0, "loyalty": dirt.email_missing_loyalty}
    missing = Missing(email.get(source, dirt.email_missing_till), dirt.phone_missing)
    found = spoiled(rng, persons.iloc[at].reset_index(drop=True), dirt, missing)
    found["at"], found["copy"] = at, np.arange(len(at)) >= len(here)
    found["is_duplicate"] = found["copy"]
    _identified(found, source)
    _dated(rng, plan, found, persons, source)
    _flagged(rng, plan, found, persons, source)
    return found


def _is_member(rng: np.random.Generator, persons: pd.DataFrame, source: str) -> np.ndarray:
    chance = np.full(len(persons), SHARES[source])
    if source == "web":
        chance = np.clip(0.15 + 1.2 * persons["web_share"].to_numpy(), 0, 1)
    return rng.random(len(persons)) < chance


def _identified(found: pd.DataFrame, source: str) -> None:
    number = found["person"].to_numpy() * 2 + found["copy"].to_numpy()
    salt = {"crm": 17, "web": 5_003, "loyalty": 90_001, "pos": 31}[source]
    numbers = scattered(number, CARD_LENGTH, salt)
    pattern = {"crm": "C{:09d}", "web": "{:d}", "loyalty": "29{:09d}", "pos": "K{:09d}"}[source]
    found["record_id"] = np.array([pattern.format(n) for n in numbers], object)
    if source == "loyalty":
        older = scattered(number + 1, CARD_LENGTH, salt)
        found["old_card"] = np.array([pattern.format(n) for n in older], object)


def _dated(rng: np.random.Generator, plan: Plan, found: pd.DataFrame, persons: pd.DataFrame, source: str) -> None:
    size = len(found)
    joined = persons["joined"].to_numpy()[found["at"]]
    found["created"] = joined + found["copy"].to_numpy() * rng.integers(20, 200, size)
    found["created_second"] = rng.integers(8 * 3600, 20 * 3600, size)
    deleted = rng.geometric(max(plan.faults.crm_deleted_per_night, 1e-9), size)
    found["deleted_night"] = deleted if source == "crm" else NEVER
    found["corrected_night"] = np.where(found["has_address_moved"], rng.geometric(0.02, size), NEVER)
    if source == "loyalty":
        replaced = rng.random(size) < plan.trade.card_replaced
        found["replaced"] = np.where(replaced, joined + rng.integers(30, 500, size), NEVER)


def _flagged(rng: np.random.Generator, plan: Plan, found: pd.DataFrame, persons: pd.DataFrame, source: str) -> None:
    found["is_staff"] = persons["is_staff"].to_numpy()[found["at"]]
    found["gender"] = persons["gender"].to_numpy()[found["at"]]
    found["region"] = persons["region"].to_numpy()[found["at"]]
    found["is_test"] = rng.random(len(found)) < (plan.trade.test_account if source in ("crm", "web") else 0.0)
    test = found["is_test"].to_numpy()
    found.loc[test, ["first_name", "last_name"]] = "Test"
    found.loc[test, "phone"], found.loc[test, "born_on"] = None, pd.NaT
    found.loc[test, "email"] = [f"test+{n}@shop.example" for n in np.flatnonzero(test)]
