"""The figures that models are judged by beside those of models.metrics, with intervals by bootstrap over customers."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import rankdata

from models import metrics
from models.churn import shifted
from models.metrics import normalised_gini
from models.model import Array

RESAMPLES = 300
Figure = Callable[[Array, Array], float]


def gini(outcome: Array, prediction: Array) -> float:
    """Normalised Gini of what was spent, returns counted as nothing."""
    return metrics.value(normalised_gini, outcome, prediction)


def auc(outcome: Array, prediction: Array) -> float:
    """Probability that a churner is ranked above a stayer."""
    return metrics.value(metrics.auc, outcome, prediction)


def spearman(outcome: Array, prediction: Array) -> float:
    """Correlation of ranks, returns counted as nothing; equal values share their mean rank."""
    return float(np.corrcoef(rankdata(np.maximum(outcome, 0)), rankdata(prediction))[0, 1])


def r2(outcome: Array, prediction: Array) -> float:
    """Share of the variance that is told; a few customers decide it."""
    return float(1 - ((outcome - prediction) ** 2).sum() / ((outcome - outcome.mean()) ** 2).sum())


def decile_error(outcome: Array, prediction: Array) -> float:
    """Sum over ten equal bins by prediction of |mean seen - mean predicted|, over the sum of the means seen."""
    bins = np.array_split(np.argsort(prediction, kind="stable"), 10)
    seen, said = (np.array([of[part].mean() for part in bins]) for of in (outcome, prediction))
    return float(np.abs(seen - said).sum() / seen.sum())


def shape_error(outcome: Array, probability: Array) -> float:
    """Calibration error over 15 equal bins after one shift of the log odds to the rate that was seen."""
    low, high = -10.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if shifted(probability, middle).mean() < outcome.mean() else (low, middle)
    return metrics.calibration_error(outcome, shifted(probability, (low + high) / 2))


def gain(figure: Figure, outcome: Array, ours: Array, theirs: Array) -> tuple[float, float, float]:
    """The gain of our prediction over theirs and its 95 % interval, drawn on the same customers."""
    low, high = interval(figure(outcome[r], ours[r]) - figure(outcome[r], theirs[r]) for r in _drawn(len(outcome)))
    return figure(outcome, ours) - figure(outcome, theirs), low, high


def interval_of(figure: Figure, outcome: Array, prediction: Array) -> tuple[float, float]:
    """The 95 % interval of a figure."""
    return interval(figure(outcome[r], prediction[r]) for r in _drawn(len(outcome)))


def interval(figures: Iterator[float]) -> tuple[float, float]:
    """Between which nineteen of twenty figures lie."""
    low, high = np.quantile(list(figures), [0.025, 0.975])
    return float(low), float(high)


def _drawn(customers: int) -> Iterator[Array]:
    chance = np.random.default_rng(7)
    return (chance.integers(0, customers, customers) for _ in range(RESAMPLES))
