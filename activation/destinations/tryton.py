"""Tryton, a CRM: scores on its own customers, found by their ids, in the fields of the module integrations/tryton."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import httpx

from activation.destination import (
    Answer,
    Batch,
    BatchRefused,
    Capabilities,
    DestinationKeys,
    DestinationSettings,
    Record,
)
from activation.destinations.tryton_rpc import Rpc, wrong
from lakehouse.errors import WrongCall

PARTY = "model.party.party"
PREFIX = "habitue_"
FIELDS = (
    "churn_probability churn_band value_amount value_low value_high value_band actual_amount expected_orders "
    "last_order_on last_store segment reasons value_reasons changed_because grade as_of valid_until email_consent "
    "linked_records_count control_until no_score_reason"
).split()
"""What integrations/tryton shows; its fields have the same names after `habitue_`."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
ACCEPTED = Answer("acknowledged")
NO_CONTACT = Answer("rejected", "the CRM has no such contact")
TWO_CONTACTS = Answer("rejected", "the CRM has several contacts of this id")
CONTEXT = {"_skip_warnings": True}
"""Warnings that a person would answer in the CRM's form are answered with yes."""


class TrytonKeys(DestinationKeys):
    """Keys of a `tryton` entry: server and database, the sync's user, the field of party.party with the contact id."""

    url: str
    user: str
    contact_field: str = "code"


@dataclass(frozen=True)
class CrmField:
    """A field as the CRM describes it.

    Units: digits after the decimal point, None where there is no limit.
    """

    type: str
    digits: int | None


class Tryton:
    """One search and one write per batch; a party is never made, and only fields of Habitué's module are written."""

    capabilities = Capabilities(
        summary="scores on the customers of a Tryton 8.0 CRM",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=500,
        needs_credentials=True,
        one_value_per_field=True,
    )
    keys: type[DestinationKeys] = TrytonKeys

    def __init__(self, rpc: Rpc, *, contact_field: str) -> None:
        self._rpc, self._contact_field = rpc, contact_field
        self._known: Mapping[str, CrmField] | None = None

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "Tryton":  # noqa: ARG003
        """The CRM at the entry's `url`; `credentials` names the variable with the user's password."""
        asked = TrytonKeys.model_validate(settings.keys)
        return cls(Rpc(asked.url, asked.user, secret or ""), contact_field=asked.contact_field)

    def check(self) -> None:
        """See whether the user may write every field of the module.

        Raises: WrongCall if the address is neither https nor local, or user, module or rights are not as they should
                be; DestinationUnavailable.
        """
        address = httpx.URL(self._rpc.address)
        if address.scheme != "https" and address.host not in LOCAL:
            raise wrong("its url is not https: scores would travel in the clear", self._rpc.where)
        self._known = None
        nothing = {PREFIX + name: None for name in FIELDS}
        try:
            self._fields(FIELDS)
            # Rights are looked at before records, so that writing to nobody shows them.
            self._rpc.call(f"{PARTY}.write", [], nothing, CONTEXT)
        except BatchRefused:
            remedy = "put its user into the group `Habitué sync` of the module integrations/tryton"
            raise self._not_ready("its user may not write scores", remedy) from None

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Write the batch onto the CRM's contacts; a contact that the CRM does not have is rejected."""
        known, found = self._fields(batch.fields), self._parties(batch.records)
        answers, writes = {}, []
        for record in batch.records:
            parties = found.get(record.contact_id, [])
            try:
                values = _values(record, batch.fields, known)
            except _Unfit as unfit:
                answers[record.record_key] = Answer("rejected", f"{unfit} is not what the CRM's field can hold")
                continue
            answers[record.record_key] = answer = _answer(record, len(parties))
            if parties and answer == ACCEPTED:
                writes += [parties, values]
        if writes:
            self._rpc.call(f"{PARTY}.write", *writes, CONTEXT)
        return answers

    def _parties(self, records: Iterable[Record]) -> Mapping[str, list[int]]:
        """The CRM's own numbers of the records' contacts, archived ones too."""
        asked = [record.contact_id for record in records]
        domain = [[self._contact_field, "in", asked], ["active", "in", [True, False]]]
        fields = ["id", self._contact_field]
        found = defaultdict(list)
        for row in self._rpc.call(f"{PARTY}.search_read", domain, 0, None, [["id", "ASC"]], fields, {}):
            found[row[self._contact_field]].append(row["id"])
        return found

    def _fields(self, asked: Iterable[str]) -> Mapping[str, CrmField]:
        """The CRM's fields of Habitué's module, by the name without prefix.

        Raises: WrongCall if the CRM lacks one that is asked for, or the field with the contact id.
        """
        if self._known is None:
            names = [self._contact_field, *(PREFIX + name for name in FIELDS)]
            said = self._rpc.call(f"{PARTY}.fields_get", names, {})
            self._known = {name: _described(field) for name, field in said.items()}
        if self._contact_field not in self._known:
            raise self._not_ready(f"its customers have no field {self._contact_field}", "repair `contact_field`")
        missing = ", ".join(PREFIX + name for name in asked if PREFIX + name not in self._known)
        if missing:
            remedy = "install or update the module integrations/tryton there, or take the field out of the sync"
            raise self._not_ready(f"its customers have no field {missing}", remedy)
        return {name.removeprefix(PREFIX): field for name, field in self._known.items() if name.startswith(PREFIX)}

    def _not_ready(self, what: str, remedy: str) -> WrongCall:
        return WrongCall(
            f"{what}: {remedy}",
            where=self._rpc.where,
            still_true="Nothing was sent there.",
            next_step="After that type `habitue deliver`.",
        )


