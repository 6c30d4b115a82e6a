"""`habitue ui` as a person starts and stops it: in the foreground of a shell of its own, with Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lakehouse.settings import PROJECT
from tests.tools.postgresql import free_port

PATIENCE = 90
"""Seconds that Dagster may take until it answers; 10 on an idle machine."""
FAREWELL = 30
"""Seconds that it may take to stop."""


@dataclass(frozen=True)
class DagsterUI:
    """A running `habitue ui`; its processes are a group of their own."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def asked(self, query: str) -> dict[str, Any]:
        """What Dagster's GraphQL answers."""
        answer = httpx.post(f"{self.address}/graphql", json={"query": query}, timeout=60).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def press_ctrl_c(self) -> bool:
        """Whether every process of it ended in time."""
        os.killpg(self.process.pid, signal.SIGINT)
        return _within(FAREWELL, lambda: self.process.poll() is not None and not _lives(self.process.pid))


@contextmanager
def running_ui(retailer: Path, folder: Path) -> Iterator[DagsterUI]:
    """Dagster at an empty lake in this folder while the block runs."""
    (folder / "landing").mkdir()
    port, log = free_port(), folder / "ui.log"
    place = ["--retailer", retailer, "--landing", folder / "landing", "--lake", folder / "lake"]
    command = [sys.executable, "-m", "orchestration.cli", "ui", *map(str, place), "--port", str(port)]
    process = _in_a_shell_of_its_own(command, folder / "state", log)
    ui = DagsterUI(f"http://127.0.0.1:{port}", process, log)
    try:
        _within(PATIENCE, lambda: process.poll() is not None or _answers(ui.address))
        assert _answers(ui.address), f"Dagster did not start: {log.read_text()[-2000:]}"
        yield ui
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _in_a_shell_of_its_own(command: list[str], state: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, "HABITUE_STATE": str(state)},
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_heeding_ctrl_c,
        )


def _heeding_ctrl_c() -> None:
    # Tests that run in the background of a script ignore Ctrl-C, and so would all that they start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _answers(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{address}/server_info", timeout=5).status_code == 200
    return False


def _lives(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not (over := done()) and time.monotonic() < end:
        time.sleep(0.3)
    return over
