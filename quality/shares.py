"""The usual range of a share: how complete a column is, how many orders name their customer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.usual import FEWEST_NIGHTS, TO_DEVIATION, Verdict

SMALLEST_SCATTER = 0.01
FAR = 6.0
"""How many scatters off a share is no chance: a night asks hundreds of shares."""
UNUSUAL, FAR_OFF = 0.10, 0.20
"""Nearer to what is expected nothing is told, and nothing is stopped."""


@dataclass(frozen=True)
class UsualShare:
    """What share a night is likely to bring.

    Units: expected and scatter are shares, 0 to 1; nights is the number of nights behind it.
    """

    expected: float
    scatter: float
    nights: int

    def verdict(self, share: float, rows: int) -> Verdict:
        """How a share of so many rows compares."""
        near = float(np.clip(self.expected, 0.01, 0.99))
        chance = np.sqrt(near * (1 - near) / max(rows, 1))
        distance = abs(share - self.expected)
        if distance <= FAR * np.hypot(self.scatter, chance) or distance <= UNUSUAL:
            return "usual"
        return "far off" if distance > FAR_OFF else "unusual"


def usual_share(shares: Sequence[float], *, fewest: int = FEWEST_NIGHTS) -> UsualShare | None:
    """What the shares of earlier nights make likely; None for fewer nights than `fewest`."""
    if len(shares) < fewest:
        return None
    known = np.array(shares)
    expected = float(np.median(known))
    scatter = TO_DEVIATION * float(np.median(np.abs(known - expected)))
    return UsualShare(expected, max(scatter, SMALLEST_SCATTER), len(shares))


def nearest_share(found: Sequence[UsualShare], share: float) -> UsualShare:
    """Of several that may be expected the one that this share is nearest to."""
    return min(found, key=lambda usual: abs(usual.expected - share))
