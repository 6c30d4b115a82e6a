"""Calls keep a tool's pace, come again where that may help, and tell no secret."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from activation.http import LONGEST_WAIT, Client, Clock, Pace
from lakehouse.errors import DestinationUnavailable

URL = "https://tool.example/token-of-the-customer"
NOON = 1_772_366_400  # 2026-03-01 12:00 UTC
Reply = Callable[[httpx.Request], httpx.Response]


@dataclass
class StoppedClock:
    """Time that passes only while somebody sleeps."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(elapsed=lambda: self.at, unix=lambda: NOON + self.at, sleep=self.sleep)


def client(stopped: StoppedClock, *replies: int | Exception | httpx.Response) -> Client:
    """A client whose tool gives these answers, one after the other."""
    waiting = list(replies)

    def reply(request: httpx.Request) -> httpx.Response:
        said = waiting.pop(0)
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, httpx.Response) else httpx.Response(said)

    return Client("tool.example", clock=stopped.clock, transport=httpx.MockTransport(reply))


@pytest.mark.parametrize(
    "trouble", [429, 500, 503, httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.ConnectError("x")]
)
def test_a_call_that_may_succeed_later_is_made_again(trouble: int | Exception) -> None:
    stopped = StoppedClock()
    assert client(stopped, trouble, trouble, 200).post(URL, b"{}", {}).status_code == 200
    assert len(stopped.slept) == 2


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 404, 422])
def test_an_answer_that_would_stay_the_same_is_given_at_once(status: int) -> None:
    stopped = StoppedClock()
    assert client(stopped, status).post(URL, b"{}", {}).status_code == status
    assert not stopped.slept


@pytest.mark.parametrize("asked", ["7", "Sun, 01 Mar 2026 12:00:07 GMT"])
def test_the_wait_that_a_tool_asks_for_is_kept(asked: str) -> None:
    stopped = StoppedClock()
    client(stopped, httpx.Response(429, headers={"Retry-After": asked}), 200).post(URL, b"{}", {})
    assert stopped.slept == [7.0]


def test_a_wait_that_cannot_be_read_is_the_ordinary_one() -> None:
    stopped = StoppedClock()
    client(stopped, httpx.Response(429, headers={"Retry-After": "soon"}), 200).post(URL, b"{}", {})
    assert 0 <= stopped.slept[0] <= 1


def test_a_tool_that_asks_for_hours_is_left_for_the_next_run() -> None:
    stopped = StoppedClock()
    late = httpx.Response(429, headers={"Retry-After": str(int(LONGEST_WAIT) + 1)})
    with pytest.raises(DestinationUnavailable, match="asks to wait 301 seconds"):
        client(stopped, late).post(URL, b"{}", {})
    assert not stopped.slept


def test_waits_grow_and_end_and_the_message_names_neither_address_nor_body() -> None:
    stopped = StoppedClock()
    with pytest.raises(DestinationUnavailable, match="it answers 503") as failed:
        client(stopped, *[503] * 6).post(URL, b"a@example.org", {})
    assert len(stopped.slept) == 5
    assert all(wait <= 0.5 * 2**tried for tried, wait in enumerate(stopped.slept))
    assert "token" not in str(failed.value)
    assert "example.org" not in str(failed.value)


def test_calls_come_at_the_pace_that_the_tool_allows() -> None:
    stopped = StoppedClock()
    pace = Pace(4, stopped.clock)
    for _ in range(9):
        pace.wait()
    assert stopped.at == pytest.approx(2.0)
    stopped.at += 60
    pace.wait()
    pace.wait()
    assert stopped.at == pytest.approx(62.25), "an idle minute saves up no burst"
