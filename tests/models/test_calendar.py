"""Which nights may teach and which may judge."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import Feed, LabelLeak, check_no_leak, feed, plan, schedule, settled_horizon

START = date(2023, 1, 1)
NIGHT = date(2024, 12, 31)


@given(st.sampled_from([30, 60, 90, 120, 180, 365, 77]), st.integers(0, 900))
def test_no_training_label_reaches_past_its_test_and_no_test_windows_overlap(horizon: int, extra: int) -> None:
    days = 90 + 4 * horizon + extra
    made = plan(Feed(START, START + timedelta(days=days)), horizon)
    ends = [night + timedelta(days=horizon) for night in made.tests]
    assert ends == [START + timedelta(days=days), *made.tests[:-1]]
    for test, training in made.training.items():
        assert training
        assert all(night + timedelta(days=horizon) <= test for night in training)
    assert all(night >= START + timedelta(days=90) for night in made.nights)


def test_a_training_window_that_reaches_past_the_test_is_refused() -> None:
    made = plan(Feed(START, NIGHT), 90)
    late = made.tests[0] - timedelta(days=89)
    with pytest.raises(LabelLeak, match="ends after test night"):
        check_no_leak(replace(made, training={**made.training, made.tests[0]: (late,)}))


def test_overlapping_test_windows_are_refused() -> None:
    made = plan(Feed(START, NIGHT), 90)
    near = (made.tests[0], made.tests[0] - timedelta(days=30), made.tests[2])
    with pytest.raises(LabelLeak, match="overlap"):
        check_no_leak(replace(made, tests=near, training={}))


@pytest.mark.parametrize(
    ("wanted", "days", "settled"),
    [(90, 450, 90), (90, 449, 60), (365, 739, 120), (365, 1550, 365), (90, 210, 30), (90, 209, None), (45, 400, 45)],
)
def test_the_horizon_is_shortened_to_the_longest_that_fits(wanted: int, days: int, settled: int | None) -> None:
    assert settled_horizon(wanted, days) == settled


def test_a_shortened_horizon_and_a_feed_that_ended_are_said() -> None:
    volume = [(START + timedelta(days=n), 100) for n in range(400)] + [(NIGHT - timedelta(days=1), 9)]
    found = feed(volume, NIGHT)
    assert found == Feed(START, START + timedelta(days=400))
    made = schedule(90, found, NIGHT)
    assert (made.horizon_days, made.closed) == (60, date(2024, 2, 5))
    assert made.warnings == (
        "orders end on 2024-02-04: label windows after that day are dropped",
        "the horizon of 90 days is shortened to 60: the history holds 400 days",
    )


def test_too_short_a_history_is_said_and_nothing_is_planned() -> None:
    made = schedule(90, Feed(START, START + timedelta(days=100)), START + timedelta(days=100))
    assert made.plan is None
    assert "too short to train (at least 210 are needed)" in made.warnings[0]
    assert schedule(90, None, NIGHT).warnings == ("no order is known yet",)
