"""Steps, rows, seconds and peak memory of whole nights: `python -m benchmarks.night --customers 10000`.

Each night runs in a process of its own, as `habitue night` does; memory is that of Python and its JVM together.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.contract import Check, higher, lower, report
from lakehouse.settings import PROJECT
from synthetic.__main__ import main as generate

FIRST, NEXT = "2026-03-01", "2026-03-02"
MB = 1024 * 1024


def main(arguments: list[str] | None = None) -> int:
    """Measure the first night, training and the next night of every size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night", description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000])
    parser.add_argument("--data", type=Path, help="unused: this benchmark makes its own data")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    checks = [check for customers in asked.customers for check in measured(customers)]
    return report(checks, as_json=asked.json)


def measured(customers: int) -> list[Check]:
    """Figures of one size, step by step; none has a bar: the machine decides."""
    with tempfile.TemporaryDirectory() as folder:
        generate(["--customers", str(customers), "--nights", "2", "--out", folder])
        lake = ["--retailer", str(PROJECT / "retailers/demo.yaml"), "--lake", f"{folder}/lake"]
        landing = ["--landing", f"{folder}/landing"]
        runs = {
            "first night": _timed(["night", *lake, *landing, "--date", FIRST]),
            "training": _timed(["train", *lake]),
            "next night": _timed(["night", *lake, *landing, "--date", NEXT]),
            "rerun": _timed(["night", *lake, *landing, "--date", NEXT]),
        }
    return [check for name, run in runs.items() for check in _checks(f"{customers} customers, {name}", *run)]


def _checks(name: str, seconds: float, peak: int, said: dict[str, Any]) -> list[Check]:
    rows = sum(file.get("rows") or 0 for file in said.get("files", ()) if file["status"] == "new")
    steps = [lower(f"{name}: {step} seconds", spent) for step, spent in said["seconds"].items()]
    whole = [lower(f"{name}: seconds", seconds), lower(f"{name}: peak memory MB", peak / MB)]
    return [*whole, *([higher(f"{name}: rows delivered", rows)] if rows else []), *steps]


def _timed(command: list[str]) -> tuple[float, int, dict[str, Any]]:
    """Seconds, peak bytes of the whole process tree, and the JSON that the command printed.

    Raises: RuntimeError if the command failed.
    """
    started = time.perf_counter()
    call = [sys.executable, "-m", "orchestration.cli", *command, "--json"]
    run = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT)
    peak = PeakMemory(run.pid)
    peak.start()
    printed, told = run.communicate()
    seconds = time.perf_counter() - started
    peak.join()
    if run.returncode:
        raise RuntimeError(f"`habitue {' '.join(command)}` ended with {run.returncode}: {told[-2000:]}")
    return seconds, peak.highest, json.loads(printed.splitlines()[-1])


class PeakMemory(threading.Thread):
    """Resident bytes of a process and its children, looked at five times a second until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.highest = 0

    def run(self) -> None:
        """Look until the process ends."""
        with suppress(psutil.NoSuchProcess):
            while self.process.status() != psutil.STATUS_ZOMBIE:
                self.highest = max(self.highest, self._now())
                time.sleep(0.2)

    def _now(self) -> int:
        total = 0
        for process in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total


if __name__ == "__main__":
    sys.exit(main())
