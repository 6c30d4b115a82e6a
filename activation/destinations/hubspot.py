"""Contacts of HubSpot: scores in properties, an audience as a static list beside them.

Source: "Contacts" (batch read, update and upsert by a unique property, at most 100 a call), "Properties", "Lists"
        (add and remove memberships of a MANUAL list), "Error handling" (207, objectWriteTraceId) and "API usage
        guidelines" (100 calls in 10 seconds), developers.hubspot.com/docs; `hs_email_optout` is HubSpot's own property
        of who unsubscribed from all e-mail.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import Field, StringConstraints

from activation.destination import (
    Answer,
    Batch,
    BatchRefused,
    Capabilities,
    DestinationKeys,
    DestinationSettings,
    Record,
)
from activation.http import Bearer, Client
from activation.http_answers import NOT_ALLOWED, answered, refused_credentials, unexpected, wrong_settings
from lakehouse.names import nearest

URL = "https://api.hubapi.com"
CONTACTS = "/crm/v3/objects/contacts/batch"
TAKEN = Answer("acknowledged")
NOT_THERE = Answer("acknowledged", "HubSpot has no such contact")
UNSUBSCRIBED = Answer("rejected", "on the tool's own suppression list")
NOT_LISTED = Answer("rejected", "HubSpot did not put it on the list")
OPTED_OUT = "hs_email_optout"
MISSING = "OBJECT_NOT_FOUND"
LONGEST = 65_536
"""Characters that a text property of HubSpot holds."""
PROPERTY = StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")


class HubSpotKeys(DestinationKeys):
    """Keys of a `hubspot` entry.

    Units: id_property is the unique property with our contact id; properties names that of a field where it is not
           `habitue_<field>`; list_id is a static list for the one audience that is sent there; create makes contacts
           that HubSpot does not have.
    """

    id_property: Annotated[str, PROPERTY] = "habitue_contact_id"
    properties: dict[str, Annotated[str, PROPERTY]] = Field(default_factory=dict)
    list_id: Annotated[str, StringConstraints(pattern=r"^\d+$")] | None = None
    create: bool = False

    @property
    def one_list(self) -> bool:
        """Whether the entry names a list."""
        return self.list_id is not None

    def property_of(self, field: str) -> str:
        """The property that holds a field."""
        return self.properties.get(field, f"habitue_{field}")


class HubSpot:
    """Writes our properties and no other; a removal clears them and deletes nobody."""

    capabilities = Capabilities(
        summary="contacts and static lists of HubSpot",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=100,
        needs_credentials=True,
        calls_per_second=10,
        suppression_list=True,
        one_value_per_field=True,
    )
    keys: type[DestinationKeys] = HubSpotKeys

    def __init__(self, keys: HubSpotKeys, client: Client, *, url: str = URL) -> None:
        self.named, self.client, self.url = keys, client, url

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "HubSpot":  # noqa: ARG003
        """The account behind the token of a private app that `credentials` names."""
        limit = settings.calls_per_second or cls.capabilities.calls_per_second
        return cls(HubSpotKeys.model_validate(settings.keys), client(secret or "", calls_per_second=limit))

    def check(self) -> None:
        """See whether the token is good, the id property is unique and the list is one that may be written.

        Raises: WrongCall if not, DestinationUnavailable.
        """
        known = self._properties()
        name = self.named.id_property
        if name not in known:
            raise wrong_settings(f"it has no contact property {name}{_like(name, known)}", self.client.name)
        if not known[name].get("hasUniqueValue"):
            raise wrong_settings(f"its contact property {name} does not hold unique values", self.client.name)
        if self.named.list_id:
            found = self._said(self._call("GET", f"/crm/v3/lists/{self.named.list_id}")).get("list")
            kind = found.get("processingType") if isinstance(found, dict) else None
            if kind not in ("MANUAL", "SNAPSHOT"):
                raise wrong_settings("its list of this list_id is no static list", self.client.name)

    def check_fields(self, fields: Collection[str]) -> None:
        """See whether every field that is sent has its property.

        Raises: WrongCall naming those that are missing and the nearest that there are, DestinationUnavailable.
        """
        known = self._properties()
        missing = [name for name in map(self.named.property_of, fields) if name not in known]
        if missing:
            told = ", ".join(f"{name}{_like(name, known)}" for name in missing)
            raise wrong_settings(f"it has no contact property {told}", self.client.name)

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """What HubSpot says of each contact; who unsubscribed there is put into no audience.

        Raises: BatchRefused if it takes none because of what was sent, DestinationUnavailable, WrongCall.
        """
        answers = {record.record_key: one for record in batch.records if (one := self._too_long(record, batch.fields))}
        refused = self._unsubscribed(batch) if batch.is_audience else {}
        answers |= dict.fromkeys(refused, UNSUBSCRIBED)
        left = [record for record in batch.records if record.record_key not in answers]
        ids: dict[str, str] = {}
        for removal in (True, False):
            part = [record for record in left if (record.operation == "remove") is removal]
            said = self._written(batch, part) if part else {}
            answers |= {key: answer for key, (answer, _) in said.items()}
            ids |= {key: contact for key, (_, contact) in said.items() if contact}
        return answers | self._listed(batch, ids, [*refused.values()])

    def _written(self, batch: Batch, records: Sequence[Record]) -> dict[str, tuple[Answer, str | None]]:
        """The answer per record and HubSpot's own id of the contact; all records are removals or none is."""
        is_removal = records[0].operation == "remove"
        path = "upsert" if self.named.create and not is_removal else "update"
        inputs = [self._input(record, batch) for record in records]
        said = self._said(self._call("POST", f"{CONTACTS}/{path}", {"inputs": inputs}))
        by_trace = {batch.keys[record.record_key]: record.record_key for record in records}
        by_id = {record.contact_id: record.record_key for record in records}
        found: dict[str, tuple[Answer, str | None]] = {}
        for error in _objects(said.get("errors")):
            code = _code(error.get("category"))
            gone = is_removal and code == MISSING
            for key in _named(error, by_trace, by_id):
                found[key] = (NOT_THERE if gone else Answer("rejected", f"HubSpot says {code}"), None)
        for result in _objects(said.get("results")):
            values = result.get("properties")
            ours = values.get(self.named.id_property) if isinstance(values, dict) else None
            if record_key := by_trace.get(str(result.get("objectWriteTraceId"))) or by_id.get(str(ours)):
                found[record_key] = (TAKEN, str(result.get("id")))
        return found

    def _input(self, record: Record, batch: Batch) -> dict[str, Any]:
        said = json.loads(record.payload, parse_float=Decimal) if record.payload else {}
        values = {self.named.property_of(field): text(said.get(field)) for field in batch.fields}
        # Said again, the answer names it: HubSpot shows the properties that a call wrote.
        values[self.named.id_property] = record.contact_id
        return {
            "id": record.contact_id,
            "idProperty": self.named.id_property,
            "objectWriteTraceId": batch.keys[record.record_key],
            "properties": values,
        }

    def _too_long(self, record: Record, fields: Iterable[str]) -> Answer | None:
        said = json.loads(record.payload, parse_float=Decimal) if record.payload else {}
        long = [field for field in fields if len(text(said.get(field))) > LONGEST]
        return Answer("rejected", f"{', '.join(long)}: longer than {LONGEST:,} characters") if long else None

    def _unsubscribed(self, batch: Batch) -> dict[str, str]:
        """The records of an audience whose contact has unsubscribed from all e-mail in HubSpot, with HubSpot's id."""
        asked = {record.contact_id: record.record_key for record in batch.records if record.operation != "remove"}
        if not asked:
            return {}
        name = self.named.id_property
        body = {"properties": [OPTED_OUT, name], "idProperty": name, "inputs": [{"id": one} for one in asked]}
        said = self._said(self._call("POST", f"{CONTACTS}/read", body))
        found = [(one.get("properties") or {}, str(one.get("id"))) for one in _objects(said.get("results"))]
        out = {str(values.get(name)): ours for values, ours in found if str(values.get(OPTED_OUT)).lower() == "true"}
        return {asked[one]: out[one] for one in out.keys() & asked.keys()}

    def _listed(self, batch: Batch, ids: Mapping[str, str], refused: Sequence[str]) -> dict[str, Answer]:
        """The answers of those that HubSpot did not put on the list; who left or is refused is taken off it."""
        if not self.named.list_id or not (ids or refused):
            return {}
        removals = {record.record_key for record in batch.records if record.operation == "remove"}
        body = {
            "recordIdsToAdd": [contact for key, contact in ids.items() if key not in removals],
            "recordIdsToRemove": [*(contact for key, contact in ids.items() if key in removals), *refused],
        }
        said = self._said(self._call("PUT", f"/crm/v3/lists/{self.named.list_id}/memberships/add-and-remove", body))
        missing = {str(one) for one in said.get("recordIdsMissing") or ()}
        return {key: NOT_LISTED for key, contact in ids.items() if contact in missing and key not in removals}

    def _properties(self) -> dict[str, dict[str, Any]]:
        said = self._said(self._call("GET", "/crm/v3/properties/contacts"))
        return {str(one.get("name")): one for one in _objects(said.get("results"))}

    def _call(self, method: str, path: str, said: Mapping[str, Any] | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        body = b"" if said is None else json.dumps(said, ensure_ascii=False).encode()
        return self.client.request(method, f"{self.url}{path}", body=body, headers=headers)

    def _said(self, answer: httpx.Response) -> dict[str, Any]:
        where, status = self.client.name, answer.status_code
        if status in NOT_ALLOWED:
            raise refused_credentials(status, where=where)
        if status == httpx.codes.NOT_FOUND:
            raise wrong_settings("it has no list of this list_id", where)
        if status == httpx.codes.BAD_REQUEST:
            raise BatchRefused(f"HubSpot says {_code(answered(answer, where=where).get('category'))}", where=where)
        if not answer.is_success:
            raise unexpected(f"it answers {status}", where=where)
        return answered(answer, where=where)


def client(token: str, **limits: Any) -> Client:
    """A client that carries the token of a private app."""
    return Client("HubSpot", auth=Bearer(token), **limits)


def text(value: object) -> str:
    """A value as HubSpot's properties take it: text; nothing clears the property."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _like(name: str, known: Iterable[str]) -> str:
    """The properties that were meant, perhaps; an account has hundreds, so that they are not all told."""
    hint = nearest(name, known)
    return hint if "did you mean" in hint else ""


def _named(error: Mapping[str, Any], by_trace: Mapping[str, str], by_id: Mapping[str, str]) -> set[str]:
    """The records that an error is about."""
    context = error.get("context")
    held = context if isinstance(context, dict) else {}
    traces = [by_trace.get(str(one)) for one in held.get("objectWriteTraceId", ())]
    ids = [by_id.get(str(one)) for one in held.get("ids", ())]
    return {key for key in (*traces, *ids) if key}


def _code(category: object) -> str:
    """HubSpot's word for what is wrong; its sentences may quote a person and are not kept."""
    said = str(category)
    return said if said.isascii() and said.replace("_", "").isalpha() and said.isupper() else "no reason to keep"


def _objects(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
