"""Small frames of one night, a lake in memory and a destination that remembers what it holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from activation.destination import Answer, Batch, Capabilities, KnownBy
from activation.frames import CONTACTS_SCHEMA, Frames, view_schema
from activation.frequency import CONTACTED_SCHEMA
from activation.settings import Activation
from activation.tables import AUDIENCE_MEMBERS, HELD_ADDRESSES, HOLDOUTS
from lakehouse.rows import frame_of
from lakehouse.table import Table
from pipelines.tables import CONSENTS, CUSTOMER_PROFILE, IDENTITY_LINKS

NIGHT = date(2026, 3, 1)
KEY = "a lake's key"
SCORES_SCHEMA = (
    "night date, customer_id string, churn_probability double, churn_band string, value_amount decimal(18,2), "
    "value_band string, segment string, reasons array<string>, grade string, as_of timestamp, valid_until date, "
    "no_score_reason string"
)
FEATURES_SCHEMA = "night date, customer_id string, orders_count_90d int"


@dataclass(frozen=True)
class Person:
    """One customer with one CRM card; what a test does not say is ordinary."""

    id: str
    status: str | None = "granted"
    band: str = "high"
    grade: str | None = "C"
    email: str | None = "ordinary"
    contact: str | None = "ordinary"
    probability: float = 0.75
    valid_until: date = date(2026, 4, 1)
    is_staff: bool = False
    is_test: bool = False
    is_deceased: bool | None = None
    is_deleted: bool = False
    objects: bool = False
    expires_on: date | None = None
    reasons: tuple[str, ...] = ("no order for 90 days",)

    @property
    def contact_id(self) -> str:
        return f"crm-{self.id}" if self.contact == "ordinary" else str(self.contact)

    @property
    def address(self) -> str | None:
        return f"{self.id}@example.org" if self.email == "ordinary" else self.email

    @property
    def record_key(self) -> str:
        return f"contact:crm:{self.contact_id}"


def frames(spark: SparkSession, people: list[Person], consents: DataFrame | None = None) -> Frames:
    """What one night knows about the people."""
    carded = [person for person in people if person.contact]
    return Frames(
        profile=rows(spark, CUSTOMER_PROFILE.schema, [_profile(person) for person in people]),
        features=rows(spark, FEATURES_SCHEMA, [{"customer_id": p.id, "orders_count_90d": 2} for p in people]),
        scores=rows(spark, SCORES_SCHEMA, [_score(person) for person in people]),
        links=rows(spark, IDENTITY_LINKS.schema, [_link(person) for person in carded]),
        contacts=rows(
            spark,
            CONTACTS_SCHEMA,
            [{"record_key": p.record_key, "email": p.address, "is_deleted": False} for p in carded],
        ),
        consents=consents or said(spark, people),
    )


def said(spark: SparkSession, people: list[Person]) -> DataFrame:
    """The consent of each person's e-mail address."""
    statements = [
        statement(person.address, person.status, customer=person.id, expires_on=person.expires_on)
        for person in people
        if person.status and person.address
    ]
    return consents(spark, statements)


def consents(spark: SparkSession, statements: list[dict[str, Any]]) -> DataFrame:
    """unified.consents with these statements."""
    return rows(spark, CONSENTS.schema, statements)


