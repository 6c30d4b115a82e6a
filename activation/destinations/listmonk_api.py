"""The calls of listmonk 1.1.0 that change no consent: how they are made, and what a subscriber looks like there.

Left out on purpose: the CSV import (it subscribes people again), PUT of a subscriber with `status` (it takes people off
the blocklist) or `lists` (it deletes other memberships, the unsubscribed ones included), and the list action `remove`.
Source: listmonk, "APIs", "Subscribers" and "Lists"; listmonk v1.1.0, queries.sql.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from activation.http import Client
from activation.http_answers import NOT_ALLOWED, wrong_settings
from lakehouse.errors import DestinationUnavailable, WrongCall

OURS = "habitue"
"""The one attribute of a subscriber that is written, and the tag of lists that were made here."""
PAGE = 1_000


@dataclass(frozen=True)
class Subscriber:
    """A person of listmonk.

    Units: lists holds the status of each membership by list id; ours is what was written here before.
    """

    id: int
    email: str
    status: str
    lists: Mapping[int, str]
    attribs: Mapping[str, Any] = field(repr=False)

    @property
    def ours(self) -> dict[str, Any]:
        """`record`, `left` and the fields of each sync and audience."""
        said = self.attribs.get(OURS)
        return dict(said) if isinstance(said, dict) else {}

    @property
    def record(self) -> str | None:
        """The contact record that this person is."""
        return self.ours.get("record")

    @property
    def left(self) -> set[int]:
        """Lists that the person was taken off from here."""
        return set(self.ours.get("left", ()))

    @property
    def has_refused(self) -> bool:
        """Whether the person is on the blocklist, or unsubscribed from a list by other hands than ours."""
        unsubscribed = {one for one, status in self.lists.items() if status == "unsubscribed"}
        return self.status == "blocklisted" or bool(unsubscribed - self.left)


class ListmonkApi:
    """One listmonk, by its address."""

    def __init__(self, url: str, client: Client) -> None:
        self._url, self._client = url.rstrip("/"), client

    def health(self) -> None:
        """Nothing, if it answers and the login is right.

        Raises: WrongCall, DestinationUnavailable.
        """
        self._data("GET", "/api/health")

    def list_for(self, name: str, *, make: bool) -> int | None:
        """The id of the list of a sync or audience, found by its tag: it may be called otherwise there."""
        tag = f"{OURS}:{name}"
        lists = self._data("GET", "/api/lists?per_page=all")
        found = [one["id"] for one in (lists or {}).get("results", ()) if tag in one["tags"]] if lists else []
        if found or not make:
            return min(found, default=None)
        made = {"name": name, "type": "private", "optin": "single", "tags": [OURS, tag]}
        return int(self._data("POST", "/api/lists", made)["id"])

    def subscribers(self, condition: str) -> Iterator[Subscriber]:
        """All for whom the SQL condition holds."""
        page, total = 1, 1
        while (page - 1) * PAGE < total:
            query = {"query": f"({condition})", "page": str(page), "per_page": str(PAGE), "order_by": "email"}
            said = self._data("GET", f"/api/subscribers?{httpx.QueryParams(query)}")
            yield from map(_subscriber, said["results"])
            page, total = page + 1, said["total"]

    def create(self, email: str, attribs: Mapping[str, Any]) -> Subscriber | None:
        """The new subscriber, or the one who has this e-mail already; None where the address is refused."""
        said = {"email": email, "name": email.partition("@")[0], "status": "enabled", "attribs": attribs}
        answer = self._call("POST", "/api/subscribers", said)
        if answer.status_code == httpx.codes.CONFLICT:
            return next(self.subscribers(f"subscribers.email = {quoted(email)}"), None)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            return None
        return _subscriber(self._understood(answer))

    def write(self, who: Subscriber, attribs: Mapping[str, Any], *, email: str | None = None) -> None:
        """Give a subscriber other attributes and, where given, another address; nothing else of him moves."""
        said = {"attribs": attribs} | ({"email": email} if email else {})
        self._data("PUT", f"/api/subscribers/{who.id}", said)

    def subscribe(self, ids: Sequence[int], to: int) -> None:
        """Add to a list; who was ever unsubscribed from it stays so."""
        self._membership("add", ids, to)

    def unsubscribe(self, ids: Sequence[int], off: int) -> None:
        """Take off a list, with a record of it."""
        self._membership("unsubscribe", ids, off)

    def _membership(self, action: str, ids: Sequence[int], of: int) -> None:
        if ids:
            said = {"ids": list(ids), "action": action, "target_list_ids": [of]}
            self._data("PUT", "/api/subscribers/lists", said)

    def _data(self, method: str, path: str, said: Mapping[str, Any] | None = None) -> Any:
        return self._understood(self._call(method, path, said))

    def _call(self, method: str, path: str, said: Mapping[str, Any] | None = None) -> httpx.Response:
        body = json.dumps(said, ensure_ascii=False).encode() if said is not None else None
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return self._client.request(method, f"{self._url}{path}", body=body, headers=headers)

    def _understood(self, answer: httpx.Response) -> Any:
        if answer.status_code in NOT_ALLOWED:
            raise self._wrong(f"it refuses the credentials ({answer.status_code})")
        if answer.is_redirect or answer.status_code == httpx.codes.NOT_FOUND:
            raise self._wrong(f"it answers {answer.status_code}: no listmonk is at this `url`")
        try:
            if answer.is_success:
                return answer.json()["data"]
        except (ValueError, KeyError, TypeError):
            raise self._wrong("its answer is none of listmonk's") from None
        raise DestinationUnavailable(
            f"it answers {answer.status_code}",
            where=self._client.name,
            still_true="Of that batch some records may be taken; they are sent again.",
            next_step="Look at listmonk's log, then `habitue deliver`.",
        )

    def _wrong(self, what: str) -> WrongCall:
        repair = "`url`, `user` or the variable that `credentials` names"
        return wrong_settings(what, self._client.name, repair=repair)


def quoted(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def _subscriber(said: Mapping[str, Any]) -> Subscriber:
    lists = {one["id"]: one["subscription_status"] for one in said["lists"] or ()}
    return Subscriber(said["id"], said["email"], said["status"], lists, said["attribs"] or {})
