"""How often a customer buys again and how much each time: BG/NBD and Gamma-Gamma, fitted on counts and ages alone.

Source: Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2);
        Fader and Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from models.model import Array

PENALTIES = (0.0, 0.001, 0.01, 0.1)
"""Weights of the squared logarithms of the parameters, tried in turn until a fit converges within LIMITS."""
LIMITS = (1e-3, 1e3)
"""Beyond these a parameter, in units of the mean age and the mean spend, runs away: the data do not hold it."""
FEWEST_REPEATERS = 20


@dataclass(frozen=True)
class Purchases:
    """What the model knows of each customer.

    Units: repeats counts days with an order after the first (x); last is the time from the first to the last order
           (t_x) and age that to the night (T), in one unit of time.
    """

    repeats: Array
    last: Array
    age: Array


@dataclass(frozen=True)
class BgNbd:
    """How purchases (gamma: r, alpha) and dropping out (beta: a, b) differ between customers.

    Units: alpha in the unit of time of what was fitted; penalty is the rung of the ladder that converged.
    """

    r: float
    alpha: float
    a: float
    b: float
    penalty: float = 0.0

    def alive(self, seen: Purchases) -> Array:
        """The probability that a customer has not dropped out; never a churn score: who never came back has 1."""
        odds = np.log(self.a) - np.log(self.b + np.maximum(seen.repeats, 1) - 1)
        odds = odds + (self.r + seen.repeats) * (np.log(self.alpha + seen.age) - np.log(self.alpha + seen.last))
        found: Array = np.where(seen.repeats > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)
        return found

    def expected(self, seen: Purchases, ahead: float) -> Array:
        """Expected purchases in the time `ahead`.

        Source: equation 10 of the paper, after Euler's transformation, which no large number of purchases overflows.
        """
        # At a = 1 the formula is 0 / 0; its limit is smooth.
        a = self.a + 1e-6 if abs(self.a - 1) < 1e-6 else self.a
        left = a + self.b + seen.repeats - 1
        share = ahead / (self.alpha + seen.age + ahead)
        more = hyp2f1(a + self.b - 1 - self.r, a - 1, left, share)
        found: Array = left / (a - 1) * (1 - (1 - share) ** (a - 1) * more) * self.alive(seen)
        return np.asarray(np.maximum(np.nan_to_num(found), 0))

    def likelihood(self, seen: Purchases, customers: Array) -> float:
        """The logarithm of the likelihood of all customers, `customers` of them alike in each row."""
        return float(customers @ _bgnbd_likelihood(np.log([self.r, self.alpha, self.a, self.b]), seen))


@dataclass(frozen=True)
class GammaGamma:
    """How the mean spend of an order differs between customers, independent of how often they buy.

    Units: gamma in the currency of what was fitted.
    """

    p: float
    q: float
    gamma: float
    penalty: float = 0.0

    def expected(self, orders: Array, mean_spend: Array) -> Array:
        """The expected spend of a further order; the population's mean where no order or spend is known."""
        known = (orders > 0) & (mean_spend > 0)
        number, mean = np.where(known, orders, 1.0), np.where(known, mean_spend, 1.0)
        own = self.p * (self.gamma + number * mean) / (self.p * number + self.q - 1)
        return np.where(known, own, self.p * self.gamma / (self.q - 1))


@dataclass(frozen=True)
class Refused:
    """Why there is no fit, in words."""

    reason: str


def fit_bgnbd(seen: Purchases) -> BgNbd | Refused:
    """The most likely BG/NBD, or why there is none.

    Shape: customers who are alike count once with their number, so a million cost as much as they differ.
    """
    repeaters = int((seen.repeats > 0).sum())
    if repeaters < FEWEST_REPEATERS:
        return Refused(f"{repeaters} customers bought again, at least {FEWEST_REPEATERS} are needed")
    unit = float(seen.age.mean())
    rows, customers = np.unique(
        np.column_stack([seen.repeats, seen.last, seen.age]).astype(np.float64), axis=0, return_counts=True
    )
    alike = Purchases(rows[:, 0], rows[:, 1] / unit, rows[:, 2] / unit)

    def loss(logs: Array) -> float:
        return -float(customers @ _bgnbd_likelihood(logs, alike)) / len(seen.repeats)

    found = _climbed(loss, np.log([0.5, 0.5, 0.8, 2.0]))
    if isinstance(found, Refused):
        return found
    (r, alpha, a, b), penalty = found
    return BgNbd(r, alpha * unit, a, b, penalty)


def fit_gamma_gamma(orders: Array, mean_spend: Array) -> GammaGamma | Refused:
    """The most likely Gamma-Gamma of customers with these counts and means, or why there is none.

    Reads: customers with an order and a positive mean alone; those with two or more tell how orders of one scatter.
    """
    known = (orders > 0) & (mean_spend > 0)
    several = int((known & (orders > 1)).sum())
    if several < FEWEST_REPEATERS:
        return Refused(f"{several} customers have two orders or more, at least {FEWEST_REPEATERS} are needed")
    number, unit = orders[known].astype(np.float64), float(mean_spend[known].mean())
    mean = mean_spend[known] / unit

    def loss(logs: Array) -> float:
        return -float(_gamma_gamma_likelihood(logs, number, mean).mean())

    found = _climbed(loss, np.log([2.0, 3.0, 1.0]))
    if isinstance(found, Refused):
        return found
    (p, q, gamma), penalty = found
    if q <= 1:
        return Refused(f"the mean spend of the population is not finite (q {q:.2f}, above 1 is needed)")
    return GammaGamma(p, q, gamma * unit, penalty)


def _climbed(loss: Callable[[Array], float], start: Array) -> tuple[list[float], float] | Refused:
    """The parameters at the lowest loss, on the first rung of the ladder where it is found within LIMITS."""
    for penalty in PENALTIES:

        def penalised(logs: Array, weight: float = penalty) -> float:
            return loss(logs) + weight * float((logs**2).sum())

        found = minimize(
            penalised, start, method="L-BFGS-B", bounds=[(-9.0, 9.0)] * len(start), options={"ftol": 1e-13}
        )
        parameters = np.exp(found.x)
        inside = (parameters > LIMITS[0]).all() and (parameters < LIMITS[1]).all()
        if found.success and np.isfinite(found.fun) and inside:
            return parameters.tolist(), penalty
    return Refused(
        f"it does not converge within {LIMITS[0]:g} to {LIMITS[1]:g}, even with a penalty of {PENALTIES[-1]}"
    )


def _bgnbd_likelihood(logs: Array, seen: Purchases) -> Array:
    r, alpha, a, b = np.exp(logs)
    x = seen.repeats
    counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stays = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    still = -(r + x) * np.log(alpha + seen.age)
    gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + seen.last)
    found: Array = counts + stays + np.where(x > 0, np.logaddexp(still, gone), still)
    return found


def _gamma_gamma_likelihood(logs: Array, orders: Array, mean: Array) -> Array:
    p, q, gamma = np.exp(logs)
    shape = p * orders
    counts = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
    spent = (shape - 1) * np.log(mean) + shape * np.log(orders) - (shape + q) * np.log(gamma + orders * mean)
    found: Array = counts + spent
    return found
