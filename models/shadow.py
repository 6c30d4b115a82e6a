"""Shadow scores: a challenger scores the night beside the version in use, and nothing is decided by it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features import FEATURES
from features.point_in_time import Snapshot
from models.eligibility import to_score
from models.model import Customers, Fitted
from models.predict import check_usable, loaded, settled
from models.score import as_numbers, fair_part
from models.score_batch import matrix
from models.settings import DEFAULT_CHURN, ChurnSettings
from models.tables import CHALLENGER_SCORES

NAMES = tuple(feature.name for feature in FEATURES)
NOTED = "challenger "
RANK_CORRELATION = "try_divide(covar_pop(_ours, _theirs), stddev_pop(_ours) * stddev_pop(_theirs))"
"""As corr, which fails where all are alike instead of giving null."""
SCORED = "customer_id string, model string, version string, score double"


@dataclass(frozen=True)
class Agreement:
    """How far a challenger and the version in use agreed on the customers of one night.

    Units: spearman is the rank correlation of the scores, None where one of them is the same for all;
           other_band is the share of customers who would stand in another band.
    """

    night: date
    model: str
    version: str
    customers: int
    spearman: float | None
    other_band: float


def noted(challengers: Mapping[str, str]) -> dict[str, str]:
    """The challengers as a night records them at its start, beside the versions in use."""
    return {f"{NOTED}{model}": version for model, version in challengers.items()}


def challengers_of(recorded: Mapping[str, str]) -> dict[str, str]:
    """The challengers among what a night recorded at its start."""
    return {name.removeprefix(NOTED): v for name, v in recorded.items() if name.startswith(NOTED)}


def challenger_scores(
    features: DataFrame,
    profile: DataFrame,
    challengers: Mapping[str, Fitted],
    snapshot: Snapshot,
    *,
    settings: ChurnSettings = DEFAULT_CHURN,
) -> DataFrame:
    """The rows of scores.challenger_scores of the snapshot's night.

    Grain:  one row per model with a challenger, and customer of `profile` with a score.
    Raises: ModelUnusable if a challenger is of an earlier recipe or reads a feature that `features` lacks.
    """
    for fitted in challengers.values():
        check_usable(fitted, features.columns)
    known = to_score(features, profile, settings)
    known = known.join(profile.select("customer_id"), "customer_id", "left_semi")
    rows = known.select("customer_id", *as_numbers(NAMES))
    tonight = fair_part(rows, NAMES)
    shared = features.sparkSession.sparkContext.broadcast([settled(one, tonight) for one in challengers.values()])
    scored = rows.mapInArrow(_scorer(shared), SCORED)
    return scored.withColumn("night", F.lit(snapshot.night)).select(*CHALLENGER_SCORES.column_names)


def agreement(
    champion: DataFrame,
    challenger: DataFrame,
    versions: Mapping[str, tuple[Fitted, Fitted]],
    *,
    settings: ChurnSettings = DEFAULT_CHURN,
) -> list[Agreement]:
    """How far both agree, by model, on one night.

    Reads: scores.customer_scores and scores.challenger_scores of that night; by model the version in use and the
           challenger, for the amounts where their bands begin.
    """
    told = F.explode(F.create_map(F.lit("churn"), "churn_probability", F.lit("lifetime_value"), _amount()))
    in_use = champion.where("churn_probability is not null").select("customer_id", told.alias("model", "theirs"))
    both = challenger.join(in_use, ["model", "customer_id"])
    ranked = both.withColumns({"_ours": _rank("score"), "_theirs": _rank("theirs")})
    other = [F.col("model").eqNullSafe(name) & _other_band(name, *pair, settings) for name, pair in versions.items()]
    moved = F.greatest(*other, F.lit(False)) if other else F.lit(False)
    found = ranked.groupBy("night", "model", "version").agg(
        F.count("*").alias("customers"),
        F.expr(RANK_CORRELATION).alias("spearman"),
        F.avg(moved.cast("double")).alias("other_band"),
    )
    return [Agreement(**row.asDict()) for row in found.orderBy("model").collect()]


def _scorer(shared: Any) -> Callable[[Iterable[Any]], Iterable[Any]]:
    def score(batches: Iterable[Any]) -> Iterable[Any]:
        import pyarrow as pa

        ready = [(fitted, loaded(fitted)) for fitted in shared.value]
        for batch in batches:
            customers, ids = Customers(NAMES, matrix(batch, NAMES)), batch.column("customer_id")
            for fitted, prediction in ready:
                found = np.maximum(prediction.values(customers), 0).astype(np.float64)
                names = (pa.array([said] * len(ids)) for said in (fitted.model, fitted.version))
                yield pa.RecordBatch.from_arrays(
                    [ids, *names, pa.array(found)], names=[column.split()[0] for column in SCORED.split(", ")]
                )

    return score


def _amount() -> Column:
    return F.col("value_amount").cast("double")


def _rank(score: str) -> Column:
    """The rank within the model; equal scores share theirs."""
    ordered = F.rank().over(Window.partitionBy("model").orderBy(score))
    alike = F.count("*").over(Window.partitionBy("model", score))
    return ordered + (alike - 1) / 2


def _other_band(model: str, champion: Fitted, challenger: Fitted, settings: ChurnSettings) -> Column:
    if model == "churn":
        edges = (settings.high_from, settings.medium_from)
        return _band("theirs", edges) != _band("score", edges)
    theirs, ours = ((one.facts["high_amount"], one.facts["medium_amount"]) for one in (champion, challenger))
    return _band("theirs", theirs) != _band("score", ours)


def _band(score: str, edges: tuple[float, float]) -> Column:
    high, medium = edges
    return F.when(F.col(score) >= high, 2).when(F.col(score) >= medium, 1).otherwise(0)