class _Unfit(Exception):
    """Names the field whose value cannot be written."""


def _answer(record: Record, parties: int) -> Answer:
    """Scores go to the one contact that is meant; a removal clears whatever has the id, be it nobody."""
    if parties == 1 or record.operation == "remove":
        return ACCEPTED
    return TWO_CONTACTS if parties else NO_CONTACT


def _values(record: Record, fields: Iterable[str], known: Mapping[str, CrmField]) -> dict[str, Any]:
    """What is written: the asked fields, or nothing in each of them (in all, where a sync has left the file)."""
    if record.payload is None:
        return {PREFIX + name: None for name in tuple(fields) or known}
    said = json.loads(record.payload, parse_float=Decimal)
    return {PREFIX + name: _value(name, said.get(name), known[name]) for name in fields}


def _value(name: str, said: Any, field: CrmField) -> Any:
    if said is None:
        return None
    encoded: Callable[[Any, CrmField], Any] = ENCODED.get(field.type, _text)
    try:
        return encoded(said, field)
    except (ValueError, TypeError, InvalidOperation):
        raise _Unfit(name) from None


def _float(said: Any, field: CrmField) -> float:
    number = round(float(said), field.digits) if field.digits is not None else float(said)
    if not math.isfinite(number):
        raise ValueError
    return number


def _numeric(said: Any, field: CrmField) -> dict[str, Any]:
    number = Decimal(said)
    if field.digits is not None:
        number = round(number, field.digits)
    return {"__class__": "Decimal", "decimal": str(number)}


def _date(said: Any, _: CrmField) -> dict[str, Any]:
    day = date.fromisoformat(said)
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def _datetime(said: Any, _: CrmField) -> dict[str, Any]:
    """The moment in UTC, to the second: more the CRM's field does not hold."""
    at = datetime.fromisoformat(said)
    at = at.astimezone(UTC) if at.tzinfo else at
    parts = {name: getattr(at, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    return {"__class__": "datetime", **parts, "microsecond": 0}


def _text(said: Any, field: CrmField) -> str:
    between = "\n" if field.type == "text" else "; "
    return between.join(map(str, said)) if isinstance(said, list) else str(said)


def _described(field: Mapping[str, Any]) -> CrmField:
    digits = json.loads(field.get("digits") or "null")
    return CrmField(field["type"], digits[1] if isinstance(digits, list) and isinstance(digits[1], int) else None)


ENCODED: Mapping[str, Callable[[Any, CrmField], Any]] = {
    "float": _float,
    "numeric": _numeric,
    "date": _date,
    "datetime": _datetime,
}
