"""Customer list audiences of Meta: people are added and taken off by hashes of their addresses.

Source: "Customer File Custom Audiences" (hashing, sessions of at most 10,000 rows, multi-key schema) and the reference
        "Custom Audience Users" (POST and DELETE), developers.facebook.com/docs/marketing-api/audiences; "Handling
        Errors", "Rate Limits" and "Secure Graph API Calls" (proof of the app's secret), of the Graph API there.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
from pydantic import StringConstraints

from activation.destination import Answer, Batch, BatchRefused, Capabilities, DestinationKeys, DestinationSettings
from activation.http import Bearer, Client
from activation.http_answers import answered, refused_credentials, unexpected, wrong_settings
from activation.matching import Hashes, change
from lakehouse.errors import HabitueError
from lakehouse.settings import credential

URL = "https://graph.facebook.com"
SCHEMA = ("EMAIL", "PHONE", "EXTERN_ID")
TAKEN = Answer("acknowledged")
Id = Annotated[str, StringConstraints(pattern=r"^\d+$")]
INVALID_PARAMETER, EXPIRED = 100, 190
LOGIN = frozenset({10, 102, EXPIRED, *range(200, 300)})
"""Error codes about the token: expired, revoked, or without the permission."""
THROTTLED = frozenset({1, 2, 4, 17, 32, 341, 613, *range(80000, 80015)})
"""Error codes that pass by themselves: too many calls, or a fault of Meta's own."""
BLOCKED, UNREACHABLE = 1713230, 33
"""Subcodes: Meta has restricted the audience; there is none of this id that the token may see."""


class MetaKeys(DestinationKeys):
    """Keys of a `meta` entry: the ad account, the audience in it, and what signs calls where the app asks for it.

    Units: app_secret names an environment variable.
    """

    account_id: Id
    audience_id: Id
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d+\.\d+$")] = "v25.0"
    app_secret: str | None = None

    @property
    def one_list(self) -> bool:
        """An entry is one audience."""
        return True


class Meta:
    """One session per batch; a removal and a changed address name what was sent before."""

    capabilities = Capabilities(
        summary="a custom audience of Meta (Facebook, Instagram)",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=10_000,
        needs_credentials=True,
        known_by="address",
        delete_a_person=True,
    )
    keys: type[DestinationKeys] = MetaKeys

    def __init__(self, keys: MetaKeys, client: Client, *, proof: str | None = None, url: str = URL) -> None:
        self.named, self.client, self.proof = keys, client, proof
        self.url = f"{url}/{keys.api_version}/{keys.audience_id}"

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "Meta":  # noqa: ARG003
        """The entry's audience; `credentials` names the variable with the access token."""
        keys = MetaKeys.model_validate(settings.keys)
        app = credential(keys.app_secret, where="destinations: app_secret") if keys.app_secret else None
        return cls(keys, client(secret or "", calls_per_second=settings.calls_per_second), proof=proof(secret, app))

    def check(self) -> None:
        """See whether the token is good for the audience and the audience is one of the account.

        Raises: WrongCall if not, DestinationUnavailable.
        """
        asked = {"fields": "id,account_id"} | self._signed()
        answer = self.client.request("GET", f"{self.url}?{urlencode(asked)}")
        said = self._said(answer)
        if str(said.get("account_id")) != self.named.account_id:
            raise wrong_settings("the audience is not one of this account_id", self.client.name)

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Take off what was sent before and is not said any more, then add.

        Raises: BatchRefused if Meta calls any row invalid, DestinationUnavailable, WrongCall.
        """
        due = change(batch, email=email_form, phone=phone_form)
        contacts = {record.record_key: record.contact_id for record in batch.records}
        self._session("DELETE", batch, [_row(gone) for gone in due.gone])
        self._session("POST", batch, [_row(come, contacts[key]) for key, come in due.come.items()])
        return dict.fromkeys(contacts, TAKEN) | due.refusals

    def _session(self, method: str, batch: Batch, rows: Sequence[Sequence[str]]) -> None:
        size = self.capabilities.batch_size or len(rows)
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        for place, part in enumerate(parts, start=1):
            session = {
                "session_id": int(hashlib.sha256(f"{method}{batch.key}".encode()).hexdigest()[:15], 16),
                "batch_seq": place,
                "last_batch_flag": place == len(parts),
                "estimated_num_total": len(rows),
            }
            body = {"session": json.dumps(session), "payload": json.dumps({"schema": SCHEMA, "data": part})}
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.client.request(
                method, f"{self.url}/users", body=urlencode(body | self._signed()).encode(), headers=headers
            )
            self._counted(self._said(answer), len(part))

    def _counted(self, said: Mapping[str, Any], sent: int) -> None:
        """Whether all rows arrived and are sound; Meta's samples of invalid rows are never looked at."""
        if said.get("num_received") != sent:
            raise unexpected("it received another number of rows than were sent", where=self.client.name)
        if said.get("num_invalid_entries", 0):
            raise BatchRefused("it calls a row invalid", where=self.client.name)

    def _said(self, answer: httpx.Response) -> dict[str, Any]:
        said = answered(answer, where=self.client.name)
        error = said.get("error")
        if answer.is_success and error is None:
            return said
        raise self._problem(answer.status_code, error if isinstance(error, dict) else {})

    def _problem(self, status: int, error: Mapping[str, Any]) -> HabitueError:
        code, subcode, where = error.get("code"), error.get("error_subcode"), self.client.name
        if code in LOGIN or status in (401, 403):
            return refused_credentials(status, where=where)
        if subcode == BLOCKED:
            return wrong_settings("it has restricted the audience: appeal in its Audience Manager", where)
        if subcode == UNREACHABLE:
            return wrong_settings("it has no audience of this audience_id that the token may see", where)
        if code == INVALID_PARAMETER:
            return BatchRefused(f"it answered {status} (code {INVALID_PARAMETER})", where=where)
        why = "it asks for fewer calls, or has a fault of its own" if code in THROTTLED else "it answers"
        return unexpected(f"{why} ({status}, code {code if isinstance(code, int) else 'none'})", where=where)

    def _signed(self) -> dict[str, str]:
        return {"appsecret_proof": self.proof} if self.proof else {}


def client(token: str, **limits: Any) -> Client:
    """A client that carries the token."""
    return Client("Meta", auth=Bearer(token), **limits)


def proof(token: str | None, app_secret: str | None) -> str | None:
    """The proof that the caller knows the app's secret, where there is one."""
    if not token or not app_secret:
        return None
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def email_form(email: str) -> str | None:
    """Meta's normal form: without outer space, in lower case; dots and suffixes stay."""
    form = email.strip().lower()
    user, at, domain = form.partition("@")
    return form if user and at and domain and not any(sign.isspace() for sign in form) else None


def phone_form(phone: str) -> str | None:
    """Meta's normal form: digits alone, with the country code and without leading zeros."""
    form = "".join(sign for sign in phone if sign in "0123456789").lstrip("0")
    return form or None


def _row(person: Hashes, contact_id: str | None = None) -> list[str]:
    """One row of the schema; a contact's own id is hashed as well, and names nobody who is taken off.

    An address may go while the contact stays with another one: its id would take both off.
    """
    extern = hashlib.sha256(contact_id.encode()).hexdigest() if contact_id else ""
    return [person.email or "", person.phone or "", extern]
