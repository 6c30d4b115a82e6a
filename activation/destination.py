"""What a destination is: something that takes batches of records and answers for each of them."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lakehouse.errors import Permanent

Operation = Literal["add", "update", "remove"]
Verdict = Literal["acknowledged", "rejected", "failed", "withheld"]
"""acknowledged: taken; rejected: refused for what it says; failed: unknown whether taken; withheld: never sent."""
KnownBy = Literal["contact_id", "address"]

DEAD_BANDS: Mapping[str, float] = {"churn_probability": 0.01}
"""Where a retailer file states none."""


class DestinationSettings(BaseModel):
    """One entry of `destinations` in the retailer file: what all types share; `keys` holds those of its type.

    Units: source is the source whose contact ids the destination uses; credentials names an environment variable;
           calls_per_second is the tool's limit, where it differs from the documented one; most_failures counts calls
           that fail one after the other before no more is made; dead_after_nights counts nights on which a record was
           refused before it is not tried any more; silent_after_nights is how long records may be due and none be taken
           before somebody is told; largest_removal is the share of what is held that may go in one
           night; dead_bands are moves in a field's unit, below which it causes no send.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    source: Annotated[str, StringConstraints(min_length=1)]
    credentials: str | None = None
    calls_per_second: Annotated[float, Field(gt=0)] | None = None
    most_failures: Annotated[int, Field(ge=1)] = 3
    dead_after_nights: Annotated[int, Field(ge=1)] = 5
    silent_after_nights: Annotated[int, Field(ge=1)] = 3
    largest_removal: Annotated[float, Field(gt=0, le=1)] = 0.3
    dead_bands: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=lambda: dict(DEAD_BANDS))

    @property
    def keys(self) -> Mapping[str, Any]:
        """The entry's other keys as they stand in the file; `DestinationType.keys` says which there may be."""
        return self.model_extra or {}


class DestinationKeys(BaseModel):
    """The keys of one type of destination beside those that all share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def one_list(self) -> bool:
        """Whether the entry is one list in the tool, so that one audience alone may be sent there."""
        return False


@dataclass(frozen=True)
class Capabilities:
    """What a destination can do and whether its entry in the retailer file must name credentials.

    Units: batch_size is the most records of one call, None where everything goes in one; calls_per_second is the
           limit that the tool documents, None where it has none; known_by says how the tool knows a person: for one
           that goes by address (its entry is one list), those that it holds are kept, so that a removal names them;
           delete_a_person: whether a removal leaves nothing of the person there; suppression_list: whether the
           tool's own is asked; told_of_consent: whether it is told that each person consented; one_value_per_field:
           whether a field of a contact holds one value there, whichever sync or audience wrote it.
    """

    summary: str
    operations: frozenset[Operation]
    batch_size: int | None
    needs_credentials: bool = False
    calls_per_second: float | None = None
    known_by: KnownBy = "contact_id"
    delete_a_person: bool = False
    suppression_list: bool = False
    told_of_consent: bool = False
    one_value_per_field: bool = False


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one contact, in the forms of unified.consents (a phone as E.164); never printed."""

    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One change for one contact of the destination's source.

    Units: payload is JSON with the asked fields in their order, None for a removal. For a tool that knows people by
           address: addresses are those that it should hold from now on, None for a removal; held are those that it may
           hold from before and that no other record needs. To acknowledge the record says that it holds none of held
           any more but what addresses names.
    """

    record_key: str
    contact_id: str
    customer_id: str | None
    operation: Operation
    payload: str | None
    payload_hash: str | None
    valid_until: date | None
    attempt: int
    banded_values: str | None = None
    addresses: Addresses | None = None
    held: tuple[Addresses, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Records of one sync or audience that travel together.

    Units: types are Spark's names of the fields' types; is_audience says whether these people will be contacted.
    """

    destination: str
    name: str
    night: date
    fields: tuple[str, ...]
    records: tuple[Record, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    is_audience: bool = False

    def part(self, start: int, end: int | None = None) -> "Batch":
        """The records from `start` to before `end`, as a batch of their own."""
        return replace(self, records=self.records[start:end])

    @property
    def key(self) -> str:
        """The same for the same records in the same order: the idempotency key of the call."""
        return _digest(self.keys.values())

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The idempotency key of each record, by record_key."""
        return {record.record_key: self.key_of(record) for record in self.records}

    def key_of(self, record: Record) -> str:
        """The same for the same record, operation and fields of one night: the idempotency key of the record."""
        parts = (self.night.isoformat(), self.destination, self.name, record.record_key, record.operation)
        return _digest((*parts, record.payload_hash or ""))


@dataclass(frozen=True)
class Answer:
    """What became of one record; the message holds no personal value."""

    verdict: Verdict
    message: str | None = None


@dataclass(frozen=True)
class Refusal:
    """What a tool says of one person: taken back there, or the address cannot be reached.

    Units: at is the time of it, where the tool keeps one.
    """

    contact_id: str
    channel: str
    status: Literal["withdrawn", "undeliverable"]
    at: datetime | None


class BatchRefused(Permanent):
    """A tool took nothing of a batch because of what it says; in halves the sound records are taken."""

    def __init__(self, what: str, *, where: str) -> None:
        super().__init__(
            what,
            where=where,
            still_true="It took no record of this batch.",
            next_step="`habitue deliver` tries again what no destination has taken.",
        )


class Destination(Protocol):
    """A tool that scores or audiences are sent to."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def check(self) -> None:
        """Nothing, if records can be sent now.

        Raises: DestinationUnavailable if the tool does not answer, WrongCall if its settings are wrong.
        """

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """An answer per record_key of the batch; sending the same batch twice leaves the same state.

        Raises: BatchRefused if nothing of it was taken because of what it says; anything else: unknown what was taken.
        """


@runtime_checkable
class KnowsFields(Protocol):
    """A destination that must have a place for each field before any is sent."""

    def check_fields(self, fields: Collection[str]) -> None:
        """Nothing, if every field that is sent there has its place in the tool.

        Raises: WrongCall naming those that have none.
        """


@runtime_checkable
class TellsRefusals(Protocol):
    """A destination where people can refuse: it is asked at the start of each night that sends."""

    def suppressions(self) -> Iterable[Refusal]:
        """Everybody who stands refused there now, among the contacts of the destination's source.

        Raises: DestinationUnavailable, WrongCall.
        """


class DestinationType(Protocol):
    """How a destination is made from its entry in the retailer file."""

    capabilities: Capabilities
    keys: type[DestinationKeys]

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> Destination:
        """The destination; relative paths of its keys start at `folder`."""


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
