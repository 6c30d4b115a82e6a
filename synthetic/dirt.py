"""What clerks and customers do to a clean record: typos, nicknames, swapped names, old or missing values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthetic.names import nickname
from synthetic.people import NEVER
from synthetic.settings import Dirt

LETTERS = "aeioulnrst"
TRUNK = {"+32": "0", "+44": "0", "+352": ""}
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Missing:
    """Shares of a source's records that lack an e-mail or a phone."""

    email: float
    phone: float


def spoiled(rng: np.random.Generator, persons: pd.DataFrame, dirt: Dirt, missing: Missing) -> pd.DataFrame:
    """One record per row of persons with its dirt, and a column `has_<dirt>` for each kind that it carries."""
    records = pd.DataFrame({"person": persons["person"].to_numpy()})
    _names(rng, records, persons, dirt)
    _emails(rng, records, persons, dirt, missing.email)
    _phones(rng, records, persons, dirt, missing.phone)
    _homes(rng, records, persons, dirt)
    _birth_dates(rng, records, persons, dirt)
    return records


def typo(text: str, kind: int, place: int) -> str:
    """The text with one letter left out (0), swapped (1), replaced (2) or doubled (3)."""
    if len(text) < 3:
        return text + text[-1:]
    at = 1 + place % (len(text) - 2)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1 and text[at] != text[at + 1]:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 2:
        return text[:at] + LETTERS[(LETTERS.find(text[at]) + 1 + place % 8) % 10] + text[at + 1 :]
    return text[:at] + text[at] + text[at:]


def written_phone(number: str, style: int) -> str:
    """An international number as somebody writes it down; six ways."""
    country = number[:4] if number.startswith("+352") else number[:3]
    rest = number[len(country) :]
    pairs = [rest[i : i + 2] for i in range(len(rest) % 2 and 3, len(rest), 2)]
    grouped = ([rest[:3]] if len(rest) % 2 else []) + pairs
    national = TRUNK[country]
    return (
        f"{country} {' '.join(grouped)}",
        f"{national}{grouped[0]}/{'.'.join(grouped[1:])}",
        f"00{country[1:]}{rest}",
        f"{national}{rest}",
        f"{country}{rest}",
        f"{national}{'-'.join(grouped)}",
    )[style]


def _some(rng: np.random.Generator, size: int, rate: float, among: Flags | None = None) -> Flags:
    """Flags for `rate` of all rows, all of them taken from `among`."""
    if among is None:
        return rng.random(size) < rate
    share = max(float(among.mean()), 1e-9)
    return among & (rng.random(size) < rate / share)


def _names(rng: np.random.Generator, records: pd.DataFrame, persons: pd.DataFrame, dirt: Dirt) -> None:
    size = len(persons)
    first, last = persons["first_name"].to_numpy().copy(), persons["last_name"].to_numpy().copy()
    changed = _some(rng, size, dirt.family_name_changed, (persons["married"] < NEVER).to_numpy())
    last[changed] = persons["former_name"].to_numpy()[changed]
    short = rng.random(size) < dirt.nickname
    first[short] = [nickname(name) for name in first[short]]
    mistyped = rng.random(size) < dirt.name_typo
    kind, place, in_first = rng.integers(0, 4, size), rng.integers(0, 50, size), rng.random(size) < 0.4
    for names, chosen in ((first, mistyped & in_first), (last, mistyped & ~in_first)):
        names[chosen] = [typo(n, k, p) for n, k, p in zip(names[chosen], kind[chosen], place[chosen], strict=True)]
    swapped = rng.random(size) < dirt.name_reversed
    first[swapped], last[swapped] = last[swapped], first[swapped]
    records["first_name"], records["last_name"] = first, last
    records["has_family_name_changed"], records["has_nickname"] = changed, short
    records["has_name_typo"], records["has_name_reversed"] = mistyped, swapped


def _emails(rng: np.random.Generator, records: pd.DataFrame, persons: pd.DataFrame, dirt: Dirt, missing: float) -> None:
    size = len(persons)
    email = persons["email"].to_numpy().copy()
    other = rng.random(size) < dirt.email_other
    email[other] = persons["other_email"].to_numpy()[other]
    shared = _some(rng, size, dirt.email_shared, (persons["member"] > 0).to_numpy())
    email[shared] = persons["household_email"].to_numpy()[shared]
    absent = rng.random(size) < missing
    email[absent] = None
    loud = rng.random(size) < 0.05
    email[loud & ~absent] = [text.title() for text in email[loud & ~absent]]
    records["email"] = email
    records["has_email_other"], records["has_email_shared"] = other & ~shared & ~absent, shared & ~absent
    records["has_email_missing"] = absent


def _phones(rng: np.random.Generator, records: pd.DataFrame, persons: pd.DataFrame, dirt: Dirt, missing: float) -> None:
    size = len(persons)
    phone = persons["mobile"].to_numpy().copy()
    shared = rng.random(size) < dirt.phone_shared
    phone[shared] = persons["landline"].to_numpy()[shared]
    absent = rng.random(size) < missing
    style = rng.integers(0, 6, size)
    written = [None if gone else written_phone(p, s) for p, s, gone in zip(phone, style, absent, strict=True)]
    records["phone"] = np.array(written, object)
    records["has_phone_shared"], records["has_phone_missing"] = shared & ~absent, absent


def _homes(rng: np.random.Generator, records: pd.DataFrame, persons: pd.DataFrame, dirt: Dirt) -> None:
    old = _some(rng, len(persons), dirt.address_moved, (persons["moved"] < NEVER).to_numpy())
    for part in ("street", "postcode", "city"):
        records[part] = np.where(old, persons["former_" + part], persons[part])
        records["new_" + part] = persons[part].to_numpy()
    records["country"], records["has_address_moved"] = persons["country"].to_numpy(), old


def _birth_dates(rng: np.random.Generator, records: pd.DataFrame, persons: pd.DataFrame, dirt: Dirt) -> None:
    size = len(persons)
    born = persons["born_on"].to_numpy().astype("datetime64[D]")
    wrong = rng.random(size) < dirt.birth_date_wrong
    absent = rng.random(size) < dirt.birth_date_missing
    born = np.where(wrong, _transposed(born, rng.integers(1, 12, size)), born)
    born[absent] = np.datetime64("NaT")
    records["born_on"] = born.astype("datetime64[s]")
    records["has_birth_date_wrong"], records["has_birth_date_missing"] = wrong & ~absent, absent


def _transposed(born: NDArray[np.datetime64], shift: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Day and month swapped where that is another date, else some months off."""
    month = born.astype("datetime64[M]")
    day = (born - month).astype(np.int64) + 1
    months = month.astype(np.int64) % 12 + 1
    swaps = (day <= 12) & (day != months)
    year = born.astype("datetime64[Y]").astype("datetime64[M]")
    swapped = (year + (day - 1) % 12).astype("datetime64[D]") + (months - 1)
    moved = (month + shift).astype("datetime64[D]") + np.minimum(day, 28) - 1
    found: NDArray[np.datetime64] = np.where(swaps, swapped, moved)
    return found
