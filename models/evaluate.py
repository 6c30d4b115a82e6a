"""Tests on later time: the recipe fitted on what was known by a night, judged on what happened after it."""

from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from models import baselines, interval, metrics
from models.calendar import Plan
from models.model import Array, Customers, Fitted, Model
from models.predict import loaded, settled
from models.promote import CHAMPION, Gain, Window
from models.tables import CALIBRATION, EVALUATIONS
from models.training_set import EPOCH, Observed

CANDIDATE = "model"
"""The version itself among the predictors of models.calibration, beside its baseline."""


def window(model: Model, plan: Plan, night: date, seen: Observed, outcome: Array, champion: Fitted | None) -> Window:
    """How the recipe did from one test night, against each baseline and, where that is fair, the champion."""
    learned, tested = seen.on(plan.training[night]), seen.on([night])
    before, after = seen.customers.rows(learned), seen.customers.rows(tested)
    happened = outcome[tested]
    fitted = model.fit(before, outcome[learned], plan.horizon_days)
    predicted = loaded(settled(fitted, after)).values(after)
    rivals = _rivals(model, plan, before, outcome[learned], after)
    if champion is not None and _is_fair(champion, night, after):
        rivals[CHAMPION] = loaded(settled(champion, after)).values(after)
    found = metrics.paired_gains(model.metric, happened, predicted, rivals)
    gains = tuple(Gain(name, metrics.value(model.metric, happened, rivals[name]), *found[name]) for name in rivals)
    score = metrics.value(model.metric, happened, predicted)
    is_rate = model.metric is metrics.auc
    error = metrics.calibration_error(happened, predicted) if is_rate else None
    shown = {CANDIDATE: predicted, model.baseline: rivals[model.baseline]} if is_rate else {}
    bins = {name: metrics.calibration_bins(happened, rates) for name, rates in shown.items()}
    spread = {} if is_rate else interval.learned(happened, predicted)
    return Window(night, len(happened), score, gains, error, metrics.total_bias(happened, predicted), bins, spread)


def evaluations(spark: SparkSession, report: Any) -> DataFrame:
    """The rows of models.evaluations of one TrainingReport."""
    rows = [
        (report.model, report.version, report.night, w.night, report.horizon_days, w.customers, report.metric,
         w.score, g.rival, g.rival_score, g.gain, g.low, g.high, w.calibration_error, w.total_bias,
         report.promoted, report.grade, report.reason)
        for w in report.windows
        for g in w.gains
    ]  # fmt: skip
    return frame_of(spark, rows, EVALUATIONS.schema)


def calibrations(spark: SparkSession, report: Any) -> DataFrame:
    """The rows of models.calibration of one TrainingReport; none for a model that predicts no probability."""
    rows = [
        (report.model, report.version, report.night, w.night, predictor,
         int(place), int(customers), float(predicted), float(seen))
        for w in report.windows
        for predictor, bins in w.calibration.items()
        for place, customers, predicted, seen in bins
    ]  # fmt: skip
    return frame_of(spark, rows, CALIBRATION.schema)


def _rivals(model: Model, plan: Plan, before: Customers, outcome: Array, after: Customers) -> dict[str, Array]:
    fitted = {n: baselines.FITS[n](before, outcome, plan.horizon_days) for n in (model.baseline, *model.rivals)}
    return {name: baselines.predict(found, after) for name, found in fitted.items()}


def _is_fair(champion: Fitted, night: date, customers: Customers) -> bool:
    """Whether the champion learned nothing from after the test night and can read these customers."""
    knows_until = champion.facts.get("knows_until", 0)
    return knows_until <= (night - EPOCH).days and set(champion.features) <= set(customers.names)
