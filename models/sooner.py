"""Windows of half the horizon: they close sooner, so that newer nights than those of whole windows teach too."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np

from models.model import Model, Sooner
from models.training_set import Observed


def half(horizon_days: int) -> int:
    """The days of half a horizon, rounded up: so the nights of half windows are those of whole ones, and one more."""
    return horizon_days - horizon_days // 2


def sooner_nights(nights: Iterable[date], horizon_days: int) -> tuple[date, ...]:
    """For each night that teaches a whole window the one whose half window closes on the same day."""
    later = timedelta(days=horizon_days - half(horizon_days))
    return tuple(night + later for night in nights)


def sooner(model: Model, seen: Observed, nights: Iterable[date], horizon_days: int) -> Sooner | None:
    """What the half windows teach that close with the whole ones of these nights; None where nobody looked at them."""
    days = half(horizon_days)
    if not model.learns_sooner or days not in seen.orders:
        return None
    outcome = model.outcome(seen.orders[days], seen.spend[days])
    rows = seen.on(sooner_nights(nights, horizon_days)) & ~np.isnan(outcome)
    found = outcome[rows]
    # Where all did the same there is nothing to learn.
    return Sooner(seen.customers.rows(rows), found) if len(np.unique(found)) > 1 else None
