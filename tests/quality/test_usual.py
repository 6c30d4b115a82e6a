"""Nights that bring far too little or too much are told from those that differ as nights do."""

from datetime import date, timedelta

import numpy as np
import pytest
from pydantic import ValidationError

from quality.calendar import SpecialDay
from quality.usual import usual

FIRST = date(2026, 1, 5)
WEEKDAYS = (1.0, 0.9, 0.9, 1.0, 1.3, 1.9, 0.4)
SALE = SpecialDay.model_validate({"name": "sale", "from": "2026-03-16", "to": "2026-03-22"})
HOLIDAY = SpecialDay.model_validate({"name": "easter monday", "from": "2026-04-06"})


def trade(nights: int, seed: int, *, rows: float = 2000, growth: float = 0.02) -> dict[date, float]:
    """Rows of each night: weekdays, growth per week, a sale, a holiday, days that differ by 8 %, and chance."""
    chance = np.random.default_rng(seed)
    found = {}
    for number in range(nights):
        day = FIRST + timedelta(days=number)
        level = rows * WEEKDAYS[day.weekday()] * (1 + growth) ** (number / 7) * np.exp(chance.normal(0, 0.08))
        level *= 1.8 if SALE.holds(day) else 0.2 if HOLIDAY.holds(day) else 1
        found[day + timedelta(days=1)] = float(chance.poisson(level))
    return found


def verdicts(history: dict[date, float], calendar: tuple[SpecialDay, ...]) -> list[str]:
    found = [(usual(history, night, calendar), value) for night, value in history.items()]
    return [expected.verdict(value) for expected, value in found if expected]


@pytest.mark.parametrize("seed", range(20))
def test_undisturbed_nights_stop_nothing_and_warn_hardly_ever(seed: int) -> None:
    found = verdicts(trade(120, seed), (SALE, HOLIDAY))
    assert len(found) > 80
    assert found.count("far off") == 0
    assert found.count("unusual") <= 2


def test_sale_that_the_calendar_does_not_name_is_far_off() -> None:
    assert "far off" in verdicts(trade(120, seed=1), ())


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(1, 6))
def test_halved_doubled_and_missing_deliveries_are_far_off(factor: float, seed: int) -> None:
    history = trade(60, seed)
    last = max(history)
    expected = usual(history, last, (SALE, HOLIDAY))
    assert expected is not None
    assert expected.verdict(history[last] * factor) == "far off"


def test_first_load_of_years_of_history_shifts_nothing() -> None:
    history = trade(40, seed=2)
    history[min(history)] = 1_500_000.0
    night = max(history) + timedelta(days=1)
    expected = usual(history, night)
    assert expected is not None
    assert 500 < expected.expected < 6000


def test_growth_is_followed() -> None:
    history = {FIRST + timedelta(days=7 * week): 1000 * 1.03**week for week in range(10)}
    expected = usual(history, FIRST + timedelta(days=70))
    assert expected is not None
    assert expected.expected == pytest.approx(1000 * 1.03**10, rel=0.01)


@pytest.mark.parametrize("nights", [0, 1, 20])
def test_too_few_nights_say_nothing(nights: int) -> None:
    assert usual(trade(nights, seed=1), FIRST + timedelta(days=nights + 1)) is None


def test_special_day_is_judged_by_how_days_of_its_name_differed() -> None:
    history = trade(77, seed=3)
    first, last = (usual(history, date(2026, 3, day), (SALE,)) for day in (17, 23))
    assert first is None
    ordinary = usual({night: value for night, value in history.items() if night.day != 23}, date(2026, 3, 23))
    assert last is not None
    assert ordinary is not None
    assert last.nights == 6
    assert last.expected > 1.4 * ordinary.expected / 1.8


def test_value_of_a_few_rows_may_scatter_as_counts_do() -> None:
    history = {FIRST + timedelta(days=number): 4.0 for number in range(30)}
    expected = usual(history, FIRST + timedelta(days=30))
    assert expected is not None
    assert expected.verdict(1) != "far off"


def test_special_days_end_after_they_begin() -> None:
    with pytest.raises(ValidationError, match="ends on 2026-01-01, before it begins"):
        SpecialDay.model_validate({"name": "sale", "from": "2026-01-02", "to": "2026-01-01"})
