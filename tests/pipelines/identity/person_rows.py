"""Builders of person records as records.py hands them over to the matcher."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

Person = dict[str, object]

TEXTS = ("email", "phone", "card", "street", "house", "postcode", "city", "gender")
WORDS = pa.list_(pa.string())
PERSONS = pa.schema(
    [
        *((name, pa.string()) for name in ("record_key", "source")),
        *((name, WORDS) for name in ("given", "family", "tokens")),
        ("born_on", pa.date32()),
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.bool_()) for name in ("is_test", "is_deleted")),
    ]
)


def person(
    number: int, given: str = "", family: str = "", *, source: str = "crm", born: str | None = None, **values: object
) -> Person:
    """A person record; names are words between spaces, `whole` is a name whose order nobody knows."""
    whole = str(values.pop("whole", ""))
    return {
        "record_key": f"contact:{source}:{number}",
        "source": source,
        "given": given.split(),
        "family": family.split(),
        "tokens": list(dict.fromkeys(f"{given} {family} {whole}".split())),
        "born_on": date.fromisoformat(born) if born else None,
        "is_test": False,
        "is_deleted": False,
        **values,
    }


def person_table(persons: Iterable[Person], *, extras: tuple[str, ...] = ()) -> pa.Table:
    """The records as a table; values that a person does not name are null."""
    schema = pa.schema([*PERSONS, *((name, pa.string()) for name in extras)])
    return pa.Table.from_pylist(list(persons), schema)
