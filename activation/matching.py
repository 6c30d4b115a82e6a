"""People as ad tools match them: by hashes of their addresses, in each tool's own normal form."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from activation.destination import Addresses, Answer, Batch, Record

Form = Callable[[str], str | None]
"""A tool's normal form of an address; None where it is none that the tool could match."""
NO_ADDRESS = Answer("rejected", "it has no address that the tool can match")


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of a person's addresses, as hexadecimal digits; None where there is no such address."""

    email: str | None = None
    phone: str | None = None

    def __bool__(self) -> bool:
        return bool(self.email or self.phone)

    def without(self, others: Iterable["Hashes"]) -> "Hashes":
        """Those of the hashes that none of the others has."""
        known = list(others)
        return Hashes(
            self.email if self.email not in {one.email for one in known} else None,
            self.phone if self.phone not in {one.phone for one in known} else None,
        )


@dataclass(frozen=True)
class Change:
    """What one batch changes in the list of an ad tool: first these go, then those come."""

    gone: tuple[Hashes, ...]
    come: Mapping[str, Hashes]
    unmatched: tuple[Record, ...]

    @property
    def refusals(self) -> dict[str, Answer]:
        """The answers of records that were never sent, because nobody could be matched by them."""
        return {record.record_key: NO_ADDRESS for record in self.unmatched}


def change(batch: Batch, *, email: Form, phone: Form) -> Change:
    """What the batch changes: who is taken off is named by the addresses that were sent, as long as nobody needs them.

    Shape: come is by record_key.
    """

    def hashed(addresses: Addresses) -> Hashes:
        return Hashes(_sha256(addresses.email, email), _sha256(addresses.phone, phone))

    wanted = {record: hashed(record.addresses or Addresses()) for record in batch.records if _stays(record)}
    come = {record.record_key: hashes for record, hashes in wanted.items() if hashes}
    before = (hashed(one) for record in batch.records for one in record.held)
    gone = (one.without(come.values()) for one in before)
    return Change(
        gone=tuple(dict.fromkeys(one for one in gone if one)),
        come=come,
        unmatched=tuple(record for record, hashes in wanted.items() if not hashes),
    )


def _stays(record: Record) -> bool:
    return record.operation != "remove"


def _sha256(address: str | None, form: Form) -> str | None:
    normal = form(address) if address else None
    return hashlib.sha256(normal.encode()).hexdigest() if normal else None
