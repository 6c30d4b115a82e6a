"""models.evaluations: train, compare with the named baseline, promote only what is surely better."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg

from features import CUSTOMER_FEATURES
from features.point_in_time import snapshot_at
from lakehouse.errors import HabitueError, Transient
from models.champions import Change, record
from models.evaluate import calibrations, evaluations, profits
from models.fairness import as_frame as fairness
from models.registry import ModelUnusable
from models.suitability import suitabilities
from models.tables import CALIBRATION, EVALUATIONS, FAIRNESS, PROFIT, SUITABILITY
from models.train import TrainingReport, train
from orchestration.assets.keys import asset_key
from orchestration.assets.scores import history_of, model_settings
from orchestration.assets.step import spec
from orchestration.model_cards import write_model_card
from orchestration.training import TrainingRun
from pipelines import tables as unified

MADE = (EVALUATIONS, SUITABILITY)


def training_assets() -> list[dg.AssetsDefinition]:
    """One step: every model is trained on the same past snapshots."""

    @dg.multi_asset(
        name="models__evaluations",
        specs=[spec(table, after=[CUSTOMER_FEATURES.name, unified.CUSTOMER_PROFILE.name]) for table in MADE],
        required_resource_keys={"lake"},
    )
    def compute(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: TrainingRun = context.resources.lake
        started = monotonic()
        try:
            reports = trained(run)
        except HabitueError as error:
            run.record.failed("models.evaluations", error)
            if isinstance(error, Transient):
                raise dg.RetryRequested(max_retries=3, seconds_to_wait=5) from error
            raise dg.Failure(str(error), allow_retries=False) from error
        verdicts = {report.model: verdict_in_words(report) for report in reports}
        run.record.step("models.evaluations", started, "; ".join(f"{m}: {v}" for m, v in verdicts.items()))
        yield dg.MaterializeResult(asset_key=asset_key(EVALUATIONS.name), metadata=verdicts)
        suits = {report.model: report.suitability.words for report in reports}
        yield dg.MaterializeResult(asset_key=asset_key(SUITABILITY.name), metadata=suits)

    return [compute]


def trained(run: TrainingRun) -> tuple[TrainingReport, ...]:
    """Train every model, keep its tests in models.evaluations, and note the verdicts."""
    profile = run.lake.read(unified.CUSTOMER_PROFILE)
    tables = (*unified.UNIFIED_FACTS, unified.CUSTOMER_PROFILE)
    in_use = run.registry.model_versions()
    reports = train(
        history_of(run.lake),
        profile,
        snapshot_at(run.night, timezone=run.retailer.timezone),
        registry=run.registry,
        settings=model_settings(run.retailer),
        tags={name: str(version) for name, version in run.lake.versions(tables).items()} | _cause(run),
    )
    suits = {report.model: report.suitability for report in reports}
    run.lake.replace_night(SUITABILITY, suitabilities(run.lake.spark, run.night, suits).coalesce(1), run.night)
    for report in reports:
        if report.windows:
            # With the night, because the versions of a registry that was lost begin at 1 again.
            batch = f"{report.model}/{report.version}/{report.night}"
            run.lake.append_once(EVALUATIONS, evaluations(run.lake.spark, report).coalesce(1), batch=batch)
            run.lake.append_once(CALIBRATION, calibrations(run.lake.spark, report).coalesce(1), batch=batch)
            run.lake.append_once(PROFIT, profits(run.lake.spark, report).coalesce(1), batch=batch)
            run.lake.append_once(FAIRNESS, fairness(run.lake.spark, report).coalesce(1), batch=batch)
        run.record.models[report.model] = {**_facts(report), "verdict": verdict_in_words(report)}
    run.record.models["segments"] = {"verdict": run.registry.remarked("segments")}
    record(run.lake, [_promoted(report, in_use) for report in reports if report.promoted])
    for report in reports:
        if report.version:
            run.record.models[report.model]["card"] = str(_card(run, report.model, report.version))
        champion = run.registry.champion_version(report.model)
        if champion not in (None, report.version):
            _renew(run, report.model, str(champion))
    return reports


def _card(run: TrainingRun, model: str, version: str) -> Path:
    return write_model_card(run.lake, run.registry, model, version, night=run.night, retailer=run.retailer)


def _renew(run: TrainingRun, model: str, champion: str) -> None:
    """The card of the version that stays in use: its drift, and how far its scores are used, as of the last night."""
    try:
        _card(run, model, champion)
    except ModelUnusable as gone:
        told, said = run.record.models[model], f"the card stays as it was, for {gone.where} cannot be read: {gone.what}"
        told["warnings"] = (*told["warnings"], said)


def _promoted(report: TrainingReport, in_use: Mapping[str, str]) -> Change:
    before, now = in_use.get(report.model, ""), datetime.now(UTC)
    return Change(report.night, report.model, report.version, before, "promoted", "training", report.reason, now)


def _cause(run: TrainingRun) -> dict[str, str]:
    return {"because": run.because} if run.because else {}


def verdict_in_words(report: TrainingReport) -> str:
    """What came of a training, in one sentence."""
    if report.promoted:
        return f"version {report.version} is champion, grade {report.grade}: {report.reason}"
    return f"not promoted, the scores keep grade {report.grade}: {report.reason}"


def _facts(report: TrainingReport) -> dict[str, Any]:
    facts = asdict(report)
    told = {name: facts[name] for name in ("version", "promoted", "grade", "horizon_days", "metric", "warnings")}
    suits = {"verdict": report.suitability.verdict, "words": report.suitability.words}
    return told | {"suitability": suits | facts["suitability"]}
