"""features.*, scores.* and the models: what is known about a customer, what follows, and how sure that is."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features import CUSTOMER_FEATURES
from features.build import History, customer_features, history
from features.point_in_time import Snapshot, snapshot_at
from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from models import segments
from models.drift import as_frame, doubts, in_doubt, with_doubts
from models.model import Fitted
from models.moves import segment_moves
from models.registry import NAMES, ModelUnusable
from models.reviews import opinions, reviewed_cases
from models.score import score_customers
from models.settings import ChurnSettings, ModelSettings
from models.shadow import challenger_scores, challengers_of
from models.stand_in import ToScore, to_score_with
from models.tables import CHALLENGER_SCORES, CUSTOMER_SCORES, DRIFT, REVIEWED_CASES, SEGMENT_MOVES, SEGMENTS
from models.train import register_baselines
from orchestration.assets.step import Steps, spec, tables_asset
from orchestration.drifting import tell, tonights_drift
from orchestration.night import NightRun
from orchestration.publishing import publish_tonight
from orchestration.retailer import Retailer
from pipelines import tables as unified
from quality.gate import GateOutcome
from quality.publish import Published


def score_assets(steps: Steps) -> list[dg.AssetsDefinition]:
    """The features of the night, and the scores of the version that stood when it began."""
    facts = [table.name for table in unified.UNIFIED_FACTS]
    known = [CUSTOMER_FEATURES.name, unified.CUSTOMER_PROFILE.name, unified.ORDERS.name, SEGMENTS.name]
    described = spec(SEGMENTS, after=[*facts, unified.CUSTOMER_PROFILE.name])
    scores, drift = spec(CUSTOMER_SCORES, after=known), spec(DRIFT, after=[*facts, *known])
    return [
        tables_asset("features__customer_features", [spec(CUSTOMER_FEATURES, after=facts)], _features, steps),
        tables_asset("models__segments", [described], _segments, steps),
        tables_asset(
            "scores__customer_scores",
            [scores],
            _scored,
            steps,
            beside={CHALLENGER_SCORES: spec(CHALLENGER_SCORES, after=known), DRIFT: drift},
        ),
        tables_asset(
            "scores__segment_moves",
            [spec(SEGMENT_MOVES, after=[CUSTOMER_SCORES.name])],
            _moved,
            steps,
            beside={REVIEWED_CASES: spec(REVIEWED_CASES, after=[CUSTOMER_SCORES.name, unified.FEEDBACK.name])},
        ),
    ]


def history_of(lake: Lakehouse) -> History:
    """What happened to the customers, as the lake stands."""
    frames = {table.name.split(".")[1]: lake.read(table) for table in unified.UNIFIED_FACTS}
    frames["feedback"] = opinions(frames["feedback"])
    return history(lake.spark, frames)


def snapshot_of(run: NightRun) -> Snapshot:
    """The night as features take it."""
    return snapshot_at(run.night, timezone=run.retailer.timezone)


def model_settings(retailer: Retailer) -> ModelSettings:
    """What the retailer file says of the models."""
    fairness = tuple(dict.fromkeys(retailer.fairness))
    return ModelSettings(churn=_priced(retailer), lifetime_value=retailer.lifetime_value, fairness=fairness)


def _priced(retailer: Retailer) -> ChurnSettings:
    """Churn, a contact of which costs what the file says there, or else what it costs on the dearest channel."""
    prices = retailer.contact_costs.values()
    if not prices or "contact_costs" in retailer.churn.model_fields_set:
        return retailer.churn
    return retailer.churn.model_copy(update={"contact_costs": max(prices)})


def _features(run: NightRun) -> Sequence[Published]:
    frame = customer_features(history_of(run.lake), snapshot_of(run))
    return [publish_tonight(run, CUSTOMER_FEATURES, frame)]


def _segments(run: NightRun) -> Sequence[Published]:
    """What the segments mean; on a lake without any model, baselines are registered first."""
    warnings = register_baselines(
        history_of(run.lake),
        run.lake.read(unified.CUSTOMER_PROFILE),
        snapshot_of(run),
        registry=run.registry,
        settings=model_settings(run.retailer),
    )
    run.record.warnings.extend(warnings)
    frame = _described(run.lake, _to_score(run, "segments").fitted)
    return [publish_tonight(run, SEGMENTS, frame)]


def _scored(run: NightRun) -> Sequence[Published]:
    chosen = {name: _to_score(run, name) for name in NAMES}
    models = {name: one.fitted for name, one in chosen.items()}
    features = run.lake.read(CUSTOMER_FEATURES).where(f"night = DATE'{run.night}'")
    profile, churn = run.lake.read(unified.CUSTOMER_PROFILE), run.retailer.churn
    scores = score_customers(
        features,
        profile,
        models,
        snapshot_of(run),
        before=_night_before(run),
        orders=run.lake.read(unified.ORDERS),
        settings=churn,
        currency=run.retailer.currency,
    )
    scores = scores.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        found = tonights_drift(run, history_of(run.lake), snapshot_of(run), scores, models)
        doubted = doubts(found)
        published = publish_tonight(run, CUSTOMER_SCORES, with_doubts(scores, doubted))
    finally:
        scores.unpersist()
    run.lake.replace_night(DRIFT, as_frame(run.lake.spark, found, run.night).coalesce(1), run.night)
    run.record.models.update({name: _facts(fitted, doubted.get(name)) for name, fitted in models.items()})
    for name, one in chosen.items():
        if one.wants_training:
            run.record.models[name]["in_doubt"] = one.because
    tell(run.record, found)
    _shadow(run, features, profile)
    return [published]


def _moved(run: NightRun) -> Sequence[Published]:
    _reviewed(run)
    scores = run.lake.read(CUSTOMER_SCORES).where(f"night = DATE'{run.night}'")
    return [publish_tonight(run, SEGMENT_MOVES, segment_moves(scores, _night_before(run), run.night))]


def _reviewed(run: NightRun) -> None:
    """Keep the scores that people marked wrong since the last night, where the retailer's tools tell of marks."""
    if not any(
        "kind" in one.columns for source in run.retailer.sources.values() for one in source.entities.get("feedback", ())
    ):
        return
    tonight = run.lake.read(unified.FEEDBACK).where(F.col("known_from") == F.lit(run.night))
    cases = reviewed_cases(tonight, run.lake.read_as_night_began(CUSTOMER_SCORES), timezone=run.retailer.timezone)
    run.lake.merge(REVIEWED_CASES, cases)


