"""Promotion: a version becomes champion only where it is surely better, window after window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.baselines import called
from models.calendar import TEST_WINDOWS
from models.fairness import Gap
from models.model import Array, Model

CHAMPION = "champion"


@dataclass(frozen=True)
class Gain:
    """How much better the candidate ranked the same customers than a rival, with the 95 % interval.

    Units: has_seen tells a champion that has learned from this very window: it is judged too well there.
    """

    rival: str
    rival_score: float
    gain: float
    low: float
    high: float
    has_seen: bool = False


@dataclass(frozen=True)
class Window:
    """One test: the candidate's recipe, fitted on what was known by `night`, against its rivals afterwards.

    Shape: calibration holds the rows of metrics.calibration_bins by predictor.
           interval is what models.interval learned of an amount; profit holds the rows of models.profit.curve by
           predictor, for churn; fairness what models.fairness found in the groups that the retailer file names.
    Units: low and high are the 95 % interval of the score.
    """

    night: date
    customers: int
    score: float
    gains: tuple[Gain, ...]
    calibration_error: float | None
    total_bias: float
    calibration: Mapping[str, Array] = field(default_factory=dict, compare=False)
    interval: Mapping[str, Any] = field(default_factory=dict, compare=False)
    low: float = float("nan")
    high: float = float("nan")
    profit: Mapping[str, Array] = field(default_factory=dict, compare=False)
    fairness: tuple[Gap, ...] = field(default=(), compare=False)

    def over(self, rival: str) -> Gain | None:
        """The gain over that rival; None where it could not be compared."""
        return next((gain for gain in self.gains if gain.rival == rival), None)


@dataclass(frozen=True)
class Verdict:
    """Whether the candidate becomes champion, with which grade, and why in words."""

    promoted: bool
    grade: str
    reason: str


def verdict(model: Model, windows: Sequence[Window], *, champion: str | None, held_back: str | None = None) -> Verdict:
    """The decision over all test windows.

    Shape: champion is the version of today's champion, None where there is none. In a window that the champion has
           learned from it is judged too well; to be surely better even so is asked of the candidate all the same.
           held_back says why nothing may be promoted; the grade is told even so.
    """
    if len(windows) < TEST_WINDOWS:
        few = f"{len(windows)} test windows are too few to promote (at least {TEST_WINDOWS} are needed)"
        return Verdict(promoted=False, grade="E", reason=few)
    lost = _not_above(windows, model.baseline)
    if lost is not None:
        return Verdict(promoted=False, grade="E", reason=_not_surely_better(model, lost, model.baseline))
    weak = next((window for window in windows if window.score < model.least), None)
    if weak is not None:
        return Verdict(promoted=False, grade="E", reason=_too_weak(model, weak))
    grade = _grade(model, windows)
    if held_back is not None:
        return Verdict(promoted=False, grade=grade, reason=held_back)
    if champion is None:
        return Verdict(promoted=True, grade=grade, reason=f"surely better than {called(model.baseline)} in every test")
    lost = _not_above(windows, CHAMPION)
    if lost is not None:
        return Verdict(promoted=False, grade=grade, reason=_not_surely_better(model, lost, CHAMPION))
    better = f"surely better than {called(model.baseline)} and the champion (version {champion}) in every test"
    return Verdict(promoted=True, grade=grade, reason=better)


def is_promising(windows: Sequence[Window], baseline: str) -> bool:
    """Whether the candidate beats the named baseline on average: worth scoring beside the champion."""
    gains = [gain.gain for window in windows if (gain := window.over(baseline)) is not None]
    return bool(gains) and sum(gains) / len(gains) > 0


def _grade(model: Model, windows: Sequence[Window]) -> str:
    lows = [gain.low for window in windows for gain in window.gains if gain.rival != CHAMPION]
    if min(lows) >= model.margin:
        return "A"
    return "B" if min(lows) > 0 else "C"


def _not_above(windows: Sequence[Window], rival: str) -> Window | None:
    """The first window in which the interval of the gain is not above zero (an unknown one is not)."""
    for window in windows:
        gain = window.over(rival)
        if gain is None or not gain.low > 0:
            return window
    return None


def _not_surely_better(model: Model, window: Window, rival: str) -> str:
    gain = window.over(rival)
    if gain is None or gain.low != gain.low:
        return f"{model.metric_name} against {called(rival)} cannot be measured in the test from {window.night}"
    return (
        f"not surely better than {called(rival)} in the test from {window.night}: {model.metric_name} "
        f"{window.score:.3f} against {gain.rival_score:.3f}, "
        f"gain {gain.gain:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
        + (", of which it has already learned" if gain.has_seen else "")
    )


def _too_weak(model: Model, window: Window) -> str:
    return (
        f"tells customers apart hardly better than chance in the test from {window.night}: {model.metric_name} "
        f"{window.score:.3f}, at least {model.least:.1f} is asked in every test"
    )
