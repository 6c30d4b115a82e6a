"""Scores of every customer on a night, with the reasons, or why there is no score."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features import FEATURES
from features.point_in_time import Snapshot
from models import segments
from models.eligibility import NO_ORDER, eligible, no_score_reason
from models.model import Array, Customers, Fitted
from models.predict import loaded
from models.registry import unusable
from models.tables import CUSTOMER_SCORES

HIGH_CHURN, MEDIUM_CHURN = 2 / 3, 1 / 3
JUST_BOUGHT_DAYS = 7
"""Nobody who bought in these days is shown as leaving, whatever the probability."""
VALID_DAYS = 30
SCORED = (
    "customer_id string, segment string, churn_probability double, value_amount double, "
    "just_bought boolean, reasons array<string>"
)


def score_customers(
    features: DataFrame, profile: DataFrame, models: Mapping[str, Fitted], snapshot: Snapshot
) -> DataFrame:
    """The rows of scores.customer_scores of the snapshot's night.

    Grain:  one row per customer of `profile`; those who may not be scored, or never ordered, carry the reason.
    Reads:  features.customer_features of the night; models by name: churn, lifetime_value, segments.
    Raises: ModelUnusable if a model reads a feature that `features` lacks.
    """
    churn, value = models["churn"], models["lifetime_value"]
    scored = _scored(eligible(features.where("orders_count > 0"), profile), models, snapshot.night)
    rows = profile.select("customer_id", no_score_reason().alias("_refused")).join(scored, "customer_id", "left")
    silent = F.when(F.col("churn_probability").isNull(), F.lit(f"no score because {NO_ORDER}"))
    columns = {
        **_bands(value),
        **_stamp(churn, value, models["segments"]),
        "night": F.lit(snapshot.night),
        "as_of": F.timestamp_micros(F.lit(int(snapshot.as_of.timestamp()) * 1_000_000)),
        "valid_until": F.lit(valid_until(snapshot.night, churn, value)),
        "value_amount": F.col("value_amount").cast("decimal(18,2)"),
        "no_score_reason": F.coalesce("_refused", silent),
    }
    always = ("night", "as_of", "no_score_reason")
    has_score = F.col("churn_probability").isNotNull()
    shown = {n: c if n in always else F.when(has_score, c) for n, c in columns.items()}
    return rows.withColumns(shown).select(*CUSTOMER_SCORES.column_names)


def valid_until(night: date, churn: Fitted, value: Fitted) -> date:
    """The last day to use a score: a third of the shorter horizon from the night, at most 30 days."""
    return night + timedelta(days=min(min(churn.horizon_days, value.horizon_days) // 3, VALID_DAYS))


def _scored(features: DataFrame, models: Mapping[str, Fitted], night: date) -> DataFrame:
    churn, value = models["churn"], models["lifetime_value"]
    names = tuple(feature.name for feature in FEATURES)
    _check_features(features, churn, value)
    rows = features.select(
        "customer_id",
        segments.segment(models["segments"]).alias("segment"),
        (F.col("days_since_last_order") <= JUST_BOUGHT_DAYS).alias("just_bought"),
        *(F.col(name).cast("float").alias(f"_{name}") for name in names),
    )
    shared = features.sparkSession.sparkContext.broadcast((churn, value))
    return rows.mapInArrow(_scorer(shared, names, night), SCORED)


def _scorer(shared: Any, names: tuple[str, ...], night: date) -> Callable[[Iterable[Any]], Iterable[Any]]:
    def score(batches: Iterable[Any]) -> Iterable[Any]:
        churn, value = (loaded(fitted) for fitted in shared.value)
        for batch in batches:
            customers = Customers(names, _matrix(batch, names))
            leaving = churn.values(customers)
            yield _batch(batch, leaving, value.values(customers), churn.reasons(customers, leaving, night))

    return score


def _matrix(batch: Any, names: tuple[str, ...]) -> Array:
    columns = [batch.column(f"_{name}").to_numpy(zero_copy_only=False).astype(np.float32) for name in names]
    return np.column_stack(columns)


def _batch(batch: Any, leaving: Array, value: Array, reasons: list[list[str]]) -> Any:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays(
        [
            batch.column("customer_id"),
            batch.column("segment"),
            pa.array(np.round(leaving, 4), pa.float64()),
            pa.array(np.round(np.maximum(value, 0), 2), pa.float64()),
            batch.column("just_bought"),
            pa.array(reasons, pa.list_(pa.string())),
        ],
        names=["customer_id", "segment", "churn_probability", "value_amount", "just_bought", "reasons"],
    )


def _bands(value: Fitted) -> dict[str, Column]:
    probability, amount = F.col("churn_probability"), F.col("value_amount")
    high, medium = value.facts["high_amount"], value.facts["medium_amount"]
    leaving = (probability >= HIGH_CHURN) & ~F.col("just_bought")
    return {
        "churn_band": F.when(leaving, "high").when(probability >= MEDIUM_CHURN, "medium").otherwise("low"),
        "value_band": F.when(amount >= high, "high").when(amount >= medium, "medium").otherwise("low"),
    }


def _stamp(churn: Fitted, value: Fitted, segmented: Fitted) -> dict[str, Column]:
    return {
        "grade": F.lit(max(churn.grade, value.grade)),
        "churn_grade": F.lit(churn.grade),
        "value_grade": F.lit(value.grade),
        "churn_horizon_days": F.lit(churn.horizon_days),
        "value_horizon_days": F.lit(value.horizon_days),
        "churn_version": F.lit(churn.version),
        "value_version": F.lit(value.version),
        "segment_version": F.lit(segmented.version),
    }


def _check_features(features: DataFrame, *models: Fitted) -> None:
    for fitted in models:
        missing = [name for name in fitted.features if name not in features.columns]
        if missing:
            raise unusable(f"it reads features that are no more: {', '.join(missing)}", fitted.model, fitted.version)
