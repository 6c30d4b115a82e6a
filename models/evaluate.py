"""Tests on later time: the recipe fitted on what was known by a night, judged on what happened after it."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from models import baselines, fairness, interval, metrics, profit
from models.calendar import Plan
from models.model import Array, Customers, Fitted, Model
from models.predict import loaded, settled
from models.promote import CHAMPION, Gain, Window
from models.settings import DEFAULT_CHURN, ChurnSettings
from models.sooner import sooner
from models.tables import CALIBRATION, EVALUATIONS, PROFIT
from models.training_set import EPOCH, Observed

CANDIDATE = "model"
"""The version itself among the predictors of models.calibration, beside its baseline."""


def window(
    model: Model,
    plan: Plan,
    night: date,
    *,
    seen: Observed,
    outcome: Array,
    champion: Fitted | None,
    costs: ChurnSettings = DEFAULT_CHURN,
) -> Window:
    """How the recipe did from one test night, against each baseline and the champion."""
    learned, tested = seen.on(plan.training[night]), seen.on([night])
    before, after = seen.customers.rows(learned), seen.customers.rows(tested)
    happened = outcome[tested]
    newer = sooner(model, seen, plan.training[night], plan.horizon_days)
    fitted = model.fit(before, outcome[learned], plan.horizon_days, sooner=newer)
    predicted = loaded(settled(fitted, after)).values(after)
    rivals = _rivals(model, plan, before, outcome[learned], after)
    if champion is not None:
        rivals[CHAMPION] = loaded(settled(champion, after)).values(after)
    found = metrics.compared(model.metric, happened, predicted, rivals)
    knew = champion is not None and champion.facts.get("knows_until", 0) > (night - EPOCH).days
    gains = tuple(
        Gain(name, metrics.value(model.metric, happened, rivals[name]), *gain, has_seen=knew and name == CHAMPION)
        for name, gain in found.gains.items()
    )
    is_rate = model.metric is metrics.auc
    error = metrics.calibration_error(happened, predicted) if is_rate else None
    shown = {CANDIDATE: predicted, model.baseline: rivals[model.baseline]}
    bins = {name: metrics.calibration_bins(happened, said) for name, said in shown.items()}
    spread = {} if is_rate else interval.learned(happened, predicted)
    bias = metrics.total_bias(happened, predicted)
    high = fairness.shown_as_high(after, predicted, costs, is_rate=is_rate)
    by_group = fairness.gaps(model.metric, fairness.Told(happened, predicted, high), seen.rows(tested).groups)
    return Window(
        night, len(happened), found.score, gains, error, bias, bins, spread, found.low, found.high,
        _profits(happened, shown, after, plan.horizon_days, costs) if is_rate else {}, by_group,
    )  # fmt: skip


def metrics_by_window(windows: Sequence[Window]) -> dict[str, float]:
    """The figures of every window with their 95 % intervals, by the names that MLflow shows; 1 is the newest window."""
    found: dict[str, float] = {}
    for number, one in enumerate(windows, start=1):
        found |= {f"score_{number}": one.score, f"score_{number}_low": one.low, f"score_{number}_high": one.high}
        for gain in one.gains:
            name = f"gain_over_{gain.rival}_{number}"
            found |= {name: gain.gain, f"{name}_low": gain.low, f"{name}_high": gain.high}
        found[f"total_bias_{number}"] = one.total_bias
        if one.calibration_error is not None:
            found[f"calibration_error_{number}"] = one.calibration_error
        for predictor, curve in one.profit.items():
            found[f"best_profit_{predictor}_{number}"] = profit.best(curve)[1]
    return {name: figure for name, figure in found.items() if isfinite(figure)}


def evaluations(spark: SparkSession, report: Any) -> DataFrame:
    """The rows of models.evaluations of one TrainingReport."""
    rows = [
        (report.model, report.version, report.night, w.night, report.horizon_days, w.customers, report.metric,
         w.score, w.low, w.high, g.rival, g.rival_score, g.has_seen, g.gain, g.low, g.high, w.calibration_error,
         w.total_bias, report.promoted, report.grade, report.reason)
        for w in report.windows
        for g in w.gains
    ]  # fmt: skip
    return frame_of(spark, rows, EVALUATIONS.schema)


def calibrations(spark: SparkSession, report: Any) -> DataFrame:
    """The rows of models.calibration of one TrainingReport."""
    rows = [
        (report.model, report.version, report.night, w.night, predictor,
         int(place), int(customers), float(predicted), float(seen))
        for w in report.windows
        for predictor, bins in w.calibration.items()
        for place, customers, predicted, seen in bins
    ]  # fmt: skip
    return frame_of(spark, rows, CALIBRATION.schema)


def profits(spark: SparkSession, report: Any) -> DataFrame:
    """The rows of models.profit of one TrainingReport; none for a model that predicts no probability."""
    rows = [
        (report.model, report.version, report.night, w.night, predictor, *(float(figure) for figure in row))
        for w in report.windows
        for predictor, curve in w.profit.items()
        for row in curve
    ]
    return frame_of(spark, rows, PROFIT.schema)


def _profits(
    left: Array, shown: Mapping[str, Array], customers: Customers, horizon_days: int, costs: ChurnSettings
) -> dict[str, Array]:
    stake = profit.at_stake(customers, horizon_days)
    return {} if stake is None else {name: profit.curve(left, told, stake, costs) for name, told in shown.items()}


def _rivals(model: Model, plan: Plan, before: Customers, outcome: Array, after: Customers) -> dict[str, Array]:
    fitted = {n: baselines.FITS[n](before, outcome, plan.horizon_days) for n in (model.baseline, *model.rivals)}
    return {name: baselines.predict(found, after) for name, found in fitted.items()}
