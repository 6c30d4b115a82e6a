"""A signed POST of records as JSON, to any tool: docs/webhook.md says what a receiver must do."""

import json
import re
from collections.abc import Generator, Mapping
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
from activation.http import Client, Clock
from activation.http_answers import NOT_ALLOWED, wrong_settings
from activation.signature import HEADER, signature
from lakehouse.errors import DestinationUnavailable, WrongCall

TIMESTAMP = "X-Habitue-Timestamp"
ACCEPTED = Answer("acknowledged")
REASON = re.compile(r"[a-z][a-z_]{0,39}")
"""A reason that is a code of words: free text may quote a person, so that it is not kept."""
REFUSED = frozenset({400, 409, 413, 415, 422})
"""Answers that speak about what was sent; every other one is about the way there."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class WebhookKeys(DestinationKeys):
    """Keys of a `webhook` entry: the receiver's address."""

    url: str


class Webhook:
    """One call per batch, signed over its time and body; an answer per record."""

    capabilities = Capabilities(
        summary="a signed POST of JSON to any tool",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=500,
        calls_per_second=10,
        needs_credentials=True,
    )
    keys: type[DestinationKeys] = WebhookKeys

    def __init__(self, url: str, client: Client) -> None:
        self.url, self.client = url, client

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "Webhook":  # noqa: ARG003
        """The receiver at the entry's `url`; `credentials` names the variable with the secret of the signature."""
        url = WebhookKeys.model_validate(settings.keys).url
        limit = settings.calls_per_second or cls.capabilities.calls_per_second
        return cls(url, client(url, secret or "", calls_per_second=limit))

    def check(self) -> None:
        """Send a signed call without records.

        Raises: WrongCall if the address is no https or the receiver refuses the signature, DestinationUnavailable.
        """
        address = httpx.URL(self.url)
        if address.scheme != "https" and address.host not in LOCAL:
            raise _wrong("its url is not https: records would travel in the clear", self.client.name)
        status = self._post({"version": 1, "check": True, "records": []}, key="check").status_code
        if status in NOT_ALLOWED:
            raise _wrong(f"it refuses the credentials ({status})", self.client.name)
        if not httpx.codes.is_success(status):
            raise _unexpected(status, self.client.name)

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """What the receiver says of each record.

        Raises: BatchRefused if it takes none because of what was sent, DestinationUnavailable, WrongCall.
        """
        answer = self._post(_body(batch), key=batch.key)
        if answer.status_code in REFUSED:
            raise BatchRefused(f"the destination answered {answer.status_code}", where=self.client.name)
        if answer.status_code in NOT_ALLOWED:
            raise _wrong(f"it refuses the credentials ({answer.status_code})", self.client.name)
        if not answer.is_success:
            raise _unexpected(answer.status_code, self.client.name)
        if answer.status_code == httpx.codes.NO_CONTENT:
            return {record.record_key: ACCEPTED for record in batch.records}
        return _answers(batch, answer)

    def _post(self, said: Mapping[str, Any], *, key: str) -> httpx.Response:
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key}
        return self.client.post(self.url, json.dumps(said, ensure_ascii=False).encode(), headers)


class Signed(httpx.Auth):
    """Signs each try anew over `<unix seconds>.<body>`, so that a late one is not taken for a replay."""

    requires_request_body = True

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret, self._clock = secret, clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its time and signature."""
        at = str(int(self._clock.unix()))
        request.headers[TIMESTAMP] = at
        request.headers[HEADER] = signature(self._secret, at.encode() + b"." + request.content)
        yield request


def client(url: str, secret: str, *, clock: Clock | None = None, **limits: Any) -> Client:
    """A client that signs; in messages it is named by the host alone, as the path may hold a token."""
    known = clock or Clock()
    return Client(httpx.URL(url).host, auth=Signed(secret, known), clock=known, **limits)


def _body(batch: Batch) -> dict[str, Any]:
    return {
        "version": 1,
        "key": batch.key,
        "destination": batch.destination,
        "name": batch.name,
        "night": batch.night.isoformat(),
        "records": [_record(record, batch) for record in batch.records],
    }


def _record(record: Record, batch: Batch) -> dict[str, Any]:
    said = {"key": batch.keys[record.record_key], "contact_id": record.contact_id, "operation": record.operation}
    return said | ({"fields": json.loads(record.payload)} if record.payload else {})


def _answers(batch: Batch, answer: httpx.Response) -> dict[str, Answer]:
    """The verdicts by record_key; a record that the receiver does not speak of has none."""
    try:
        said = {str(one["key"]): one for one in answer.json()["records"]}
    except (ValueError, TypeError, KeyError):
        return {}
    return {record_key: _verdict(said[key]) for record_key, key in batch.keys.items() if key in said}


def _verdict(said: Mapping[str, Any]) -> Answer:
    match said.get("status"):
        case "accepted":
            return ACCEPTED
        case "rejected":
            reason = str(said.get("reason", ""))
            return Answer("rejected", reason if REASON.fullmatch(reason) else "no reason that can be kept")
    return Answer("failed", "the destination's answer for this record is neither accepted nor rejected")


def _wrong(what: str, where: str) -> WrongCall:
    return wrong_settings(what, where, repair="`url` or the secret that `credentials` names")


def _unexpected(status: int, where: str) -> DestinationUnavailable:
    return DestinationUnavailable(
        f"it answers {status}",
        where=where,
        still_true="No record of that call is known to be taken.",
        next_step="Look whether `url` is the receiver's, then `habitue deliver`.",
    )
