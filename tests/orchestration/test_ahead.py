"""Steps run as soon as what they need is done, each once, and never after the run is over."""

from threading import Event
from typing import Any

import pytest

from orchestration.ahead import Ahead, Work

PATIENCE = 10


def test_two_steps_that_need_nothing_run_at_the_same_time() -> None:
    left, right = Event(), Event()

    def meets(mine: Event, other: Event) -> bool:
        mine.set()
        return other.wait(PATIENCE)

    with Ahead(2) as ahead:
        ahead.plan({"left": _work(lambda: meets(left, right)), "right": _work(lambda: meets(right, left))})
        assert ahead.result("left", _unasked)
        assert ahead.result("right", _unasked)


def test_step_runs_after_what_it_needs() -> None:
    done: list[str] = []
    works = {
        "last": _work(lambda: done.append("last"), "middle"),
        "middle": _work(lambda: done.append("middle"), "first"),
        "first": _work(lambda: done.append("first")),
    }
    with Ahead(4) as ahead:
        ahead.plan(works)
        for name in ("first", "middle", "last"):
            ahead.result(name, _unasked)
    assert done == ["first", "middle", "last"]


def test_what_needs_a_failed_step_is_not_begun_until_a_second_try_succeeds() -> None:
    done: list[str] = []

    def fails() -> None:
        raise ConnectionError

    with Ahead(2) as ahead:
        ahead.plan({"first": _work(fails), "second": _work(lambda: done.append("second"), "first")})
        with pytest.raises(ConnectionError):
            ahead.result("first", _unasked)
        assert not done
        ahead.result("first", lambda: done.append("first"))
        ahead.result("second", _unasked)
    assert done == ["first", "second"]


def test_nothing_new_begins_once_the_run_is_over() -> None:
    done: list[str] = []
    let = Event()

    def slow() -> None:
        let.wait(PATIENCE)
        done.append("slow")

    with Ahead(2) as ahead:
        ahead.plan({"slow": _work(slow), "next": _work(lambda: done.append("next"), "slow")})
        Event.set(let)
        ahead.__exit__(None, None, None)
    assert done in (["slow"], ["slow", "next"])


def test_one_step_at_once_runs_only_what_is_asked_for() -> None:
    done: list[str] = []
    with Ahead(1) as ahead:
        ahead.plan({"asked": _work(lambda: done.append("ahead"))})
        assert ahead.result("asked", lambda: "now") == "now"
    assert not done


def _work(does: Any, *needs: str) -> Work:
    return Work(does, frozenset(needs))


def _unasked() -> None:
    raise AssertionError("a step that was begun is not done again")
