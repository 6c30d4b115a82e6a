"""`make test`: the unit tests and the whole nights beside one another, each group with a Spark session of its own.

A night waits for Spark's planner most of the time: one group after the other leaves half of the processor idle, on
2 cores too. The unit tests are two groups for the same reason: as one they ran 310 s longer than the others, alone.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

TESTS = Path("tests")
WHOLE_NIGHTS = TESTS / "end_to_end"
PIPELINES = TESTS / "pipelines"
README, DAMAGED = WHOLE_NIGHTS / "test_readme.py", WHOLE_NIGHTS / "test_bad_input.py"
GROUPS = {
    "whole nights": [str(WHOLE_NIGHTS), f"--ignore={README}", f"--ignore={DAMAGED}"],
    "commands of the README, damaged files": [str(README), str(DAMAGED)],
    "unit tests of the pipelines": [str(PIPELINES)],
    "unit tests of all else": [
        str(TESTS),
        *(f"--ignore={place}" for place in (WHOLE_NIGHTS, PIPELINES, TESTS / "tools")),
    ],
}
NOTHING_COLLECTED = 5


def main(options: list[str]) -> int:
    """Run every group with the options of pytest; 0 if no test failed and at least one ran."""
    with ThreadPoolExecutor(len(GROUPS)) as pool:
        ended = list(pool.map(lambda name: _run(name, options), GROUPS))
    told = [status for status in ended if status != NOTHING_COLLECTED]
    if not told:
        return NOTHING_COLLECTED
    return next((status if status > 0 else 1 for status in told if status), 0)


def _run(name: str, options: list[str]) -> int:
    """The exit status of pytest for one group; what it says is printed at its end, so that no two mix."""
    started = monotonic()
    print(f"-- {name}: started", flush=True)
    call = [sys.executable, "-m", "pytest", *GROUPS[name], *options]
    ended = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"-- {name}: {monotonic() - started:.0f} s\n{ended.stdout}", flush=True)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
