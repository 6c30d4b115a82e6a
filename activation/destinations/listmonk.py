"""listmonk 1.1.0, a tool for e-mail marketing: audiences as lists, fields as attributes (docs/listmonk.md)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from activation.destination import (
    Answer,
    Batch,
    Capabilities,
    DestinationKeys,
    DestinationSettings,
    Record,
    Refusal,
)
from activation.destinations.listmonk_api import OURS, ListmonkApi, Subscriber, quoted
from activation.http import Client
from lakehouse.errors import WrongCall

ACCEPTED = Answer("acknowledged")
REFUSED = Answer("withheld", "unsubscribed in the tool")
LEFT = Answer("withheld", "left this list before: listmonk could not tell an unsubscribe since from that")
STRANGER = Answer("withheld", "no subscriber there; a sync makes none")
NO_ADDRESS = Answer("rejected", "no e-mail: `email` must be among the fields of the audience, and not empty")
BAD_ADDRESS = Answer("rejected", "the e-mail address is refused")
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
OWN_RECORD = f"subscribers.attribs->'{OURS}'->>'record'"
SAID_NO = (
    "(subscribers.status = 'blocklisted' or exists (select 1 from subscriber_lists said"
    " where said.subscriber_id = subscribers.id and said.status = 'unsubscribed'))"
)


class ListmonkKeys(DestinationKeys):
    """Keys of a `listmonk` entry: its address and the user whose password `credentials` names."""

    url: str
    user: str


class Listmonk:
    """Puts people on the list of their audience and writes fields; never takes back what a person said there."""

    capabilities = Capabilities(
        summary="listmonk 1.1.0: audiences as lists, fields as attributes, unsubscribes come back",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=100,
        needs_credentials=True,
        suppression_list=True,
    )
    keys: type[DestinationKeys] = ListmonkKeys

    def __init__(self, api: ListmonkApi, *, url: str, source: str) -> None:
        self._api, self._url, self._source = api, httpx.URL(url), source

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "Listmonk":  # noqa: ARG003
        """The listmonk of the entry; `credentials` names the variable with the password of `user`."""
        keys = ListmonkKeys.model_validate(settings.keys)
        login = httpx.BasicAuth(keys.user, secret or "")
        client = Client(httpx.URL(keys.url).host, auth=login, calls_per_second=settings.calls_per_second)
        return cls(ListmonkApi(keys.url, client), url=keys.url, source=settings.source)

    def check(self) -> None:
        """Log in.

        Raises: WrongCall if the address is no https or the login is refused, DestinationUnavailable.
        """
        if self._url.scheme != "https" and self._url.host not in LOCAL:
            raise WrongCall(
                "its url is not https: people would travel in the clear",
                where=self._url.host,
                still_true="Nothing was sent there.",
                next_step="Repair `url` in the retailer file, then `habitue deliver`.",
            )
        self._api.health()

    def suppressions(self) -> Iterator[Refusal]:
        """Who is blocklisted there, or unsubscribed by other hands than ours.

        Units: without a time: listmonk 1.1.0 keeps none of an unsubscribe. It knows no bounces either.
        """
        prefix = f"contact:{self._source}:"
        mine = f"left({OWN_RECORD}, {len(prefix)}) = {quoted(prefix)}"
        for person in self._api.subscribers(f"{mine} and {SAID_NO}"):
            if person.has_refused and person.record:
                yield Refusal(person.record.removeprefix(prefix), "email", "withdrawn", None)

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """An answer per record; who unsubscribed there, from whatever list, is withheld and stays so.

        Raises: WrongCall, DestinationUnavailable.
        """
        leaving = [record for record in batch.records if record.operation == "remove"]
        coming = [record for record in batch.records if record.operation != "remove"]
        target = self._api.list_for(batch.name, make=batch.is_audience and bool(coming))
        people = _People(self._found(batch.records))
        answers = {record.record_key: self._gone(people, record, batch.name, target) for record in leaving}
        answers |= {record.record_key: self._come(people, record, batch, target) for record in coming}
        if target is not None:
            self._api.unsubscribe(people.off, target)
            self._api.subscribe(people.on, target)
        return answers

    def _found(self, records: Iterable[Record]) -> Iterator[Subscriber]:
        keys = ", ".join(quoted(record.record_key) for record in records)
        emails = ", ".join(quoted(email) for record in records if (email := _said(record)[0]))
        by_email = f" or subscribers.email in ({emails})" if emails else ""
        return self._api.subscribers(f"{OWN_RECORD} in ({keys}){by_email}")

    def _gone(self, people: "_People", record: Record, name: str, target: int | None) -> Answer:
        if person := people.by_record.get(record.record_key):
            self._leave(people, person, name, target)
        return ACCEPTED

    def _leave(self, people: "_People", person: Subscriber, name: str, target: int | None) -> None:
        """Take the person off the list and forget the fields; what he unsubscribed himself is not marked as ours."""
        ours = {key: value for key, value in person.ours.items() if key != name}
        if target is not None and person.lists.get(target, "unsubscribed") != "unsubscribed":
            ours["left"] = sorted(person.left | {target})
            people.off.append(person.id)
        if ours != person.ours:
            self._api.write(person, {**person.attribs, OURS: ours})

    def _come(self, people: "_People", record: Record, batch: Batch, target: int | None) -> Answer:
        email, fields = _said(record)
        known, addressed = people.by_record.get(record.record_key), people.by_email.get(email or "")
        person = addressed or known
        if any(one.has_refused for one in (known, addressed) if one):
            self._link(person, record)
            return REFUSED
        if not batch.is_audience:
            return self._scored(known or addressed, batch.name, fields)
        if not email:
            return NO_ADDRESS
        if person and target in person.left:
            return LEFT
        if known and addressed and known.id != addressed.id:
            self._leave(people, known, batch.name, target)
        return self._placed(people, person, record, (batch.name, email, fields))

    def _scored(self, person: Subscriber | None, name: str, fields: Mapping[str, Any]) -> Answer:
        if person is None:
            return STRANGER
        self._api.write(person, {**person.attribs, OURS: person.ours | {name: fields}})
        return ACCEPTED

    def _placed(
        self, people: "_People", person: Subscriber | None, record: Record, said: tuple[str, str, Mapping[str, Any]]
    ) -> Answer:
        """Write the fields, with the record by which the person is known from now on, and note him for the list."""
        name, email, fields = said
        mine = {"record": record.record_key, name: fields}
        made = None if person else self._api.create(email, {OURS: mine})
        person = person or made
        if person is None:
            return BAD_ADDRESS
        if person.has_refused:
            return REFUSED
        if person.ours != person.ours | mine or person.email != email:
            moved = email if person.email != email else None
            self._api.write(person, {**person.attribs, OURS: person.ours | mine}, email=moved)
        people.by_email[email] = person
        people.on.append(person.id)
        return ACCEPTED

    def _link(self, person: Subscriber | None, record: Record) -> None:
        """Note whose address refused, so that the next night learns of it."""
        if person and person.has_refused and person.record is None:
            self._api.write(person, {**person.attribs, OURS: person.ours | {"record": record.record_key}})


@dataclass
class _People:
    """Who was found, and whom to put on the list and take off it."""

    found: Iterable[Subscriber]
    by_record: dict[str, Subscriber] = field(default_factory=dict)
    by_email: dict[str, Subscriber] = field(default_factory=dict)
    on: list[int] = field(default_factory=list)
    off: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for person in self.found:
            self.by_email[person.email.lower()] = person
            if person.record:
                self.by_record[person.record] = person


def _said(record: Record) -> tuple[str | None, dict[str, Any]]:
    """The address of a record, as listmonk keeps it, and its other fields."""
    fields = {name: _storable(value) for name, value in json.loads(record.payload or "{}").items()}
    email = str(fields.pop("email", None) or "").strip().lower()
    return email or None, fields


def _storable(value: Any) -> Any:
    """The value without NUL, which PostgreSQL takes in no JSON: the same record would fail for ever."""
    match value:
        case str():
            return value.replace("\x00", "")
        case list():
            return [_storable(one) for one in value]
        case dict():
            return {name: _storable(one) for name, one in value.items()}
    return value
