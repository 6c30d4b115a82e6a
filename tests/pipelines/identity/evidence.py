"""Builders of person records and ties, as candidates.py hands them over."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import pyarrow as pa

OWN_KEYS = ("linked", "loyalty_id", "email", "phone", "cookie", "name_birth", "name_place")
RECORDS = pa.schema(
    [
        ("record_key", pa.string()),
        ("source", pa.string()),
        ("source_contact_id", pa.string()),
        ("given", pa.list_(pa.string())),
        ("family", pa.list_(pa.string())),
        ("tokens", pa.list_(pa.string())),
        ("born_on", pa.date32()),
        ("is_test", pa.bool_()),
        ("is_deleted", pa.bool_()),
        ("first_seen", pa.timestamp("us", tz="UTC")),
        *((f"{kind}_key", pa.string()) for kind in OWN_KEYS),
    ]
)
TIES = pa.schema([("left_key", pa.string()), ("right_key", pa.string()), ("kind", pa.string()), ("is_own", pa.bool_())])
NO_LINKS = pa.table(
    {
        "record_key": pa.array([], pa.string()),
        "customer_id": pa.array([], pa.string()),
        "since": pa.array([], pa.date32()),
    }
)
Record = dict[str, object]


def record(
    number: int | str,
    name: str = "",
    *,
    born: str | None = None,
    is_test: bool = False,
    is_deleted: bool = False,
    source: str = "crm",
) -> Record:
    """A contact record; the name is `Given Family`, or `whole: words` where the order is unknown."""
    whole = name.startswith("whole: ")
    words = name.removeprefix("whole: ").lower().split()
    return {
        "record_key": f"contact:{source}:{number}",
        "source": source,
        "source_contact_id": str(number),
        "given": [] if whole else words[:1],
        "family": [] if whole else words[1:],
        "tokens": list(dict.fromkeys(words)),
        "born_on": date.fromisoformat(born) if born else None,
        "is_test": is_test,
        "is_deleted": is_deleted,
        "first_seen": datetime(2020, 1, 1, tzinfo=UTC),
    }


def records(rows: Iterable[Record]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), RECORDS)


def ties(*rows: tuple[str, str], by_fact: Iterable[tuple[str, str]] = ()) -> pa.Table:
    """Ties by (left, right); the kind is that of the right key. `crm:1` stands for `contact:crm:1`."""
    return pa.Table.from_pylist(
        [_tie(*row, is_own=True) for row in rows] + [_tie(*row, is_own=False) for row in by_fact], TIES
    )


def _tie(left: str, right: str, *, is_own: bool) -> dict[str, object]:
    left, right = (_whole_key(key) for key in (left, right))
    kind = "itself" if left == right else right.split(":")[0]
    return {"left_key": left, "right_key": right, "kind": "link" if kind == "contact" else kind, "is_own": is_own}


def _whole_key(key: str) -> str:
    kinds = ("contact", "loyalty_id", "email", "phone", "cookie", "name_birth", "name_place")
    return key if key.split(":")[0] in kinds else f"contact:{key}"
