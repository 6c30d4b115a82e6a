"""How good a ranking or a probability is; every figure for many resamples of the customers at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.model import Array, Metric

RESAMPLES = 300
BOOTSTRAP_CUSTOMERS = 50_000
"""Beyond this many a fixed random part is resampled: the interval only becomes wider, hence more careful."""
CHUNK_NUMBERS = 5_000_000


def auc(outcome: Array, prediction: Array, weights: Array) -> Array:
    """Probability that a churner is ranked above a stayer; ties count half. NaN where one kind is missing."""
    order, starts = _groups(prediction)
    positive = np.add.reduceat((weights * outcome)[:, order], starts, axis=1)
    negative = np.add.reduceat((weights * (1 - outcome))[:, order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = (positive * (below + negative / 2)).sum(axis=1) / pairs
    return found


def normalised_gini(outcome: Array, prediction: Array, weights: Array) -> Array:
    """How much of the spend the ranking finds early, over what a perfect ranking finds; ties share their ranks."""
    spend = np.maximum(outcome, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = _gini(spend, prediction, weights) / _gini(spend, spend, weights)
    return found


def value(metric: Metric, outcome: Array, prediction: Array) -> float:
    """The figure over all customers."""
    return float(metric(outcome, prediction, np.ones((1, len(outcome))))[0])


@dataclass(frozen=True)
class Compared:
    """A figure with its 95 % interval, and the gain over each other prediction with its own: (gain, low, high)."""

    score: float
    low: float
    high: float
    gains: Mapping[str, tuple[float, float, float]]


def compared(
    metric: Metric, outcome: Array, prediction: Array, others: Mapping[str, Array], *, seed: int = 7
) -> Compared:
    """How good the prediction is, alone and beside each other one, on the same resamples of the customers.

    Source: paired bootstrap over customers; Efron and Tibshirani (1993), chapter 13.
    """
    drawn = np.random.default_rng(seed)
    chosen = np.arange(len(outcome))
    if len(outcome) > BOOTSTRAP_CUSTOMERS:
        chosen = np.sort(drawn.choice(len(outcome), BOOTSTRAP_CUSTOMERS, replace=False))
    found = {
        name: _resampled(metric, outcome[chosen], told[chosen], seed + 1)
        for name, told in {"": prediction, **others}.items()
    }
    score, ours = value(metric, outcome, prediction), found[""]
    gains = {
        name: (score - value(metric, outcome, told), *interval(ours - found[name])) for name, told in others.items()
    }
    return Compared(score, *interval(ours), gains)


def resampled(
    metric: Metric, outcome: Array, prediction: Array, counts: Array, *, seed: int = 7
) -> tuple[float, float]:
    """The 95 % interval of a figure of groups of customers who share outcome and prediction: (low, high).

    Shape: counts is one row of customers by group; resampled, a group has a Poisson count of that mean.
    """
    drawn, step = np.random.default_rng(seed), max(1, CHUNK_NUMBERS // max(1, len(outcome)))
    sizes = [min(step, RESAMPLES - start) for start in range(0, RESAMPLES, step)]
    found = [metric(outcome, prediction, drawn.poisson(counts, (n, len(outcome))).astype(np.float64)) for n in sizes]
    return interval(np.concatenate(found))


def interval(figures: Array) -> tuple[float, float]:
    """Between which figures 95 % of the resamples lie; NaN where none is known."""
    known = figures[np.isfinite(figures)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def calibration_error(outcome: Array, probability: Array, *, bins: int = 15) -> float:
    """Mean distance between predicted and seen rate over bins of equal count."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(p) * abs(outcome[p].mean() - probability[p].mean()) for p in parts) / len(order))


def calibration_bins(outcome: Array, probability: Array, *, bins: int = 10) -> Array:
    """Predicted against seen rate over bins of equal count, the lowest predictions first.

    Shape: one row per bin with customers: its number from 1, customers, predicted rate, seen rate. Equal predictions
           share the bin of their middle rank, so that the order of the customers decides nothing.
    """
    _, group, sizes = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - sizes / 2
    place = (middle * bins / len(probability)).astype(int)[group]
    customers, predicted, seen = (np.bincount(place, of, bins) for of in (None, probability, outcome))
    held = customers > 0
    sums = np.column_stack([predicted, seen])[held] / customers[held, None]
    return np.column_stack([np.flatnonzero(held) + 1, customers[held], sums])


def total_bias(outcome: Array, prediction: Array) -> float:
    """How far the predicted total lies from the one seen, as a share of it."""
    seen = float(outcome.sum())
    return float(prediction.sum() - seen) / seen if seen else float("nan")


def _resampled(metric: Metric, outcome: Array, prediction: Array, seed: int) -> Array:
    """The figure of each resample; the same seed draws the same customers."""
    drawn = np.random.default_rng(seed)
    step = max(1, CHUNK_NUMBERS // max(1, len(outcome)))
    found = []
    for start in range(0, RESAMPLES, step):
        size = (min(step, RESAMPLES - start), len(outcome))
        # Poisson(1) counts stand for drawing with replacement.
        weights = drawn.poisson(1.0, size).astype(np.float64)
        found.append(metric(outcome, prediction, weights))
    return np.concatenate(found)


def _gini(spend: Array, prediction: Array, weights: Array) -> Array:
    order, starts = _groups(-prediction)
    mass = np.add.reduceat(weights[:, order], starts, axis=1)
    money = np.add.reduceat((weights * spend)[:, order], starts, axis=1)
    total = mass.sum(axis=1, keepdims=True)
    behind = total - np.cumsum(mass, axis=1) + (mass + 1) / 2
    found: Array = (money * behind).sum(axis=1) / money.sum(axis=1) - (total[:, 0] + 1) / 2
    return found


def _groups(prediction: Array) -> tuple[Array, Array]:
    """The rising order of the predictions, and where each group of equal ones starts."""
    order = np.argsort(prediction, kind="stable")
    ranked = prediction[order]
    return order, np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
