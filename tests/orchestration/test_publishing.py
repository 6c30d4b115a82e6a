"""Tables of one step are published at the same time; once one is stopped, nothing more begins."""

from functools import partial
from threading import Event

import pytest

from lakehouse.errors import GateBlocked
from orchestration.publishing import publish_together
from quality.publish import Published

PATIENCE = 10


def test_two_tables_are_published_at_the_same_time_and_told_in_their_order() -> None:
    left, right = Event(), Event()

    def meets(name: str, mine: Event, other: Event) -> Published:
        mine.set()
        assert other.wait(PATIENCE)
        return published(name)

    works = [lambda: meets("left", left, right), lambda: meets("right", right, left)]
    assert [each.table for each in publish_together(works, threads=2)] == ["left", "right"]


def test_nothing_more_is_published_once_a_table_was_stopped() -> None:
    done: list[str] = []

    def writes(name: str) -> Published:
        done.append(name)
        return published(name)

    def stops() -> Published:
        raise GateBlocked(
            "too few rows", where="unified.second", still_true="It holds what it held.", next_step="Look."
        )

    with pytest.raises(GateBlocked):
        publish_together([partial(writes, "first"), stops, partial(writes, "third")], threads=1)
    assert done == ["first"]


def published(name: str) -> Published:
    return Published(name, 1, {}, 0, (), 0, (), 1)
