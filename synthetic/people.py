"""The true persons: who lives with whom, who buys how much, who moves, marries, responds and leaves."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthetic.names import family_names, first_names
from synthetic.places import REGIONS, Region, addresses, telephone_numbers
from synthetic.randomness import generator
from synthetic.settings import Plan, Trade

NEVER = 100_000
DOMAINS = ("mail.example", "post.example", "web.example", "home.example", "inbox.example")
EARLIER = 365
REFERENCE = np.datetime64("2026-01-01", "s")
TASTES = 16


def people(plan: Plan, first: int, size: int) -> pd.DataFrame:
    """The persons of one chunk.

    Grain: one row per person, index 0 to size - 1, `person` from `first` on.
    Units: days (`joined`, `dropped`, `moved`, `married`) count from the first night; NEVER means not in our time.
    """
    chunk = first
    rng = generator(plan.seed, "people", chunk)
    persons = _households(rng, first, size)
    persons = _named(generator(plan.seed, "names", chunk), persons)
    _at_home(generator(plan.seed, "homes", chunk), persons)
    _reachable(persons, rng)
    _living(generator(plan.seed, "life", chunk), persons, plan)
    _buying(generator(plan.seed, "taste", chunk), persons, plan.trade)
    return persons


def _households(rng: np.random.Generator, first: int, size: int) -> pd.DataFrame:
    sizes = rng.choice([1, 2, 3, 4], size, p=[0.45, 0.33, 0.12, 0.10])
    head = np.repeat(np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)[:size]
    member = np.arange(size) - head
    region = rng.choice(len(REGIONS), size, p=[region.share for region in REGIONS])[head]
    adult = rng.integers(24, 85, size)[head]
    age = np.where(member < 2, adult + rng.integers(-3, 4, size) * (member == 1), 17 + rng.integers(0, 8, size))
    return pd.DataFrame(
        {
            "person": first + np.arange(size, dtype=np.int64),
            "household": first + head,
            "head": head,
            "member": member,
            "region": region,
            "gender": _genders(rng, head, member),
            "born_on": REFERENCE - (age * 365.25 + rng.integers(0, 365, size)).astype("timedelta64[D]"),
        }
    )


def _genders(rng: np.random.Generator, head: NDArray[np.int64], member: NDArray[np.int64]) -> NDArray[np.object_]:
    female = rng.random(len(head)) < 0.55
    couple = (member == 1) & (rng.random(len(head)) < 0.93)
    return np.where(np.where(couple, ~female[head], female), "f", "m").astype(object)


def _named(rng: np.random.Generator, persons: pd.DataFrame) -> pd.DataFrame:
    size = len(persons)
    first, last, former = (np.empty(size, object) for _ in range(3))
    for number, region in enumerate(REGIONS):
        here = np.flatnonzero(persons["region"].to_numpy() == number)
        last[here] = family_names(region.language).draw(rng, len(here))
        former[here] = family_names(region.language).draw(rng, len(here))
        for gender in ("f", "m"):
            some = here[persons["gender"].to_numpy()[here] == gender]
            first[some] = first_names(region.language, gender).draw(rng, len(some))
    shares_name = rng.random(size) < np.where(persons["member"] == 1, 0.70, 0.92)
    head = persons["head"].to_numpy()
    return persons.assign(first_name=first, last_name=np.where(shares_name, last[head], last), former_name=former)


def _at_home(rng: np.random.Generator, persons: pd.DataFrame) -> None:
    for prefix in ("", "former_"):
        for part in ("street", "postcode", "city"):
            persons[prefix + part] = np.empty(len(persons), object)
        for number, region in enumerate(REGIONS):
            _fill_homes(rng, persons, np.flatnonzero(persons["region"] == number), region, prefix)
    persons["country"] = np.array([region.country for region in REGIONS], object)[persons["region"]]


def _fill_homes(
    rng: np.random.Generator, persons: pd.DataFrame, here: NDArray[np.int64], region: Region, prefix: str
) -> None:
    homes = addresses(region, rng, len(here))
    head = persons["head"].to_numpy()[here]
    position = np.searchsorted(here, head)
    for part, values in homes.items():
        persons.loc[here, prefix + part] = values[position]


def _reachable(persons: pd.DataFrame, rng: np.random.Generator) -> None:
    number = persons["person"].to_numpy()
    household = persons["household"].to_numpy()
    mobile, landline = np.empty(len(persons), object), np.empty(len(persons), object)
    for place, region in enumerate(REGIONS):
        here = np.flatnonzero(persons["region"] == place)
        mobile[here] = telephone_numbers(region.mobile, number[here])
        landline[here] = telephone_numbers(region.landline, household[here])
    persons["mobile"], persons["landline"] = mobile, landline
    domain = rng.integers(0, len(DOMAINS), (2, len(persons)))
    style = rng.integers(0, 4, len(persons))
    columns = (persons["first_name"], persons["last_name"], number, style)
    persons["email"] = [
        f"{_local_part(first, last, int(n), s)}@{DOMAINS[d]}"
        for first, last, n, s, d in zip(*columns, domain[0], strict=True)
    ]
    persons["other_email"] = [
        f"{_ascii(first)[:5]}{int(n) * 7 + 3:x}@{DOMAINS[d]}"
        for first, n, d in zip(columns[0], number, domain[1], strict=True)
    ]
    persons["household_email"] = persons["email"].to_numpy()[persons["head"]]


def _local_part(first: str, last: str, number: int, style: int) -> str:
    given, family = _ascii(first), _ascii(last)
    starts = (f"{given}.{family}", f"{given[:1]}{family}", f"{family}.{given}", f"{given}_{family[:3]}")
    return f"{starts[style]}{number}"


def _ascii(name: str) -> str:
    plain = name.lower().translate(_PLAIN)
    return "".join(letter for letter in plain if "a" <= letter <= "z")


_PLAIN = str.maketrans("àáâãäåçèéêëìíîïñòóôõöùúûüýÿ", "aaaaaaceeeeiiiinooooouuuuyy")


def _living(rng: np.random.Generator, persons: pd.DataFrame, plan: Plan) -> None:
    size, trade, dirt = len(persons), plan.trade, plan.dirt
    joined = rng.integers(-plan.days - EARLIER, 20, size)
    leaving = rng.gamma(trade.dropout_shape, trade.dropout_per_year / trade.dropout_shape, size) / 365.25
    lifetime = 1 + rng.exponential(1 / np.maximum(leaving, 1e-6))
    persons["joined"] = joined
    persons["leaving_rate"] = leaving
    persons["dropped"] = np.minimum(joined + lifetime, NEVER).astype(np.int64)
    moves = rng.random(size) < min(1.0, 2 * dirt.address_moved)
    marries = rng.random(size) < min(1.0, 2 * dirt.family_name_changed)
    persons["moved"] = np.where(moves, rng.integers(-plan.days, 0, size), NEVER)
    persons["married"] = np.where(marries, rng.integers(-plan.days, 0, size), NEVER)
    persons["is_staff"] = rng.random(size) < trade.staff


def _buying(rng: np.random.Generator, persons: pd.DataFrame, trade: Trade) -> None:
    size = len(persons)
    yearly = rng.gamma(trade.order_rate_shape, trade.orders_per_year / trade.order_rate_shape, size)
    persons["order_rate"] = np.minimum(yearly, 80.0) / 365.25
    persons["extra_lines"] = rng.gamma(2.0, trade.extra_lines / 2.0, size)
    persons["taste"] = np.clip(rng.normal(TASTES / 2, TASTES / 5, size), 0, TASTES - 1).astype(np.int64)
    persons["web_share"] = rng.beta(0.8, 1.2, size)
    persons["is_responder"] = rng.random(size) < trade.responders
    persons["opens"] = rng.beta(2.0, 3.5, size)
    persons["satisfaction"] = np.clip(rng.normal(4.2, 0.6, size) - 200 * persons["leaving_rate"], 1.5, 5.0)
