"""Churn on Online Retail II: five origins, the model beside the recency rule and logistic RFM."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from benchmarks import models_figures as figures
from benchmarks.contract import Check, higher, lower
from benchmarks.models_value import nights_before
from models import baselines, metrics
from models.churn import CHURN
from models.model import Array
from models.predict import loaded, settled
from models.sooner import sooner
from models.training_set import Observed

HORIZON_DAYS = 90
RIVALS = {"recency rule": ("recency_rule", 0.04), "logistic RFM": ("logistic_rfm", 0.005)}
"""Each with the gain in AUC that issue 6 asks for at the newest origin."""


def churn(seen: Observed, origins: tuple[date, ...], start: date) -> Iterator[Check]:
    """Every figure; the first origin is the one that the bars are about."""
    found = {origin: predictions(seen, origin, start) for origin in origins}
    left, said = found[origins[0]]
    yield higher("churn: AUC", figures.auc(left, said["model"]), 0.805)
    each = [figures.auc(gone, by["model"]) for gone, by in found.values()]
    yield higher("churn: mean AUC of five origins", float(np.mean(each)), 0.82)
    for name, (_, bar) in RIVALS.items():
        gain, low, high = figures.gain(figures.auc, left, said["model"], said[name])
        yield higher(f"churn: gain in AUC over {name}", gain, bar)
        yield higher(f"churn: gain in AUC over {name}, from", low, 0)
        yield higher(f"churn: gain in AUC over {name}, to", high)
    shapes = [figures.shape_error(gone, by["model"]) for gone, by in found.values()]
    errors = [metrics.calibration_error(gone, by["model"]) for gone, by in found.values()]
    yield lower("churn: calibration error of the shape, mean of five", float(np.mean(shapes)), 0.03)
    yield lower("churn: calibration error, mean of five", float(np.mean(errors)), 0.06)
    for origin, (gone, by) in found.items():
        yield lower(f"churn {origin}: rate seen", gone.mean())
        yield lower(f"churn {origin}: rate predicted", by["model"].mean())
        yield lower(f"churn {origin}: rate predicted without the season", by["raw"].mean())
        yield higher(f"churn {origin}: AUC", figures.auc(gone, by["model"]))


def predictions(seen: Observed, origin: date, start: date) -> tuple[Array, dict[str, Array]]:
    """Who left after the origin, and what each predictor said."""
    rows, tested = seen.on(nights_before(origin, HORIZON_DAYS, start)), seen.on([origin])
    outcome = CHURN.outcome(seen.orders[HORIZON_DAYS], seen.spend[HORIZON_DAYS])
    before, after = seen.customers.rows(rows), seen.customers.rows(tested)
    newer = sooner(CHURN, seen, nights_before(origin, HORIZON_DAYS, start), HORIZON_DAYS)
    fitted = CHURN.fit(before, outcome[rows], HORIZON_DAYS, sooner=newer)
    said = {"model": loaded(settled(fitted, after)).values(after), "raw": loaded(fitted).values(after)}
    for name, (kind, _) in RIVALS.items():
        said[name] = baselines.predict(baselines.FITS[kind](before, outcome[rows], HORIZON_DAYS), after)
    return outcome[tested], said