def statement(address: str | None, status: str, *, customer: str | None = None, **other: Any) -> dict[str, Any]:
    """One row of unified.consents about marketing by e-mail."""
    ordinary = {
        "subject_key": f"email:{address}",
        "customer_id": customer,
        "address": address,
        "brand": "",
        "channel": "email",
        "purpose": "marketing",
        "status": status,
        "decided_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    return ordinary | other


def activation(**audience: Any) -> Activation:
    """A retailer file with one sync and one audience onto one CRM and one newsletter."""
    wanted = {"where": "churn_band = 'high'", "channel": "email", "purpose": "marketing", "to": "newsletter"}
    return Activation.model_validate(
        {
            "syncs": {"crm_scores": {"to": "crm", "fields": ["churn_band", "churn_probability", "valid_until"]}},
            "audiences": {"win_back": wanted | audience},
            "destinations": {
                "crm": {"type": "csv", "source": "crm", "path": "out/crm"},
                "newsletter": {"type": "csv", "source": "crm", "path": "out/newsletter"},
            },
        }
    )


def only_audience(**audience: Any) -> Activation:
    """The same without the sync."""
    return activation(**audience).model_copy(update={"syncs": {}})


def no_holdouts(spark: SparkSession) -> DataFrame:
    """activation.holdouts before the first night."""
    return frame_of(spark, [], HOLDOUTS.schema)


def sided(spark: SparkSession, stored: list[dict[str, Any]]) -> DataFrame:
    """activation.holdouts with these rows; what a test does not say is ordinary."""
    ordinary = {"audience": "win_back", "arm": "contacted", "since": NIGHT, "share": 0.1}
    return rows(spark, HOLDOUTS.schema, [ordinary | row for row in stored])


def held_out(spark: SparkSession, drawn: list[tuple[str, str]]) -> DataFrame:
    """activation.holdouts with these (audience, customer) held out."""
    return sided(spark, [{"audience": name, "customer_id": who, "arm": "held_out"} for name, who in drawn])


def contacts(spark: SparkSession, made: list[tuple[str, date, str | None]], channel: str = "email") -> DataFrame:
    """Contacts of customers on a channel: who, when, and by which audience (None: a message)."""
    values = [{"customer_id": who, "channel": channel, "day": day, "audience": name} for who, day, name in made]
    return rows(spark, CONTACTED_SCHEMA, values)


def no_members(spark: SparkSession) -> DataFrame:
    """activation.audience_members where there is no audience."""
    return frame_of(spark, [], AUDIENCE_MEMBERS.schema)


def the_view() -> T.StructType:
    """The schema of the customer view."""
    return view_schema(CUSTOMER_PROFILE.schema, parsed(SCORES_SCHEMA), parsed(FEATURES_SCHEMA))


def parsed(ddl: str) -> T.StructType:
    """The schema that a DDL text describes."""
    return cast(T.StructType, T.StructType.fromDDL(ddl))


def rows(spark: SparkSession, schema: T.StructType | str, values: list[dict[str, Any]]) -> DataFrame:
    """A frame of these rows; columns that a row does not name are null."""
    structure = parsed(schema) if isinstance(schema, str) else schema
    whole = [{name: row.get(name) for name in structure.names} for row in values]
    return spark.createDataFrame(pa.Table.from_pylist(whole, to_arrow_schema(structure)), structure)


@dataclass
class MemoryLake:
    """A lake of activation.deliveries and activation.held_addresses, without files; `kept` are the deliveries."""

    spark: SparkSession
    kept: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    batches: set[str] = field(default_factory=set)

    def read(self, table: Table) -> DataFrame:
        return rows(self.spark, table.schema, self.addresses if table == HELD_ADDRESSES else self.kept)

    def outside_nights(self) -> "MemoryLake":
        return self

    def merge(self, table: Table, frame: DataFrame, *, gone: DataFrame) -> None:
        new = [row.asDict() for row in frame.collect()]
        leaving = {tuple(row) for row in (*gone.collect(), *frame.select(*table.key).collect())}
        kept = [row for row in self.addresses if tuple(row[name] for name in table.key) not in leaving]
        self.addresses = [*kept, *new]

    def append_once(self, table: Table, frame: DataFrame, *, batch: str) -> None:
        if batch not in self.batches:
            self.batches.add(batch)
            self.kept += [row.asDict() for row in frame.collect()]


class Killed(BaseException):
    """The process ends here."""


@dataclass
class MemoryTool:
    """A destination that holds what it was sent; `fault` may break, refuse or kill at a batch."""

    size: int | None = None
    held: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    fault: Callable[[Batch], Mapping[str, Answer]] | None = None
    kill_after: int | None = None
    known_by: KnownBy = "contact_id"

    @property
    def capabilities(self) -> Capabilities:
        return replace(ANY_TOOL, batch_size=self.size, known_by=self.known_by)

    def check(self) -> None:
        return None

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        answers = self.fault(batch) if self.fault else {}
        for record in batch.records:
            if answers.get(record.record_key, TAKEN) == TAKEN:
                self._take(record.record_key, record.payload)
        self.seen += [record.record_key for record in batch.records]
        self._maybe_die()
        return {record.record_key: answers.get(record.record_key, TAKEN) for record in batch.records}

    def _take(self, record_key: str, payload: str | None) -> None:
        if payload is None:
            self.held.pop(record_key, None)
        else:
            self.held[record_key] = payload

    def _maybe_die(self) -> None:
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                self.kill_after = None
                raise Killed


TAKEN = Answer("acknowledged")
ANY_TOOL = Capabilities("remembers", frozenset({"add", "update", "remove"}), None)


def _profile(person: Person) -> dict[str, Any]:
    return {
        "customer_id": person.id,
        "is_staff": person.is_staff,
        "is_test": person.is_test,
        "is_deceased": person.is_deceased,
        "is_deleted": person.is_deleted,
        "objects_to_profiling": person.objects,
    }


def _score(person: Person) -> dict[str, Any]:
    return {
        "night": NIGHT,
        "customer_id": person.id,
        "churn_probability": person.probability,
        "churn_band": person.band,
        "value_amount": Decimal("120.50"),
        "value_band": "high",
        "segment": "Loyal regulars",
        "reasons": list(person.reasons),
        "grade": person.grade,
        "valid_until": person.valid_until,
        "no_score_reason": None if person.grade else "no order yet",
    }


def _link(person: Person) -> dict[str, Any]:
    return {
        "record_key": person.record_key,
        "source": "crm",
        "source_contact_id": person.contact_id,
        "customer_id": person.id,
        "evidence": "alone",
        "since": NIGHT,
    }
