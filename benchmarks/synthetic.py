"""Seconds and peak memory of the fictional retailer: `python -m benchmarks.synthetic --customers 10000 100000`.

Each size runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contract import Check, higher, lower, report

SECONDS = {10_000: 20.0}
"""Bars of issue 3; other sizes are reported without one."""
MEMORY_MB = 1_000.0
"""Chunks hold 5,000 customers, whatever the number of all: measured 380 MB at 10,000 and 420 MB at 100,000."""

_CHILD = """
import json, resource, sys
from synthetic.__main__ import main
status = main(sys.argv[1:])
print(json.dumps({"status": status, "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure every size; 0 when all bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthetic", description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000])
    parser.add_argument("--nights", type=int, default=2)
    parser.add_argument("--data", type=Path, help="unused: this benchmark makes its own data")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    checks = [check for customers in asked.customers for check in measured(customers, asked.nights)]
    return report(checks, as_json=asked.json)


def measured(customers: int, nights: int) -> list[Check]:
    """Seconds, peak memory and rows per second of one size."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        call = ["--customers", str(customers), "--nights", str(nights), "--out", folder, "--json"]
        run = subprocess.run([sys.executable, "-c", _CHILD, *call], capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - start
        written, used = (json.loads(line) for line in run.stdout.splitlines()[-2:])
    name = f"synthetic {customers} customers, {nights} nights"
    return [
        lower(f"{name}: seconds", seconds, SECONDS.get(customers)),
        lower(f"{name}: peak memory MB", used["peak_kb"] / _KB_PER_MB, MEMORY_MB),
        higher(f"{name}: rows per second", written["rows"] / seconds),
    ]


# Linux counts the peak in kilobytes, macOS in bytes.
_KB_PER_MB = 1024 if sys.platform != "darwin" else 1024 * 1024


if __name__ == "__main__":
    sys.exit(main())
