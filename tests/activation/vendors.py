"""HubSpot, Meta and Google Ads on a local port, as far as their public documentation says what they do."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SHA256 = re.compile(r"[0-9a-f]{64}")
Said = tuple[int, dict[str, Any]]


@dataclass
class Call:
    """One call as it came in."""

    method: str
    path: str
    asked: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        return dict(json.loads(self.body or b"{}"))

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Vendor:
    """What all three do: they know a token, and say 429 with Retry-After as often as a test wants."""

    token: str = "good-token"
    too_many: int = 0
    calls: list[Call] = field(default_factory=list)

    def takes(self, call: Call) -> Said:
        """The answer to one call of somebody who may make it."""
        raise NotImplementedError

    def stranger(self) -> Said:
        """The answer to somebody without a good token."""
        return 401, {"status": "error", "category": "INVALID_AUTHENTICATION"}

    def answer(self, call: Call) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers."""
        self.calls.append(call)
        if self.too_many:
            self.too_many -= 1
            return 429, {}, {"Retry-After": "1"}
        known = call.headers.get("Authorization") == f"Bearer {self.token}"
        return (*(self.takes(call) if known else self.stranger()), {})

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The address while it is up."""
        server = _Server(self)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass
class MetaServer(Vendor):
    """One custom audience; `throttled` answers as the Marketing API does, in the body of a 400."""

    account: str = "100"
    audience: str = "200"
    proof: str | None = None
    error: dict[str, Any] | None = None
    loses_rows: int = 0
    people: set[str] = field(default_factory=set)
    sessions: list[dict[str, Any]] = field(default_factory=list)

    def stranger(self) -> Said:
        return 400, {"error": {"message": "token of ann@example.org", "type": "OAuthException", "code": 190}}

    def takes(self, call: Call) -> Said:
        if self.error:
            return 400, {"error": self.error}
        if self.proof and self.proof != ({**call.asked, **call.form}).get("appsecret_proof"):
            return 400, {"error": {"code": 100, "message": "an appsecret_proof is required"}}
        if call.path == f"/v25.0/{self.audience}" and call.method == "GET":
            return 200, {"id": self.audience, "account_id": self.account}
        if call.path != f"/v25.0/{self.audience}/users":
            return 400, {"error": {"code": 100, "error_subcode": 33, "message": "does not exist"}}
        return self._session(call)

    def _session(self, call: Call) -> Said:
        payload, session = json.loads(call.form["payload"]), json.loads(call.form["session"])
        if len(payload["data"]) > 10_000 or payload["schema"] != ["EMAIL", "PHONE", "EXTERN_ID"]:
            return 400, {"error": {"code": 100, "message": "Invalid parameter"}}
        self.sessions.append(session)
        sound = [row for row in payload["data"] if all(not one or SHA256.fullmatch(one) for one in row[:2])]
        people = {one for row in sound for one in row[:2] if one}
        self.people = self.people - people if call.method == "DELETE" else self.people | people
        invalid = len(payload["data"]) - len(sound)
        told = {"num_received": len(payload["data"]) - self.loses_rows, "num_invalid_entries": invalid}
        return 200, told | {"audience_id": self.audience, "invalid_entry_samples": {"x": "ann@example.org"}}


@dataclass
class GoogleServer(Vendor):
    """One Customer Match list; requests are taken and their outcome is told later."""

    audience: str = "300"
    refuses: str | None = None
    people: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)
    grants: list[dict[str, str]] = field(default_factory=list)

    def answer(self, call: Call) -> tuple[int, dict[str, Any], dict[str, str]]:
        if call.path == "/token":
            self.calls.append(call)
            self.grants.append(call.form)
            return 200, {"access_token": self.token, "expires_in": 3600}, {}
        return super().answer(call)

    def stranger(self) -> Said:
        return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "for ann@example.org"}}

    def takes(self, call: Call) -> Said:
        if call.path == "/requestStatus:retrieve":
            return 200, {"requestStatusPerDestination": [{"requestStatus": self.statuses[call.asked["requestId"]]}]}
        said, is_ingest = call.json, call.path == "/audienceMembers:ingest"
        if problem := self._problem(said, is_ingest=is_ingest):
            details = [{"reason": "INVALID_ARGUMENT"}, {"fieldViolations": [{"reason": problem, "description": "Ann"}]}]
            return 400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": details}}
        if not said["validateOnly"]:
            people = set(_identifiers(said))
            self.people = self.people | people if is_ingest else self.people - people
        request = f"request-{len(self.statuses)}"
        self.statuses[request] = "PROCESSING"
        return 200, {"requestId": request}

    def _problem(self, said: dict[str, Any], *, is_ingest: bool) -> str | None:
        to = said["destinations"][0]
        if to["productDestinationId"] != self.audience:
            return "INVALID_USER_LIST_ID"
        if len(said["audienceMembers"]) > 10_000:
            return "TOO_MANY_AUDIENCE_MEMBERS"
        if is_ingest and said["termsOfService"]["customerMatchTermsOfServiceStatus"] != "ACCEPTED":
            return "TERMS_AND_CONDITIONS_NOT_SIGNED"
        if is_ingest and set(said["consent"].values()) != {"CONSENT_GRANTED"}:
            return "INVALID_ENUM_VALUE"
        if said["encoding"] != "HEX" or not all(SHA256.fullmatch(one) for one in _identifiers(said)):
            return "INVALID_SHA256_FORMAT"
        return "INVALID_AUDIENCE_MEMBER" if self.refuses in {*_identifiers(said)} else None


@dataclass
class HubSpotServer(Vendor):
    """Contacts by our id, each with its properties, and one static list of HubSpot's own ids."""

    properties: dict[str, bool] = field(default_factory=lambda: {"habitue_contact_id": True, "habitue_segment": False})
    contacts: dict[str, dict[str, str]] = field(default_factory=dict)
    processing_type: str = "MANUAL"
    members: set[str] = field(default_factory=set)
    bad_value: str = "unacceptable"

    def takes(self, call: Call) -> Said:
        match call.method, call.path:
            case "GET", "/crm/v3/properties/contacts":
                known = [{"name": name, "hasUniqueValue": unique} for name, unique in self.properties.items()]
                return 200, {"results": known}
            case "GET", "/crm/v3/lists/7":
                return 200, {"list": {"processingType": self.processing_type}}
            case "PUT", "/crm/v3/lists/7/memberships/add-and-remove":
                self.members |= set(call.json["recordIdsToAdd"])
                self.members -= set(call.json["recordIdsToRemove"])
                return 200, {"recordIdsMissing": []}
            case "POST", path if path.startswith("/crm/v3/objects/contacts/batch/"):
                return self._batch(path.rpartition("/")[2], call.json)
        return 404, {"status": "error", "category": "OBJECT_NOT_FOUND"}

    def _batch(self, action: str, said: dict[str, Any]) -> Said:
        if len(said["inputs"]) > 100:
            return 400, {"category": "VALIDATION_ERROR", "message": "more than 100 inputs"}
        if action == "read":
            found = [self._shown(one["id"]) for one in said["inputs"] if one["id"] in self.contacts]
            return 200, {"results": found}
        if any(name not in self.properties for one in said["inputs"] for name in one["properties"]):
            return 400, {"category": "VALIDATION_ERROR", "message": "Property values were not valid: ann@example.org"}
        results, errors = [], []
        for one in said["inputs"]:
            category = self._refusal(action, one)
            if category:
                trace = {"objectWriteTraceId": [one["objectWriteTraceId"]]}
                context = {"ids": [one["id"]]} if category == "OBJECT_NOT_FOUND" else trace
                errors.append({"category": category, "message": "about ann@example.org", "context": context})
                continue
            self.contacts.setdefault(one["id"], {}).update(one["properties"])
            results.append(self._shown(one["id"]))
        return (207 if errors else 200), {"results": results, "errors": errors}

    def _refusal(self, action: str, one: dict[str, Any]) -> str | None:
        if self.bad_value in one["properties"].values():
            return "VALIDATION_ERROR"
        return "OBJECT_NOT_FOUND" if action == "update" and one["id"] not in self.contacts else None

    def _shown(self, contact: str) -> dict[str, Any]:
        return {"id": f"9{contact}", "properties": {"habitue_contact_id": contact} | self.contacts[contact]}


def _identifiers(said: dict[str, Any]) -> Iterator[str]:
    for member in said["audienceMembers"]:
        for one in member["userData"]["userIdentifiers"]:
            yield from one.values()


class _Server(ThreadingHTTPServer):
    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(self.command, parts.path, asked, dict(self.headers.items()), body)
        status, said, headers = self.server.vendor.answer(call)
        told = json.dumps(said).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(told))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Nothing: calls are asserted, not read."""
