"""A tool that takes signed calls as docs/webhook.md describes it, and fails as tools do, on a local port."""

import hashlib
import hmac
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal["too_many", "error", "reset", "timeout", "lose_answer"]
"""lose_answer applies the batch and then breaks the connection; the other four apply nothing."""
OLDEST = 300
"""Seconds after which a signed call is refused as a replay."""


@dataclass
class Receiver:
    """What the tool holds and what it saw.

    Units: held is the fields by (sync or audience, contact id); effects counts changes of state per idempotency key;
           seen counts arrivals by (contact id, operation);
           fault gives what happens to the n-th call with records; calls_per_second answers 429 beyond it;
           remembers False keeps no state, for sets too large for it.
    """

    secret: str
    fault: Callable[[int], Fault | None] = lambda _: None
    rejects: Callable[[str], bool] = lambda _: False
    refuses_whole_batches: bool = False
    calls_per_second: float | None = None
    stall: float = 0.5
    remembers: bool = True
    held: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    def __post_init__(self) -> None:
        self._last: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._allowed, self._at = 1.0, time.monotonic()

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The url while the tool is up."""
        server = _Server(self)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/habitue"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def is_ours(self, body: bytes, timestamp: str, said: str) -> bool:
        """Whether the body was signed with the shared secret within the last minutes."""
        signed = hmac.new(self.secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        fresh = timestamp.isdigit() and abs(time.time() - int(timestamp)) <= OLDEST
        return fresh and hmac.compare_digest(f"sha256={signed}", said)

    def forget_calls(self) -> None:
        """Keep what is held and count anew."""
        with self._lock:
            self.calls = 0
            self.effects, self.seen, self.faults = Counter(), Counter(), Counter()

    def next_fault(self) -> Fault | None:
        """What happens to the next call with records."""
        with self._lock:
            self.calls += 1
            fault = "too_many" if self._too_fast() else self.fault(self.calls)
            self.faults[fault or "none"] += 1
            return fault

    def take(self, batch: dict[str, Any]) -> tuple[int, list[dict[str, str]]]:
        """The status and an answer per record; each record is applied once, however often it comes."""
        with self._lock:
            bad = [one["key"] for one in batch["records"] if self.rejects(one["contact_id"])]
            if self.remembers:
                self.seen.update((one["contact_id"], one["operation"]) for one in batch["records"])
            if bad and self.refuses_whole_batches:
                return 422, []
            return 200, [self._apply(batch["name"], one, one["key"] in bad) for one in batch["records"]]

    def _apply(self, name: str, record: dict[str, Any], is_bad: bool) -> dict[str, str]:  # noqa: FBT001
        if is_bad:
            return {"key": record["key"], "status": "rejected", "reason": "unknown_contact"}
        if not self.remembers:
            return {"key": record["key"], "status": "accepted"}
        contact = (name, record["contact_id"])
        if self._last.get(contact) != record["key"]:
            self._last[contact] = record["key"]
            self.effects[record["key"]] += 1
            if record["operation"] == "remove":
                self.held.pop(contact, None)
            else:
                self.held[contact] = record["fields"]
        return {"key": record["key"], "status": "accepted"}

    def _too_fast(self) -> bool:
        if self.calls_per_second is None:
            return False
        now = time.monotonic()
        # A window of a second, as most tools count: a second's worth may come at once.
        self._allowed = min(self.calls_per_second, self._allowed + (now - self._at) * self.calls_per_second)
        self._at = now
        if self._allowed < 1:
            return True
        self._allowed -= 1
        return False


class _Server(ThreadingHTTPServer):
    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One connection; what it does is decided by the receiver of its server."""

    server: "_Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = self.headers.get("X-Habitue-Signature", "")
        if not self.server.receiver.is_ours(body, self.headers.get("X-Habitue-Timestamp", ""), signed):
            self._answer(401)
            return
        batch = json.loads(body)
        if batch.get("check"):
            self._answer(200)
            return
        self._fail_or_take(self.server.receiver.next_fault(), batch)

    def _fail_or_take(self, fault: Fault | None, batch: dict[str, Any]) -> None:
        match fault:
            case "too_many":
                self._answer(429, headers={"Retry-After": "1"})
            case "error":
                self._answer(500)
            case "timeout":
                time.sleep(self.server.receiver.stall)
                self._break()
            case "reset":
                self._break()
            case "lose_answer":
                self.server.receiver.take(batch)
                self._break()
            case _:
                status, answers = self.server.receiver.take(batch)
                self._answer(status, {"records": answers})

    def _break(self) -> None:
        # Lingering for no time makes the close a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _answer(self, status: int, said: Any = None, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(said or {}).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing: the counts say what came."""

    def finish(self) -> None:
        """As usual, but a connection that was broken on purpose has nothing to flush."""
        if self.connection.fileno() != -1:
            super().finish()
