"""What a destination is: something that takes batches of records and answers for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints

Operation = Literal["add", "update", "remove"]
Verdict = Literal["acknowledged", "rejected", "failed", "withheld"]
"""acknowledged: taken; rejected: refused for what it says; failed: unknown whether taken; withheld: never sent."""


class DestinationSettings(BaseModel):
    """One entry of `destinations` in the retailer file.

    Units: source is the source whose contact ids the destination uses; credentials names an environment variable.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    source: Annotated[str, StringConstraints(min_length=1)]
    path: str | None = None
    url: str | None = None
    credentials: str | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a destination can do and what its entry in the retailer file must name.

    Units: batch_size is the most records of one call, None where everything goes in one.
    """

    summary: str
    operations: frozenset[Operation]
    batch_size: int | None
    required_settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One change for one contact of the destination's source.

    Units: payload is JSON with the asked fields in their order; None for a removal.
    """

    record_key: str
    contact_id: str
    customer_id: str | None
    operation: Operation
    payload: str | None
    payload_hash: str | None
    valid_until: date | None
    attempt: int


@dataclass(frozen=True)
class Batch:
    """Records of one sync or audience that travel together."""

    name: str
    night: date
    fields: tuple[str, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Answer:
    """What became of one record; the message holds no personal value."""

    verdict: Verdict
    message: str | None = None


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
        """An answer per record_key of the batch; sending the same batch twice leaves the same state."""


class DestinationType(Protocol):
    """How a destination is made from its entry in the retailer file."""

    capabilities: Capabilities

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> Destination:
        """The destination; relative paths of its settings start at `folder`."""
