"""Two nights of customers for an audience, as the frames that activation decides from, in Parquet files."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from activation.frames import CONTACTS_SCHEMA, Frames
from activation.settings import Activation
from models.tables import CUSTOMER_SCORES
from pipelines.tables import CONSENTS, CUSTOMER_PROFILE, IDENTITY_LINKS

NIGHTS = (date(2026, 3, 1), date(2026, 3, 2))
AUDIENCE = "win_back"
TYPES: dict[str, T.DataType] = {"string": T.StringType(), "date": T.DateType(), "boolean": T.BooleanType()}


def _schema(names: str) -> T.StructType:
    """The schema of a text such as CONTACTS_SCHEMA; Spark's own reader of it needs a session."""
    pairs = [one.split() for one in names.split(", ")]
    return T.StructType([T.StructField(name, TYPES[kind]) for name, kind in pairs])


SCHEMAS: dict[str, T.StructType] = {
    "profile": CUSTOMER_PROFILE.schema,
    "features": _schema("night date, customer_id string"),
    "scores": CUSTOMER_SCORES.schema,
    "links": IDENTITY_LINKS.schema,
    "contacts": _schema(CONTACTS_SCHEMA),
    "consents": CONSENTS.schema,
}


@dataclass(frozen=True)
class Person:
    """A customer on one night; band high is wanted."""

    number: int
    band: str
    segment: str
    status: str | None

    @property
    def contact(self) -> str:
        """Id of the card in the CRM."""
        return f"k{self.number}"


def audience() -> Activation:
    """A retailer file with one audience, sent by webhook."""
    wanted = {"where": "churn_band = 'high'", "channel": "email", "purpose": "marketing", "to": "app", "holdout": 0.1}
    destination = {"type": "webhook", "source": "crm", "url": "https://app.example", "credentials": "APP_SECRET"}
    fields = ["churn_band", "segment", "valid_until"]
    return Activation.model_validate(
        {"audiences": {AUDIENCE: wanted | {"fields": fields}}, "destinations": {"app": destination}}
    )


def two_nights(due: int, seed: int = 7) -> dict[date, list[Person]]:
    """Customers of whom about `due` records are due on the second night: two in five new, two changed, one gone.

    One in twenty has no consent; half of those who go have withdrawn theirs.
    """
    # One in ten is held out and one in twenty refused: so many more are drawn.
    drawn, chance = round(due / (0.9 * 0.95)), random.Random(seed)
    first, second = [], []
    for number in range(drawn):
        status = "granted" if chance.random() < 0.95 else chance.choice([None, "denied"])
        fate = ("new", "new", "changed", "changed", "gone")[number % 5]
        left = chance.random() < 0.5
        first.append(Person(number, "low" if fate == "new" else "high", "Old", status))
        ends = fate == "gone" and left and status == "granted"
        second.append(
            Person(number, "low" if fate == "gone" and not left else "high", "New", "withdrawn" if ends else status)
        )
    return dict(zip(NIGHTS, (first, second), strict=True))


def write(folder: Path, night: date, people: list[Person]) -> None:
    """The frames of one night below `folder`."""
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "profile": (_profile(person) for person in people),
        "features": ({"night": night, "customer_id": person.contact} for person in people),
        "scores": (_score(person, night) for person in people),
        "links": (_link(person, night) for person in people),
        "contacts": (
            {"record_key": _record_key(p), "email": f"{p.contact}@example.org", "is_deleted": False} for p in people
        ),
        "consents": (_consent(person) for person in people if person.status),
    }
    place = folder / night.isoformat()
    place.mkdir(parents=True)
    for name, schema in SCHEMAS.items():
        whole = [{column: row.get(column) for column in schema.names} for row in rows[name]]
        pq.write_table(pa.Table.from_pylist(whole, _nullable(schema)), place / f"{name}.parquet")


def frames(spark: SparkSession, folder: Path, night: date) -> Frames:
    """What `write` wrote."""
    place = folder / night.isoformat()
    return Frames(
        **{name: spark.read.schema(schema).parquet(f"{place}/{name}.parquet") for name, schema in SCHEMAS.items()}
    )


def _nullable(schema: T.StructType) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in to_arrow_schema(schema)])  # noqa: FBT003


def _record_key(person: Person) -> str:
    return f"contact:crm:{person.contact}"


def _profile(person: Person) -> dict[str, Any]:
    flags = ("is_staff", "is_test", "is_deceased", "is_deleted", "objects_to_profiling")
    return {"customer_id": person.contact, **dict.fromkeys(flags, False)}


def _score(person: Person, night: date) -> dict[str, Any]:
    return {
        "night": night,
        "customer_id": person.contact,
        "churn_band": person.band,
        "segment": person.segment,
        "grade": "B",
        "valid_until": night + timedelta(days=30),
    }


def _link(person: Person, night: date) -> dict[str, Any]:
    known = {"record_key": _record_key(person), "source": "crm", "source_contact_id": person.contact}
    return {**known, "customer_id": person.contact, "evidence": "alone", "since": night}


def _consent(person: Person) -> dict[str, Any]:
    address = f"{person.contact}@example.org"
    return {
        "subject_key": f"email:{address}",
        "customer_id": person.contact,
        "address": address,
        "brand": "",
        "channel": "email",
        "purpose": "marketing",
        "status": person.status,
        "decided_at": datetime(2026, 3, 1, tzinfo=UTC)
        if person.status == "withdrawn"
        else datetime(2025, 1, 1, tzinfo=UTC),
    }
