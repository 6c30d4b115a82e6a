"""Bands: churn by what overlooking and acting cost, value by the amounts of its version."""

import numpy as np

from models.model import Array, Fitted
from models.settings import ChurnSettings

HELD = 0.05
"""By so much a probability must fall below where its band begins before the customer leaves the band: who stands at an
edge does not change sides every night."""
JUST_BOUGHT_DAYS = 7
"""Nobody who bought in these days is shown as leaving, whatever the probability."""
BANDS = ("low", "medium", "high")


def churn_band(probability: Array, before: Array, last_order_days: Array, settings: ChurnSettings) -> Array:
    """The place of each customer's band in BANDS; who was in a band stays until clearly below where it begins.

    Units: before is the place of last night's band, -1 where there was none.
    """
    high = probability >= settings.high_from - np.where(before == 2, HELD, 0.0)
    medium = probability >= settings.medium_from - np.where(before >= 1, HELD, 0.0)
    found: Array = np.where(high & (last_order_days > JUST_BOUGHT_DAYS), 2, np.where(medium, 1, 0))
    return found


def value_band(amount: Array, value: Fitted) -> Array:
    """The place of each customer's band in BANDS."""
    found: Array = (amount >= value.facts["medium_amount"]).astype(int) + (amount >= value.facts["high_amount"])
    return found
