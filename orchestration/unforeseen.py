"""An error that nobody foresaw, told without its own message: Spark quotes the value that it could not read."""

import sys
import traceback
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from lakehouse.errors import StepFailed
from lakehouse.settings import PROJECT, settings


def step_failed(error: Exception, *, step: str) -> StepFailed:
    """What may be kept of an error: its kind and the line of ours that met it.

    Units: with HABITUE_FULL_ERRORS set, the error is also printed to the terminal, and only there.
    """
    if settings().full_errors:
        traceback.print_exception(error, file=sys.stderr)
    return StepFailed(
        f"{_kind(error)} at {_our_line(error)}; its message may hold a person's data and is not kept",
        where=step,
        still_true="The tables hold what their last finished step wrote.",
        next_step="To see the message, run the same night again with `HABITUE_FULL_ERRORS=1` in a terminal.",
    )


def _kind(error: Exception) -> str:
    if isinstance(error, PySparkException):
        return f"Spark stopped with {error.getCondition() or type(error).__name__}"
    if isinstance(error, Py4JJavaError):
        return f"Spark stopped with {error.java_exception.getClass().getSimpleName()}"
    return f"{type(error).__name__} was raised"


def _our_line(error: Exception) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(Path(frame.filename))]
    if not frames:
        return "no line of Habitué"
    return f"{Path(frames[-1].filename).relative_to(PROJECT)}:{frames[-1].lineno}"


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(PROJECT) and "site-packages" not in path.parts
