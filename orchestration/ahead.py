"""Steps of one night at the same time: what waits for nothing more runs in threads; Dagster collects in its own order.

Dagster's in-process executor makes one step after the other, and a night is a hundred small queries of which each
waits for the planner: two threads keep two cores busy (decision 0005).
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Work:
    """What one step does, and the steps that have to be done before."""

    does: Callable[[], Any]
    needs: frozenset[str]


@dataclass
class Ahead:
    """The work of one run, each step once; a step that failed is done again when it is asked for again.

    Units: threads is the number of steps at once; with one, every step runs when it is asked for.
    """

    threads: int = 1
    _works: Mapping[str, Work] = field(default_factory=dict)
    _begun: dict[str, Future[Any]] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)
    _done: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what has begun, so that nothing is written once the lake is unlocked; begin nothing more."""
        with self._lock:
            self._waiting.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def is_planned(self) -> bool:
        """Whether there is nothing left to plan: it was done, or one step runs at a time."""
        return self.threads < 2 or bool(self._works)

    def plan(self, works: Mapping[str, Work]) -> None:
        """Begin what needs nothing of `works`, and the rest as soon as what it needs is done. A second call is idle."""
        if self.is_planned:
            return
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="step")
        self._works, self._waiting = works, set(works)
        self._begin_ready()

    def result(self, name: str, does: Callable[[], Any]) -> Any:
        """What the step made; it is done here and now where it was not begun or is asked for again.

        Raises: what the step raised.
        """
        with self._lock:
            begun = self._begun.pop(name, None)
            self._waiting.discard(name)
        return begun.result() if begun is not None else self._finish(name, does)

    def _finish(self, name: str, does: Callable[[], Any]) -> Any:
        made = does()
        with self._lock:
            self._done.add(name)
        self._begin_ready()
        return made

    def _begin_ready(self) -> None:
        with self._lock:
            ready = [name for name in self._works if name in self._waiting and self._works[name].needs <= self._done]
            for name in ready:
                self._waiting.discard(name)
                if self._pool is not None:
                    self._begun[name] = self._pool.submit(self._finish, name, self._works[name].does)
