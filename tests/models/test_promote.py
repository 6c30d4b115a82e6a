"""When a version becomes champion, with which grade, and what is said when it does not."""

from datetime import date, timedelta

import pytest

from models.churn import CHURN
from models.promote import Gain, Window, verdict


def judged(*, recency: float, logistic: float = 0.03, champion: float | None = None, number: int = 0) -> Window:
    """A test whose interval of the gain over each rival starts at the given figure."""
    lows = {"recency_rule": recency, "logistic_rfm": logistic} | ({} if champion is None else {"champion": champion})
    gains = tuple(Gain(rival, 0.7, low + 0.02, low, low + 0.04) for rival, low in lows.items())
    return Window(date(2024, 1, 1) - timedelta(days=90 * number), 500, 0.75, gains, 0.02, 0.0)


@pytest.mark.parametrize(
    ("logistic", "grade"), [((0.03, 0.02, 0.05), "A"), ((0.03, 0.01, 0.05), "B"), ((0.03, -0.01, 0.05), "C")]
)
def test_the_grade_tells_how_many_baselines_are_beaten(logistic: tuple[float, ...], grade: str) -> None:
    windows = [judged(recency=0.03, logistic=low, number=n) for n, low in enumerate(logistic)]
    found = verdict(CHURN, windows, champion=None)
    assert (found.promoted, found.grade) == (True, grade)


def test_one_window_without_a_sure_gain_over_the_named_baseline_forbids_promotion() -> None:
    windows = [judged(recency=0.2), judged(recency=0.0, number=1), judged(recency=0.2, number=2)]
    found = verdict(CHURN, windows, champion=None)
    assert (found.promoted, found.grade) == (False, "E")
    assert "not surely better than the recency rule in the test from 2023-10-03: AUC 0.750" in found.reason


def test_a_figure_that_cannot_be_measured_is_no_gain() -> None:
    found = verdict(CHURN, [judged(recency=float("nan"))], champion=None)
    assert not found.promoted
    assert "cannot be measured" in found.reason


def test_the_champion_stays_unless_it_is_surely_beaten_where_it_knows_nothing() -> None:
    better = [judged(recency=0.1, champion=0.01), judged(recency=0.1, number=1)]
    equal = [judged(recency=0.1, champion=-0.01)]
    known = [judged(recency=0.1)]
    assert verdict(CHURN, better, champion="4").promoted
    assert not verdict(CHURN, equal, champion="4").promoted
    stays = verdict(CHURN, known, champion="4")
    assert not stays.promoted
    assert "already knows the outcome" in stays.reason
