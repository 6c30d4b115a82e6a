"""What the command line does not load before it knows that it needs it."""

import subprocess
import sys

from tests.architecture.source import PROJECT

# Seconds that each takes to import on a small machine; `habitue --help` should answer at once.
SLOW = {"great_expectations": 6, "mlflow": 3, "xgboost": 3, "dagster": 1, "pyspark": 0.5}


def test_command_line_answers_before_anything_slow_is_loaded() -> None:
    program = f"import sys, orchestration.cli; print(*({set(SLOW)!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [], "import it inside the command that needs it"
