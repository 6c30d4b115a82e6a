"""How much is bought on each day, and at which price: month, weekday and two sales a year."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

MONTHS = np.array([0.85, 0.80, 0.92, 0.97, 1.00, 0.98, 0.95, 0.80, 0.95, 1.03, 1.25, 1.50])
WEEKDAYS = np.array([0.85, 0.90, 0.95, 1.00, 1.15, 1.45, 0.70])
SALE_MONTHS = (1, 7)
SALE_SHARE, SALE_REDUCTION = 0.30, 0.20
AFTER = 400


@dataclass(frozen=True)
class Calendar:
    """Weight of every day from `start` days before the first night on.

    Units: `until[i]` is the weight of all days before day `start + i`; an average day weighs 1.
    """

    start: int
    weight: NDArray[np.float64]
    price: NDArray[np.float64]

    @property
    def until(self) -> NDArray[np.float64]:
        """Cumulated weight."""
        return np.concatenate([[0.0], np.cumsum(self.weight)])

    def between(self, first: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weight of the days first to end - 1; zero where end comes first."""
        until = self.until
        last = len(self.weight)
        low, high = np.clip(first - self.start, 0, last), np.clip(end - self.start, 0, last)
        found: NDArray[np.float64] = np.maximum(until[high] - until[low], 0.0)
        return found


@cache
def calendar(first_night: date, days: int, nights: int) -> Calendar:
    """The calendar from the start of the history to 400 days after the last night."""
    dates = [first_night + timedelta(days=day) for day in range(-days, nights + AFTER)]
    month = np.array([day.month for day in dates])
    weekday = np.array([day.weekday() for day in dates])
    weight = MONTHS[month - 1] * WEEKDAYS[weekday]
    price = np.where(np.isin(month, SALE_MONTHS), 1 - SALE_SHARE * SALE_REDUCTION, 1.0)
    return Calendar(-days, weight / (MONTHS.mean() * WEEKDAYS.mean()), price)


def days_between(
    rng: np.random.Generator, seasons: Calendar, first: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One day for each pair, first <= day < end, drawn by the season."""
    until = seasons.until
    low, high = until[first - seasons.start], until[end - seasons.start]
    drawn = low + rng.random(len(first)) * (high - low)
    day = np.searchsorted(until, drawn, side="right") - 1 + seasons.start
    within: NDArray[np.int64] = np.clip(day, first, end - 1)
    return within
