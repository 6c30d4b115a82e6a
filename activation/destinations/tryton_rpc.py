"""Calls to a Tryton server: JSON-RPC in a session, which is opened again when it has expired.

Source: Tryton 8.0, "Remote Procedure Call" of the trytond documentation; what it answers to failures was measured:
an error of the application is 200 with `error`, an expired session 401, too many wrong passwords 429.
"""

import base64
import json
from collections.abc import Generator
from typing import Any

import httpx

from activation.destination import BatchRefused
from activation.http import TOO_MANY_CALLS, Client
from activation.http_answers import wrong_settings
from lakehouse.errors import DestinationUnavailable, WrongCall

JSON = {"Content-Type": "application/json"}
CHANGED_MEANWHILE = "ConcurrencyException"


class Rpc:
    """One user's calls to one database; `url` is the server's address with the database, as http://host:8000/crm."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.address = f"{url.rstrip('/')}/rpc/"
        self.where = f"{httpx.URL(url).host} (Tryton)"
        self._client = Client(self.where, auth=Session(self.address, user, password, self.where))

    def call(self, method: str, *params: Any) -> Any:
        """What the method returns.

        Raises: BatchRefused if the CRM refuses what was said, WrongCall if user, password or database is wrong,
                DestinationUnavailable.
        """
        body = json.dumps({"id": 0, "method": method, "params": params}, ensure_ascii=False).encode()
        answer = self._client.post(self.address, body, JSON)
        match answer.status_code:
            case httpx.codes.UNAUTHORIZED:
                raise wrong("it opens a session and then refuses it", self.where)
            case httpx.codes.NOT_FOUND:
                raise _no_database(self.where)
            case httpx.codes.OK:
                return self._result(answer)
        raise unavailable(f"it answers {answer.status_code}", self.where)

    def _result(self, answer: httpx.Response) -> Any:
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict) or not {"result", "error"} & said.keys():
            raise wrong("its answer is none of a Tryton server", self.where)
        if "error" not in said:
            return said["result"]
        kind = str(said["error"][0]) if said["error"] else ""
        if kind == CHANGED_MEANWHILE:
            raise unavailable("somebody else changes the same customers", self.where)
        # Only the kind of the error: its text quotes what was sent.
        raise BatchRefused(f"the CRM refuses it ({kind if kind.isidentifier() else 'ServerError'})", where=self.where)


class Session(httpx.Auth):
    """Logs in before the first call and once more when a call finds the session expired."""

    requires_response_body = True

    def __init__(self, address: str, user: str, password: str, where: str) -> None:
        self._address, self._user, self._password, self._where = address, user, password, where
        self._opened: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with the session's key, after a log-in where one is needed."""
        if self._opened is None:
            yield from self._log_in(request)
        request.headers["Authorization"] = f"Session {self._opened}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            yield from self._log_in(request)
            request.headers["Authorization"] = f"Session {self._opened}"
            yield request

    def _log_in(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        params = [self._user, {"password": self._password}, "en"]
        body = {"id": 0, "method": "common.db.login", "params": params}
        # The extensions hold the time limits of the call.
        answer = yield httpx.Request("POST", self._address, json=body, extensions=request.extensions)
        match answer.status_code:
            case httpx.codes.UNAUTHORIZED:
                raise wrong("it refuses the user or the password", self._where)
            case httpx.codes.NOT_FOUND:
                raise _no_database(self._where)
            case status if status == TOO_MANY_CALLS:
                raise unavailable("it lets nobody log in for some minutes, after too many wrong passwords", self._where)
            case status if status != httpx.codes.OK:
                raise unavailable(f"it answers {status} to the log-in", self._where)
        try:
            number, key = answer.json()["result"][:2]
        except (ValueError, TypeError, KeyError):
            raise wrong("its answer is none of a Tryton server", self._where) from None
        self._opened = base64.b64encode(f"{self._user}:{number}:{key}".encode()).decode()


def wrong(what: str, where: str) -> WrongCall:
    """The error of a setting that a person must repair."""
    return wrong_settings(what, where, repair="`url`, `user` or the password that `credentials` names")


def unavailable(what: str, where: str) -> DestinationUnavailable:
    """The error of a server that may take the same call later."""
    return DestinationUnavailable(
        what,
        where=where,
        still_true="No record of that call is known to be taken.",
        next_step="Look whether the CRM is up, then `habitue deliver`.",
    )


def _no_database(where: str) -> WrongCall:
    return wrong("it has no such database, or is no Tryton 8.0 server: url is http://host:port/database", where)
