"""Calls to a tool over HTTP: at the pace it allows, and again where another try may help.

No message names an address, a header or a body: they hold secrets and people.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from lakehouse.errors import DestinationUnavailable

TOO_MANY_CALLS = 429
ATTEMPTS = 6
TIMEOUT = 30.0
"""Seconds that a tool may take to answer one call."""
LONGEST_WAIT = 300.0
"""Seconds: a tool that asks for more is left for the next run, so that it does not hold up a night."""
# Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
BACK_OFF = wait_random_exponential(multiplier=0.5, max=60)


@dataclass(frozen=True)
class Clock:
    """Where calls look at the time and sleep, so that tests need neither.

    Units: elapsed gives seconds of any origin that never jump; unix gives seconds since 1970.
    """

    elapsed: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Pace:
    """A token bucket: at most `calls_per_second`, and never more than `burst` at once; without a rate no limit."""

    calls_per_second: float | None
    clock: Clock = field(default_factory=Clock)
    burst: float = 1.0

    def __post_init__(self) -> None:
        self._tokens, self._at = self.burst, self.clock.elapsed()

    def wait(self) -> None:
        """Sleep until one more call is allowed."""
        if self.calls_per_second is None:
            return
        now = self.clock.elapsed()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.calls_per_second) - 1
        self._at = now
        if self._tokens < 0:
            self.clock.sleep(-self._tokens / self.calls_per_second)


class Bearer(httpx.Auth):
    """An access token in a header, so that no address holds it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class Client:
    """Calls one tool.

    Units: timeout in seconds; attempts counts the first try; calls_per_second is the limit that the tool documents.
    """

    def __init__(
        self,
        name: str,
        *,
        auth: httpx.Auth | None = None,
        calls_per_second: float | None = None,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name, self.attempts, self.clock = name, attempts, clock or Clock()
        self._pace = Pace(calls_per_second, self.clock)
        self._http = httpx.Client(
            auth=auth, timeout=timeout, transport=transport, headers={"User-Agent": "habitue"}, follow_redirects=False
        )

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """As `request`."""
        return self.request("POST", url, body=body, headers=headers)

    def request(
        self, method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """The tool's answer; another try is made where it asks for one (429, 5xx) or the connection breaks.

        Raises: DestinationUnavailable if the last try failed too, or the tool asks for a longer wait than LONGEST_WAIT.
        """
        retrying = Retrying(
            sleep=self.clock.sleep,
            stop=stop_after_attempt(self.attempts),
            wait=_pause,
            retry=retry_if_exception_type(_Again),
            reraise=True,
        )
        try:
            return retrying(self._once, method, url, body, headers)
        except _Again as last:
            raise self._unavailable(last.why) from None

    def _once(self, method: str, url: str, body: bytes | None, headers: dict[str, str] | None) -> httpx.Response:
        self._pace.wait()
        try:
            answer = self._http.request(method, url, content=body or None, headers=headers)
        except httpx.TimeoutException:
            raise _Again("it gives no answer in time") from None
        except httpx.TransportError:
            raise _Again("the connection breaks") from None
        if answer.status_code != TOO_MANY_CALLS and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            return answer
        wait = _asked_wait(answer.headers.get("Retry-After"), self.clock.unix())
        if wait is not None and wait > LONGEST_WAIT:
            raise self._unavailable(f"it answers {answer.status_code} and asks to wait {wait:,.0f} seconds")
        raise _Again(f"it answers {answer.status_code}", wait)

    def _unavailable(self, why: str) -> DestinationUnavailable:
        return DestinationUnavailable(
            why,
            where=self.name,
            still_true="Whether the last call was taken is unknown; its records are sent again with the same keys.",
            next_step="Look whether the tool is up, then `habitue deliver`.",
        )


class _Again(Exception):
    """Another try may help; wait: the seconds that the tool asks for, if any."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        self.why, self.wait = why, wait
        super().__init__(why)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, _Again) else None
    return BACK_OFF(state) if asked is None else asked


def _asked_wait(header: str | None, now: float) -> float | None:
    """Seconds that Retry-After asks for: a number or a date (RFC 9110, 10.2.3); None where it cannot be read."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now)