def _night_before(run: NightRun) -> DataFrame:
    """The scores of the night before, empty where there are none."""
    return run.lake.read_as_night_began(CUSTOMER_SCORES).where(f"night = date_sub(DATE'{run.night}', 1)")


def _shadow(run: NightRun, features: DataFrame, profile: DataFrame) -> None:
    """Let the challengers of the night's start score it too; one that cannot is a warning and stops nothing."""
    start = run.lake.start
    versions = challengers_of(start.models) if start else {}
    if not versions:
        return
    try:
        challengers = {name: run.registry.load(name, version) for name, version in versions.items()}
        scores = challenger_scores(features, profile, challengers, snapshot_of(run), settings=run.retailer.churn)
    except ModelUnusable as error:
        run.record.warnings.append(f"the challenger did not score: {error.where}: {error.what}")
        return
    run.lake.replace_night(CHALLENGER_SCORES, scores, run.night)


def _to_score(run: NightRun, name: str) -> ToScore:
    """The version that scores tonight; one that only stands in is a warning, told once."""
    found = to_score_with(run.registry, name, _version(run, name))
    if found.because and found.because not in run.record.warnings:
        run.record.warnings.append(found.because)
        run.record.gates.append(GateOutcome(CUSTOMER_SCORES.name, found.because, "warn", 1, 0, "warned"))
    return found


def _version(run: NightRun, name: str) -> str:
    """The version that stood when the night first started; the first ever on a lake that had none then."""
    start = run.lake.start
    recorded = start.models.get(name) if start else None
    return recorded or run.registry.versions(name)[-1]["version"]


def _described(lake: Lakehouse, fitted: Fitted) -> DataFrame:
    rows = [
        (row["segment"], row["description"], fitted.version, position, row["segment_id"])
        for position, row in enumerate(segments.described(fitted))
    ]
    return frame_of(lake.spark, rows, SEGMENTS.schema)


def _facts(fitted: Fitted, doubt: str | None) -> dict[str, Any]:
    """What the night says of a version; one in doubt with the grade that its scores got."""
    return {
        "version": fitted.version,
        "kind": fitted.kind,
        "grade": in_doubt(fitted).grade if doubt else fitted.grade,
        "horizon_days": fitted.horizon_days,
    } | ({"in_doubt": doubt} if doubt else {})
