"""Scores of every customer on a night, with the reasons, or why there is no score."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features import FEATURES
from features.point_in_time import Snapshot
from models import interval, segments
from models.eligibility import NO_ORDER, eligible, no_score_reason
from models.model import Array, Customers, Fitted
from models.predict import check_usable, loaded, settled
from models.settings import ChurnSettings
from models.tables import CUSTOMER_SCORES

DEFAULT_CHURN = ChurnSettings()
HELD = 0.05
"""By so much a probability must fall below where its band begins before the customer leaves the band: who stands at an
edge does not change sides every night."""
JUST_BOUGHT_DAYS = 7
"""Nobody who bought in these days is shown as leaving, whatever the probability."""
VALID_DAYS = 30
LEVEL_CUSTOMERS = 20_000
"""Customers whose predictions tell the level of all: the rest of a percent that more would bring is not worth it."""
SCORED = (
    "customer_id string, segments array<string>, churn_probability double, "
    "value_amount double, value_low double, value_high double, just_bought boolean, reasons array<string>"
)


def score_customers(
    features: DataFrame,
    profile: DataFrame,
    models: Mapping[str, Fitted],
    snapshot: Snapshot,
    *,
    before: DataFrame | None = None,
    settings: ChurnSettings = DEFAULT_CHURN,
) -> DataFrame:
    """The rows of scores.customer_scores of the snapshot's night.

    Grain:  one row per customer of `profile`; those who may not be scored, or never ordered, carry the reason.
    Reads:  features.customer_features of the night; models by name: churn, lifetime_value, segments; `before`, the
            scores of the night before, whose bands and segments are held while a customer stays near.
    Raises: ModelUnusable if a model reads a feature that `features` lacks.
    """
    churn, value = models["churn"], models["lifetime_value"]
    scored = _scored(eligible(features.where("orders_count > 0"), profile), models, snapshot.night)
    rows = profile.select("customer_id", no_score_reason().alias("_refused")).join(scored, "customer_id", "left")
    rows = _with_night_before(rows, before)
    segment_id = segments.settled(F.col("segments"), F.col("_segment_before"))
    silent = F.when(F.col("churn_probability").isNull(), F.lit(f"no score because {NO_ORDER}"))
    columns = {
        "churn_band": _churn_band(settings),
        "value_band": _value_band(value),
        "segment": segments.named(models["segments"], segment_id),
        "segment_id": segment_id,
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
    for fitted in (churn, value):
        check_usable(fitted, features.columns)
    rows = features.select(
        "customer_id",
        segments.candidates(models["segments"]).alias("segments"),
        (F.col("days_since_last_order") <= JUST_BOUGHT_DAYS).alias("just_bought"),
        *(F.col(name).cast("float").alias(f"_{name}") for name in names),
    )
    tonight = _fair_part(rows, names)
    both = (settled(churn, tonight), settled(value, tonight))
    shared = features.sparkSession.sparkContext.broadcast(both)
    return rows.mapInArrow(_scorer(shared, names, night), SCORED)


def _fair_part(rows: DataFrame, names: tuple[str, ...]) -> Customers:
    """At most LEVEL_CUSTOMERS of tonight's customers: enough to tell the level of the scores."""
    batch = rows.orderBy(F.xxhash64("customer_id", F.lit("level"))).limit(LEVEL_CUSTOMERS).toArrow()
    return Customers(names, _matrix(batch, names))


def _scorer(shared: Any, names: tuple[str, ...], night: date) -> Callable[[Iterable[Any]], Iterable[Any]]:
    def score(batches: Iterable[Any]) -> Iterable[Any]:
        churn, value = (loaded(fitted) for fitted in shared.value)
        spread = shared.value[1].facts.get("interval", {})
        for batch in batches:
            customers = Customers(names, _matrix(batch, names))
            leaving = churn.values(customers)
            amount = np.maximum(value.values(customers), 0)
            amounts = (amount, *interval.bounds(spread, amount))
            yield _batch(batch, leaving, amounts, churn.reasons(customers, leaving, night))

    return score


def _matrix(batch: Any, names: tuple[str, ...]) -> Array:
    columns = [np.asarray(batch.column(f"_{name}"), dtype=np.float32) for name in names]
    return np.column_stack(columns)


def _batch(batch: Any, leaving: Array, amounts: tuple[Array, ...], reasons: list[list[str]]) -> Any:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays(
        [
            batch.column("customer_id"),
            batch.column("segments"),
            pa.array(np.round(leaving, 4), pa.float64()),
            *(pa.array(np.round(amount, 2), pa.float64(), from_pandas=True) for amount in amounts),
            batch.column("just_bought"),
            pa.array(reasons, pa.list_(pa.string())),
        ],
        names=[column.split()[0] for column in SCORED.split(", ")],
    )


def _with_night_before(rows: DataFrame, before: DataFrame | None) -> DataFrame:
    """The rows with the churn band and the segment of the night before; null where there were none."""
    if before is None:
        return rows.withColumns({name: F.lit(None).cast("string") for name in ("_before", "_segment_before")})
    held = before.select(
        "customer_id", F.col("churn_band").alias("_before"), F.col("segment_id").alias("_segment_before")
    )
    return rows.join(held, "customer_id", "left")


def _churn_band(settings: ChurnSettings) -> Column:
    """The band by what overlooking and acting cost; who was in a band stays until clearly below where it begins."""
    probability, before = F.col("churn_probability"), F.coalesce(F.col("_before"), F.lit("low"))
    high = probability >= F.lit(settings.high_from) - F.when(before == "high", HELD).otherwise(0.0)
    medium = probability >= F.lit(settings.medium_from) - F.when(before != "low", HELD).otherwise(0.0)
    return F.when(high & ~F.col("just_bought"), "high").when(medium, "medium").otherwise("low")


def _value_band(value: Fitted) -> Column:
    amount = F.col("value_amount")
    high, medium = value.facts["high_amount"], value.facts["medium_amount"]
    return F.when(amount >= high, "high").when(amount >= medium, "medium").otherwise("low")


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
