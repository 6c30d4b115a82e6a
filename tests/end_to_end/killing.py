"""A night in a process of its own that is killed with -9 in the middle."""

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

from lakehouse.settings import environment_with
from orchestration import cli
from tests.conftest import SMALL
from tests.end_to_end.conftest import Shop


def kill_after(step: str, shop: Shop, night: date) -> None:
    """Start the night in a process of its own and kill -9 it once a step is done."""
    command = [sys.executable, "-m", "orchestration.cli", "night", *shop.place(), "--date", str(night)]
    small = shop.folder / "spark.conf"
    small.write_text("".join(f"{name} {value}\n" for name, value in SMALL.items()))
    variables = environment_with(
        HABITUE_SPARK_MASTER="local[2]", HABITUE_SPARK_MEMORY="1g", HABITUE_SPARK_CONF=str(small)
    )
    root = Path(cli.__file__).parent.parent
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=variables, cwd=root)
    assert process.stderr is not None
    seen = [line for line in iter(process.stderr.readline, "") if not _reached(line, step, process)]
    assert process.wait() == -signal.SIGKILL, "".join(seen)
    process.stderr.close()


def _reached(line: str, step: str, process: "subprocess.Popen[str]") -> bool:
    if step not in line:
        return False
    process.kill()
    return True
