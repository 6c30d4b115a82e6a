"""One night at a time per lake: an advisory lock in the state folder, released by the system when a process dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.errors import LakeLocked


@contextmanager
def lake_lock(state: Path, *, purpose: str) -> Iterator[None]:
    """Hold the lake's lock while the block runs.

    Raises: LakeLocked if another process holds it; the message names its purpose and process id.
    Source: flock(2); a kill -9 releases it, so no stale lock can remain.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lake.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _locked(state, file.read().strip()) from None
        file.truncate(0)
        file.write(f"{purpose} (process {os.getpid()})")
        file.flush()
        yield


def _locked(state: Path, holder: str) -> LakeLocked:
    return LakeLocked(
        f"{holder or 'another process'} is running on this lake",
        where=str(state),
        still_true="Its tables are being written by that process alone; this call changed nothing.",
        next_step="Wait until it has ended and run the same command again.",
    )
