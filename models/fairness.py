"""Whether a version errs more, or shows more customers as `high`, in one group of customers than in all others.

Attributes are held beside the features, never among them; what leaves are figures per group.
Source: Barocas, Hardt and Narayanan (2023), "Fairness and Machine Learning", chapter 3: the same kinds of figure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from models.bands import BANDS, churn_band
from models.metrics import RESAMPLES, interval
from models.model import Array, Customers, Metric
from models.settings import ChurnSettings
from models.tables import FAIRNESS

FEWEST_CUSTOMERS = 100
"""Customers below which a group is too small to be told of: its figures would be chance, or about a person."""
MOST_GROUPS = 12
"""Groups of one attribute; the smallest beyond them are told together."""
MOST_DRAWN = 3_000
"""Customers of a side who are resampled: of more the interval only becomes wider than need be, hence more careful."""
MOST_BINS, BIN_CUSTOMERS = 15, 50
UNKNOWN, THE_REST = "unknown", "all other groups"
TOP_FIFTH = 0.8


@dataclass(frozen=True)
class Groups:
    """The group of each customer by one attribute. Shape: codes are places in names, one per row."""

    codes: Array
    names: tuple[str, ...]

    def rows(self, mask: Array) -> "Groups":
        """The same of some customers alone."""
        return Groups(self.codes[mask], self.names)


@dataclass(frozen=True)
class Told:
    """What was said of customers and what they did. Units: is_high tells who is shown in the band `high`."""

    outcome: Array
    predicted: Array
    is_high: Array

    def rows(self, chosen: Array) -> "Told":
        """The same of some customers alone, in that order."""
        return Told(self.outcome[chosen], self.predicted[chosen], self.is_high[chosen])


@dataclass(frozen=True)
class Gap:
    """One figure of a group beside the same of all other customers, with the 95 % interval of the difference.

    Units: NaN where the group, or what is left without it, is too small.
    """

    attribute: str
    group: str
    customers: int
    measure: str
    value: float = float("nan")
    others: float = float("nan")
    gap: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    is_too_small: bool = False


Figure = Callable[[Told, Array], Array]
"""(what was told, weights: one row per resample) to one figure per resample."""


def shown_as_high(customers: Customers, predicted: Array, costs: ChurnSettings, *, is_rate: bool) -> Array:
    """Who would be shown as `high`, had no night gone before: by the costs of churn, or as the top fifth of values."""
    if is_rate:
        before, silent = np.full(len(predicted), -1), customers.known("days_since_last_order")
        is_high: Array = churn_band(predicted, before, silent, costs) == BANDS.index("high")
        return is_high
    high: Array = predicted >= np.quantile(predicted, TOP_FIFTH) if len(predicted) else predicted > 0
    return high


def gaps(metric: Metric, told: Told, groups: Mapping[str, Groups], *, seed: int = 7) -> tuple[Gap, ...]:
    """Every figure of every group of every attribute, beside all other customers.

    Shape: groups of an attribute by their names; nothing of an attribute by which all are alike.
    """
    figures, drawn = measures(metric), np.random.default_rng(seed)
    return tuple(
        gap
        for attribute, held in groups.items()
        for name, inside in _by_name(held)
        for gap in _of_group(attribute, name, inside, told, figures, drawn)
    )


def measures(metric: Metric) -> dict[str, Figure]:
    """What is told of a group, by the name of the measure in models.fairness."""
    return {
        "seen": lambda told, weights: _mean(told.outcome, weights),
        "predicted": lambda told, weights: _mean(told.predicted, weights),
        "ranking": lambda told, weights: metric(told.outcome, told.predicted, weights),
        "calibration_error": _calibration_error,
        "share_high": lambda told, weights: _mean(told.is_high, weights),
    }


def as_frame(spark: SparkSession, report: Any) -> DataFrame:
    """The rows of models.fairness of one TrainingReport; none where the retailer file names no attribute."""
    rows = [
        (report.model, report.version, report.night, w.night, *(_known(figure) for figure in astuple(gap)))
        for w in report.windows
        for gap in w.fairness
    ]
    return frame_of(spark, rows, FAIRNESS.schema)


def _by_name(held: Groups) -> Iterator[tuple[str, Array]]:
    """The groups with who is inside, those beyond the largest together; nothing where there is one group alone."""
    sizes = np.bincount(held.codes, minlength=len(held.names)) if len(held.codes) else np.zeros(len(held.names))
    largest = [int(code) for code in np.argsort(-sizes, kind="stable") if sizes[code]]
    if len(largest) < 2:
        return
    kept = largest if len(largest) <= MOST_GROUPS else largest[: MOST_GROUPS - 1]
    for code in sorted(kept, key=lambda code: held.names[code]):
        yield held.names[code], held.codes == code
    if len(kept) < len(largest):
        yield THE_REST, ~np.isin(held.codes, kept)


def _of_group(
    attribute: str, name: str, inside: Array, told: Told, figures: Mapping[str, Figure], drawn: np.random.Generator
) -> Iterator[Gap]:
    mine, others = (drawn.permutation(np.flatnonzero(side)) for side in (inside, ~inside))
    if min(len(mine), len(others)) < FEWEST_CUSTOMERS:
        yield from (Gap(attribute, name, len(mine), measure, is_too_small=True) for measure in figures)
        return
    sides = [told.rows(side) for side in (mine, others)]
    weights = [
        drawn.poisson(1.0, (RESAMPLES, min(len(side), MOST_DRAWN))).astype(np.float64) for side in (mine, others)
    ]
    for measure, figure in figures.items():
        # Few customers miss by chance more than many: the error of calibration is compared on sides of equal size.
        most = min(len(mine), len(others), MOST_DRAWN) if measure == "calibration_error" else None
        at = [_one(figure, side, most) for side in sides]
        resampled = [_many(figure, side, of, most) for side, of in zip(sides, weights, strict=True)]
        low, high = interval(resampled[0] - resampled[1])
        yield Gap(attribute, name, len(mine), measure, at[0], at[1], at[0] - at[1], low, high)


def _one(figure: Figure, side: Told, most: int | None) -> float:
    held = side.rows(np.arange(most)) if most else side
    return float(figure(held, np.ones((1, len(held.outcome))))[0])


def _many(figure: Figure, side: Told, weights: Array, most: int | None) -> Array:
    size = most or weights.shape[1]
    return figure(side.rows(np.arange(size)), weights[:, :size])


def _mean(values: Array, weights: Array) -> Array:
    found: Array = weights @ values.astype(np.float64) / np.maximum(weights.sum(axis=1), 1)
    return found


def _calibration_error(told: Told, weights: Array) -> Array:
    """Mean distance of what was predicted and seen over bins of equal count; of an amount, as a share of that seen."""
    order = np.argsort(told.predicted, kind="stable")
    bins = max(1, min(MOST_BINS, len(order) // BIN_CUSTOMERS))
    starts = np.array([part[0] for part in np.array_split(np.arange(len(order)), bins)])
    off = np.abs(np.add.reduceat((weights * (told.outcome - told.predicted))[:, order], starts, axis=1)).sum(axis=1)
    is_rate = bool(np.isin(told.outcome, (0, 1)).all())
    total = weights.sum(axis=1) if is_rate else np.abs(weights @ told.outcome)
    found: Array = off / np.maximum(total, 1e-9)
    return found


def _known(figure: Any) -> Any:
    """A figure that is not a number as null."""
    return None if isinstance(figure, float) and not np.isfinite(figure) else figure
