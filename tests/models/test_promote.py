"""When a version becomes champion, with which grade, and what is said when it does not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.churn import CHURN
from models.promote import Gain, Window, is_promising, verdict


def judged(*, recency: float, logistic: float = 0.03, champion: float | None = None, number: int = 0) -> Window:
    """A test whose interval of the gain over each rival starts at the given figure."""
    lows = {"recency_rule": recency, "logistic_rfm": logistic} | ({} if champion is None else {"champion": champion})
    gains = tuple(Gain(rival, 0.7, low + 0.02, low, low + 0.04) for rival, low in lows.items())
    return Window(date(2024, 1, 1) - timedelta(days=90 * number), 500, 0.75, gains, 0.02, 0.0)


def thrice(**lows: float) -> list[Window]:
    """Three tests that came out alike."""
    return [judged(number=number, **lows) for number in range(3)]


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


def test_ranking_hardly_better_than_chance_is_not_promoted_however_poor_the_baseline() -> None:
    windows = [judged(recency=0.1), replace(judged(recency=0.1, number=1), score=0.599), judged(recency=0.1, number=2)]
    found = verdict(CHURN, windows, champion=None)
    assert (found.promoted, found.grade) == (False, "E")
    assert found.reason.startswith("tells customers apart hardly better than chance in the test from 2023-10-03: AUC")
    passed = [replace(window, score=max(window.score, 0.6)) for window in windows]
    assert verdict(CHURN, passed, champion=None).promoted


def test_a_figure_that_cannot_be_measured_is_no_gain() -> None:
    found = verdict(CHURN, thrice(recency=float("nan")), champion=None)
    assert not found.promoted
    assert "cannot be measured" in found.reason


def test_the_champion_stays_unless_it_is_surely_beaten_in_every_window() -> None:
    better = thrice(recency=0.1, champion=0.01)
    once_equal = [*better[:2], judged(recency=0.1, champion=0.0, number=2)]
    unknown = [*better[:2], judged(recency=0.1, number=2)]
    found = verdict(CHURN, better, champion="4")
    assert found.promoted
    assert found.reason == "surely better than the recency rule and the champion (version 4) in every test"
    stays = verdict(CHURN, once_equal, champion="4")
    assert not stays.promoted
    assert "not surely better than the champion in the test from 2023-07-05" in stays.reason
    unmeasured = verdict(CHURN, unknown, champion="4")
    assert not unmeasured.promoted
    assert "against the champion cannot be measured in the test from 2023-07-05" in unmeasured.reason


def test_a_champion_that_is_not_beaten_where_it_has_already_learned_is_said_to_have() -> None:
    [one] = judged(recency=0.1).gains[:1]
    seen = replace(judged(recency=0.1), gains=(one, Gain("champion", 0.9, -0.15, -0.2, -0.1, has_seen=True)))
    assert verdict(CHURN, [seen] * 3, champion="4").reason.endswith(
        "(-0.200 to -0.100), of which it has already learned"
    )


def test_two_windows_are_too_few_and_what_a_person_took_back_is_not_promoted_again() -> None:
    better = thrice(recency=0.1)
    few = verdict(CHURN, better[:2], champion=None)
    assert (few.promoted, few.reason) == (False, "2 test windows are too few to promote (at least 3 are needed)")
    held = verdict(CHURN, better, champion=None, held_back="version 2 was rolled back")
    assert (held.promoted, held.grade, held.reason) == (False, "A", "version 2 was rolled back")


def test_a_challenger_need_not_be_sure_but_better_on_average() -> None:
    unsure = [judged(recency=-0.01), judged(recency=-0.03, number=1), judged(recency=0.0, number=2)]
    assert [is_promising(windows, "recency_rule") for windows in (unsure, unsure[1:2], [])] == [True, False, False]
