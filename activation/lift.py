"""What contact changed: those sent beside those held out, with intervals; numbers in, numbers out."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import erfc, hypot, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CONFIDENCE = 0.95
POWER = 0.8
RESAMPLES = 2_000
SUSPICIOUS = 0.001
"""A sample-ratio test below this says that the two sides are not as they were drawn.

Source: Kohavi, Tang and Xu (2020), "Trustworthy Online Controlled Experiments", chapter 21.
"""
FEW_BUYERS = 10
"""Buyers and others that each side must have before a difference is told: below, neither interval is to be trusted."""
DRAWS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A difference, sent less held out, with its interval."""

    difference: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether chance alone hardly explains the difference."""
        return self.low > 0 or self.high < 0


def conversion_difference(buyers: tuple[int, int], customers: tuple[int, int]) -> Estimate:
    """The difference of two shares with its 95 % interval.

    Units: (sent, held out); shares from 0 to 1.
    Raises: ValueError if a side is empty.
    Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", Statistics in
            Medicine 17, method 10: Wilson's score intervals of both shares, put together.
    """
    _two_sides(*customers)
    (sent, held_out) = (one / of for one, of in zip(buyers, customers, strict=True))
    (low_sent, high_sent), (low_held, high_held) = (wilson(*one) for one in zip(buyers, customers, strict=True))
    difference = sent - held_out
    below, above = hypot(sent - low_sent, high_held - held_out), hypot(high_sent - sent, held_out - low_held)
    return Estimate(difference, difference - below, difference + above)


def wilson(buyers: int, customers: int) -> tuple[float, float]:
    """The 95 % interval of one share.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    return _wilson(buyers / customers, customers)


def spend_difference(sent: Array, held_out: Array, *, seed: int) -> Estimate:
    """The difference of mean spend with its 95 % interval by bootstrap.

    Each resample is set off by its own standard error, which follows the long tail of spend where a held-out side is
    small; plain percentiles do not.

    Units: one value per customer, also of those who bought nothing; the seed decides the resamples.
    Raises: ValueError if a side is empty.
    Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", section 12.5 (bootstrap-t).
    """
    _two_sides(len(sent), len(held_out))
    generator = np.random.default_rng(seed)
    (mean_sent, error_sent), (mean_held, error_held) = (_resampled(one, generator) for one in (sent, held_out))
    difference = float(sent.mean() - held_out.mean())
    error = sqrt(_squared_error(sent) + _squared_error(held_out))
    errors = np.sqrt(error_sent + error_held)
    known = errors > 0
    if error == 0 or not known.any():
        return Estimate(difference, difference, difference)
    set_off = ((mean_sent - mean_held) - difference)[known] / errors[known]
    low, high = np.quantile(set_off, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(difference, difference - float(high) * error, difference - float(low) * error)


def adjusted_spend_difference(
    sent: tuple[Array, Array], held_out: tuple[Array, Array], *, seed: int
) -> tuple[Estimate, float]:
    """The difference of mean spend less what spend before already foretold, and the share of variance that it takes.

    Units: each side is (spend, spend before the start), customer by customer.
    Source: Deng, Xu, Kohavi and Walker (2013), "Improving the Sensitivity of Online Controlled Experiments by
            Utilizing Pre-Experiment Data" (CUPED).
    """
    slope, taken = _foretold(sent, held_out)
    one, other = (spend - slope * before for spend, before in (sent, held_out))
    return spend_difference(one, other, seed=seed), taken


def sample_ratio(sent: int, held_out: int, *, shares: Iterable[float]) -> float:
    """How likely sides this uneven are by the draw alone (chi square, one degree of freedom).

    Units: shares: the share to be held out with which each customer was drawn; 1.0 where nobody was drawn.
    Source: Fabijan and others (2019), "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments".
    """
    customers = sent + held_out
    expected = float(sum(shares))
    if not 0 < expected < customers:
        return 1.0
    off = held_out - expected
    return erfc(sqrt(off * off * (1 / expected + 1 / (customers - expected)) / 2))


def detectable_conversion(sent: int, held_out: int, *, rate: float) -> float:
    """The smallest rise of a share that sides of this size show in 80 of 100 cases; 1 where none is.

    Units: rate: the share of the held-out side that buys anyway.
    Source: Fleiss, Levin and Paik (2003), "Statistical Methods for Rates and Proportions", section 4.2, with the reach
            of Newcombe's interval in place of the normal one: it is by this interval that a rise is told.
    """
    if not sent or not held_out:
        return 1.0
    surplus = NormalDist().inv_cdf(POWER)
    low, high = 0.0, 1.0 - rate
    for _ in range(50):
        rise = (low + high) / 2
        moved = rate + rise
        reach = hypot(moved - _wilson(moved, sent)[0], _wilson(rate, held_out)[1] - rate)
        enough = reach + surplus * sqrt(moved * (1 - moved) / sent + rate * (1 - rate) / held_out)
        low, high = (low, rise) if rise >= enough else (rise, high)
    return high if high < 1.0 - rate - 1e-9 else 1.0


def detectable_spend(sent: Array, held_out: Array) -> float:
    """The smallest difference of mean spend that sides of this size show in 80 of 100 cases."""
    return (_deviate(CONFIDENCE) + NormalDist().inv_cdf(POWER)) * sqrt(_squared_error(sent) + _squared_error(held_out))


def _deviate(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _wilson(share: float, customers: int) -> tuple[float, float]:
    z = _deviate(CONFIDENCE)
    middle = share + z * z / (2 * customers)
    reach = z * sqrt(share * (1 - share) / customers + z * z / (4 * customers * customers))
    whole = 1 + z * z / customers
    return max((middle - reach) / whole, 0.0), min((middle + reach) / whole, 1.0)


def _two_sides(sent: int, held_out: int) -> None:
    if not sent or not held_out:
        raise ValueError("a difference needs customers on both sides")


def _squared_error(values: Array) -> float:
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0


def _foretold(sent: tuple[Array, Array], held_out: tuple[Array, Array]) -> tuple[float, float]:
    """The slope of spend on spend before within both sides, and the share of variance that it explains."""
    spend, before = (np.concatenate([side[at] - side[at].mean() for side in (sent, held_out)]) for at in (0, 1))
    moved, spread, joint = float(before @ before), float(spend @ spend), float(before @ spend)
    if moved == 0 or spread == 0:
        return 0.0, 0.0
    return joint / moved, joint * joint / (moved * spread)


def _resampled(values: Array, generator: np.random.Generator) -> tuple[Array, Array]:
    """Mean and squared standard error of each resample.

    Zeros need no drawing: how many values of a resample are none is binomial.
    """
    customers, spent = len(values), values[values != 0]
    counts = generator.binomial(customers, len(spent) / customers, RESAMPLES)
    sums, squares = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    step = max(1, DRAWS_AT_ONCE // max(len(spent), 1))
    for first in range(0, RESAMPLES, step):
        some = counts[first : first + step]
        drawn = spent[generator.integers(0, len(spent), some.sum())] if len(spent) else spent
        whose = np.repeat(np.arange(len(some)), some)
        sums[first : first + step] = np.bincount(whose, drawn, len(some))
        squares[first : first + step] = np.bincount(whose, drawn * drawn, len(some))
    means = sums / customers
    return means, np.maximum(squares / customers - means * means, 0.0) / max(customers - 1, 1)
