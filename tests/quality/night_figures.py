"""A shop's nights in figures, as deliveries bring them: for tests of what is usual."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np

from quality.measurements import Figure, History, history

FIRST = date(2026, 1, 5)
TABLE, SOURCE, DELIVERY = "conformed.orders", "till", "sales"
WEEKDAYS = (1.0, 0.9, 0.9, 1.0, 1.3, 1.9, 0.4)
STORES = {"A": 0.5, "B": 0.3, "C": 0.2}
HOURS = {f"{hour:02}": share for hour, share in zip(range(9, 19), np.full(10, 0.1), strict=True)}

Drawn = Mapping[str, Mapping[str, float]]
"""Values by measure and part."""


def figure(measure: str, part: str, value: float, rows: int) -> Figure:
    return Figure(TABLE, SOURCE, DELIVERY, measure, part, value, rows)


def a_night(level: float, chance: np.random.Generator) -> Drawn:
    """One night of about so many orders."""
    rows = int(chance.poisson(level))
    stores = chance.multinomial(rows, list(STORES.values()))
    hours = chance.multinomial(rows, list(HOURS.values()))
    return {
        "rows": {"": rows},
        "amount": {"": float(chance.lognormal(3, 1, rows).sum())},
        "changed rows": {"": rows},
        "corrected": {"": 0.0},
        "complete": {"person": chance.binomial(rows, 0.6) / max(rows, 1), "loyalty_id": 0.4, "order_id": 1.0},
        "store_id": dict(zip(STORES, map(float, stores), strict=True)),
        "hour": dict(zip(HOURS, map(float, hours), strict=True)),
    }


def figures(drawn: Drawn) -> list[Figure]:
    rows = int(drawn["rows"][""])
    return [
        figure(measure, part, value, rows if measure in ("complete", "corrected") else int(value))
        for measure, parts in drawn.items()
        for part, value in parts.items()
    ]


def nights(number: int, seed: int, *, level: float = 2000, growth: float = 0.02) -> Iterator[tuple[date, Drawn]]:
    """Nights with weekdays, growth per week and days that differ by 8 %."""
    chance = np.random.default_rng(seed)
    for day in range(number):
        night = FIRST + timedelta(days=day + 1)
        usual = level * WEEKDAYS[(FIRST + timedelta(days=day)).weekday()] * (1 + growth) ** (day / 7)
        yield night, a_night(usual * np.exp(chance.normal(0, 0.08)), chance)


def known(drawn: Mapping[date, Drawn]) -> History:
    return history((night, figure) for night, one in drawn.items() for figure in figures(one))
