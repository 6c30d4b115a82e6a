"""Scores of every customer on a night, with the reasons, or why there is no score."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features import FEATURES
from features.feature_group import WINDOWS
from features.point_in_time import Snapshot, visible
from models import segments
from models.eligibility import NO_CONTRACT, NO_ORDER, no_score_reason, to_score
from models.model import Customers, Fitted
from models.night_before import with_night_before
from models.predict import check_usable, settled
from models.score_batch import SCORED, Night, Scorer, matrix
from models.settings import DEFAULT_CHURN, ChurnSettings
from models.tables import CUSTOMER_SCORES

VALID_DAYS = 30
LEVEL_CUSTOMERS = 20_000
"""Customers whose predictions tell the level of all: the rest of a percent that more would bring is not worth it."""


def score_customers(
    features: DataFrame,
    profile: DataFrame,
    models: Mapping[str, Fitted],
    snapshot: Snapshot,
    *,
    before: DataFrame | None = None,
    orders: DataFrame | None = None,
    settings: ChurnSettings = DEFAULT_CHURN,
    currency: str = "",
) -> DataFrame:
    """The rows of scores.customer_scores of the snapshot's night.

    Grain:  one row per customer of `profile`; those who may not be scored, or never ordered, carry the reason.
    Reads:  features.customer_features of the night; models by name: churn, lifetime_value, segments; `before`, the
            scores of the night before, whose bands, segments and reasons are held while they stay near; `orders`,
            unified.orders where no feature sums up what was spent over the horizon.
    Raises: ModelUnusable if a model reads a feature that `features` lacks.
    """
    churn, value = models["churn"], models["lifetime_value"]
    for fitted in (churn, value):
        check_usable(fitted, features.columns)
    known = _with_actual(to_score(features, profile, settings), orders, snapshot, value.horizon_days)
    scored = _scored(known, models, snapshot.night, before=before, settings=settings, currency=currency)
    rows = profile.select("customer_id", no_score_reason().alias("_refused")).join(scored, "customer_id", "left")
    why = NO_CONTRACT if settings.by_contract else NO_ORDER
    silent = F.when(F.col("churn_probability").isNull(), F.lit(f"no score because {why}"))
    columns = {
        **_stamp(churn, value, models["segments"]),
        "night": F.lit(snapshot.night),
        "as_of": F.timestamp_micros(F.lit(int(snapshot.as_of.timestamp()) * 1_000_000)),
        "valid_until": F.lit(valid_until(snapshot.night, churn, value)),
        "no_score_reason": F.coalesce("_refused", silent),
    }
    always = ("night", "as_of", "no_score_reason")
    has_score = F.col("churn_probability").isNotNull()
    shown = {n: c if n in always else F.when(has_score, c) for n, c in columns.items()}
    return rows.withColumns(shown).select(*CUSTOMER_SCORES.column_names)


def valid_until(night: date, churn: Fitted, value: Fitted) -> date:
    """The last day to use a score: a third of the shorter horizon from the night, at most 30 days."""
    return night + timedelta(days=min(min(churn.horizon_days, value.horizon_days) // 3, VALID_DAYS))


def _with_actual(features: DataFrame, orders: DataFrame | None, snapshot: Snapshot, days: int) -> DataFrame:
    """The rows with what was spent less returns in so many days before the night; null where nothing tells it."""
    if days in WINDOWS:
        return features.withColumn("actual_amount", F.col(f"net_amount_{days}d").cast("decimal(18,2)"))
    if orders is None:
        return features.withColumn("actual_amount", F.lit(None).cast("decimal(18,2)"))
    seen = visible(orders.select("customer_id", "event_at", "known_from", "order_amount"), [snapshot])
    spent = seen.where(F.col("age_days") <= days).groupBy("customer_id").agg(F.sum("order_amount").alias("_spent"))
    spent_or_none = F.coalesce("_spent", F.lit(0)).cast("decimal(18,2)")
    return features.join(spent, "customer_id", "left").withColumn("actual_amount", spent_or_none)


def _scored(
    features: DataFrame,
    models: Mapping[str, Fitted],
    night: date,
    *,
    before: DataFrame | None,
    settings: ChurnSettings,
    currency: str,
) -> DataFrame:
    names = tuple(feature.name for feature in FEATURES)
    rows = features.select(
        "customer_id",
        segments.candidates(models["segments"]).alias("segments"),
        "actual_amount",
        *as_numbers(names),
    )
    tonight = fair_part(rows, names)
    level = (settled(models["churn"], tonight), settled(models["lifetime_value"], tonight))
    shared = features.sparkSession.sparkContext.broadcast(Night(*level, names, night, settings, currency))
    segment_id = segments.settled(F.col("segments"), F.col("before_segment_id"))
    stands = {"segment_id": segment_id, "segment": segments.named(models["segments"], segment_id)}
    return with_night_before(rows, before).withColumns(stands).drop("segments").mapInArrow(_scorer(shared), SCORED)


def as_numbers(names: tuple[str, ...]) -> list[Column]:
    """The features as a batch of them holds them: single precision, each under `_<name>`."""
    return [F.col(name).cast("float").alias(f"_{name}") for name in names]


def fair_part(rows: DataFrame, names: tuple[str, ...]) -> Customers:
    """At most LEVEL_CUSTOMERS of tonight's customers: enough to tell the level of the scores.

    Reads: customer_id, and what `as_numbers` gives.
    """
    batch = rows.orderBy(F.xxhash64("customer_id", F.lit("level"))).limit(LEVEL_CUSTOMERS).toArrow()
    return Customers(names, matrix(batch, names))


def _scorer(shared: Any) -> Callable[[Iterable[Any]], Iterable[Any]]:
    def score(batches: Iterable[Any]) -> Iterable[Any]:
        scorer = Scorer(shared.value)
        return (scorer.scored(batch) for batch in batches)

    return score


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
