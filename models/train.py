"""Training: fit, test on later windows, register, promote; or say in words why not."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
from pyspark.sql import DataFrame

from features.build import History
from features.point_in_time import Snapshot
from models import MODELS, baselines, reference, segments, trees
from models.calendar import Plan, Schedule, check_no_leak, schedule
from models.eligibility import RUNNING
from models.evaluate import metrics_by_window, window
from models.model import Array, Customers, Fitted, Model
from models.predict import loaded, settled
from models.promote import Verdict, Window, is_promising, verdict
from models.registry import ModelUnusable, Registry
from models.settings import DEFAULT_CHURN, ChurnSettings, ModelSettings
from models.sooner import half, sooner, sooner_nights
from models.standing import Standing, standing_of
from models.suitability import Suitability, suitability
from models.training_set import EPOCH, Observed, observed, order_feed

BASELINES = {model.name: model.baseline for model in MODELS}


@dataclass(frozen=True)
class TrainingReport:
    """What training did with one model, for people and for models.evaluations.

    Units: version is empty where nothing was registered; warnings say what was shortened or dropped.
    """

    model: str
    version: str
    promoted: bool
    grade: str
    reason: str
    horizon_days: int
    night: date
    metric: str
    windows: tuple[Window, ...] = ()
    warnings: tuple[str, ...] = ()
    suitability: Suitability = field(default_factory=Suitability)


@dataclass(frozen=True)
class Learned:
    """What a model learned, not registered yet; without a fitted model the verdict says why there is none."""

    fitted: Fitted | None
    verdict: Verdict
    suitability: Suitability
    windows: tuple[Window, ...] = ()
    warnings: tuple[str, ...] = ()


def train(
    history: History,
    profile: DataFrame,
    now: Snapshot,
    *,
    registry: Registry,
    settings: ModelSettings,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> tuple[TrainingReport, ...]:
    """One report per model, in the order of models.MODELS; baselines and segments are refreshed on the way.

    Reads: what `now` may see. Tags (versions of the tables, say) are kept with each registered version.
    """
    feed = order_feed(history.orders, now)
    schedules = {model.name: schedule(settings.horizons[model.name], feed, now.night) for model in MODELS}
    seen = _observed(history, profile, now, schedules, settings)
    return train_on(seen, now.night, schedules, registry=registry, costs=settings.churn, tags=tags)


def train_on(
    seen: Observed,
    night: date,
    schedules: Mapping[str, Schedule],
    *,
    registry: Registry,
    costs: ChurnSettings = DEFAULT_CHURN,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> tuple[TrainingReport, ...]:
    """The same from customers that were already observed: all of training but Spark."""
    _register_named(seen, night, schedules, registry)
    _renew_segments(seen.customers.rows(seen.on([night])), night, registry)
    standing = {model.name: standing_of(model, schedules[model.name], registry, seen.customers) for model in MODELS}

    def learned(model: Model) -> Learned:
        return _learned(model, schedules[model.name], seen, night, standing[model.name], costs)

    # Growing trees leaves Python's lock to others; the registry is asked and written by this thread alone.
    with ThreadPoolExecutor(len(MODELS)) as pool:
        found = list(pool.map(learned, MODELS))
    return tuple(
        _reported(model, schedules[model.name], one, night, registry, tags)
        for model, one in zip(MODELS, found, strict=True)
    )


def register_baselines(
    history: History, profile: DataFrame, now: Snapshot, *, registry: Registry, settings: ModelSettings
) -> tuple[str, ...]:
    """Register the named baselines and the segments where a model has no version yet; what should be known about it.

    A night calls this first, so that the first night already has scores, of grade E.
    """
    if set(registry.model_versions()) == {*settings.horizons, "segments"}:
        return ()
    feed = order_feed(history.orders, now)
    schedules = {model.name: schedule(settings.horizons[model.name], feed, now.night) for model in MODELS}
    latest = {name: replace(s, plan=None) for name, s in schedules.items()}
    seen = _observed(history, profile, now, latest, settings)
    _register_named(seen, now.night, schedules, registry)
    registry.register(segments.rules(seen.customers.rows(seen.on([now.night]))), night=now.night)
    return tuple(dict.fromkeys(warning for planned in schedules.values() for warning in planned.warnings))


def _observed(
    history: History, profile: DataFrame, now: Snapshot, schedules: Mapping[str, Schedule], settings: ModelSettings
) -> Observed:
    """One pass for every model: all nights that any of them needs, and this night itself."""
    nights = {now.night}
    for planned in schedules.values():
        nights |= {*planned.labelled, *(planned.plan.nights if planned.plan else ())}
    horizons = {planned.horizon_days for planned in schedules.values()}
    for model in MODELS:
        planned = schedules[model.name]
        if model.learns_sooner and planned.plan and not settings.churn.by_contract:
            taught = {*planned.plan.final, *(one for many in planned.plan.training.values() for one in many)}
            nights |= {*sooner_nights(taught, planned.horizon_days)}
            horizons.add(half(planned.horizon_days))
    closed = min(planned.closed for planned in schedules.values())
    return observed(
        history,
        profile,
        now=now,
        nights=sorted(nights),
        horizons=sorted(horizons),
        closed=closed,
        by_contract=settings.churn.by_contract,
        fairness=settings.fairness if any(planned.plan for planned in schedules.values()) else (),
    )


def _register_named(seen: Observed, night: date, schedules: Mapping[str, Schedule], registry: Registry) -> None:
    today = seen.customers.rows(seen.on([night]))
    for model in MODELS:
        registry.register(_with_bands(_named_baseline(model, schedules[model.name], seen), today), night=night)


def _renew_segments(today: Customers, night: date, registry: Registry) -> None:
    """Register what segments a training found, where it says something else than the version in use."""
    held = registry.current("segments")
    try:
        before = registry.load("segments", held) if held else None
    except ModelUnusable:
        before = None
    found = segments.refit(today, before)
    if found.is_new:
        registry.register(found.fitted, night=night, notes={"verdict": found.verdict})
    registry.remark("segments", found.verdict)


def _named_baseline(model: Model, planned: Schedule, seen: Observed) -> Fitted:
    """The model's named baseline, fitted on the last closed window where there is one."""
    outcome = _outcome(model, planned, seen)
    rows = seen.on(planned.labelled) & ~np.isnan(outcome)
    outcome = outcome[rows]
    fitted = baselines.FITS[model.baseline](seen.customers.rows(rows), outcome, planned.horizon_days)
    average = {"average": float(outcome.mean())} if len(outcome) else {}
    return replace(fitted, facts={**fitted.facts, **average})


def _learned(
    model: Model, planned: Schedule, seen: Observed, night: date, standing: Standing, costs: ChurnSettings
) -> Learned:
    today = seen.customers.rows(seen.on([night]))
    if costs.by_contract:
        today = today.rows(~np.isnan(today.column(RUNNING)))
    newer = sooner(model, seen, planned.plan.final, planned.horizon_days) if planned.plan else None
    # Without a contract on a night there is nothing to tell of it.
    seen = seen.rows(~np.isnan(_outcome(model, planned, seen)))
    outcome = _outcome(model, planned, seen)
    suits = suitability(model, planned, seen, outcome)
    if planned.plan is None or suits.verdict == "not fit":
        return Learned(None, Verdict(promoted=False, grade="E", reason=suits.words), suits, warnings=standing.warnings)
    check_no_leak(planned.plan)
    final, champion = seen.on(planned.plan.final), standing.champion
    windows = tuple(
        window(model, planned.plan, test, seen=seen, outcome=outcome, champion=champion, costs=costs)
        for test in planned.plan.tests
    )
    version = champion.version if champion else None
    found = verdict(model, windows, champion=version, held_back=standing.held_back)
    fitted = model.fit(seen.customers.rows(final), outcome[final], planned.horizon_days, sooner=newer)
    fitted = _with_bands(replace(fitted, grade=found.grade), today)
    known = {"knows_until": (planned.closed - EPOCH).days, "interval": dict(windows[0].interval)}
    known |= reference.learned(fitted, today)
    return Learned(replace(fitted, facts={**fitted.facts, **known}), found, suits, windows, standing.warnings)


def _reported(
    model: Model, planned: Schedule, learned: Learned, night: date, registry: Registry, tags: Mapping[str, str]
) -> TrainingReport:
    """What is told of the model, once what it learned is registered."""
    version, found = "", learned.verdict
    if learned.fitted is not None and planned.plan is not None:
        version = _registered(learned.fitted, planned.plan, learned.windows, found, night, registry, tags).version
    return TrainingReport(
        model.name, version, found.promoted, found.grade, found.reason, planned.horizon_days, night,
        model.metric_name, learned.windows, (*planned.warnings, *learned.warnings), learned.suitability,
    )  # fmt: skip


def _registered(
    fitted: Fitted,
    plan: Plan,
    windows: tuple[Window, ...],
    found: Verdict,
    night: date,
    registry: Registry,
    tags: Mapping[str, str],
) -> Fitted:
    params = {
        **trees.PARAMETERS,
        **next(model.grown for model in MODELS if model.name == fitted.model),
        "rounds": fitted.facts.get("rounds", trees.ROUNDS),
        "horizon_days": plan.horizon_days,
        "features_count": len(fitted.features),
    }
    notes: dict[str, Any] = {
        "verdict": found.reason,
        "promoted": found.promoted,
        "tests": [night.isoformat() for night in plan.tests],
        "training": [night.isoformat() for night in plan.final],
        "features": list(fitted.features),
        "data_versions": dict(tags),
    }
    metrics = metrics_by_window(windows)
    stored = registry.register(fitted, night=night, metrics=metrics, params=params, tags=tags, notes=notes)
    if found.promoted:
        registry.make_champion(stored)
    else:
        promising = is_promising(windows, BASELINES[fitted.model])
        registry.make_challenger(fitted.model, stored.version if promising else None)
    return stored


def _outcome(model: Model, planned: Schedule, seen: Observed) -> Array:
    return model.outcome(seen.orders[planned.horizon_days], seen.spend[planned.horizon_days])


def _with_bands(fitted: Fitted, today: Customers) -> Fitted:
    """The model with the amounts from which today's customers count as of high and medium value."""
    if fitted.model != "lifetime_value":
        return fitted
    values = loaded(settled(fitted, today)).values(today) if len(today.matrix) else np.zeros(1)
    high, medium = (max(float(np.quantile(values, q)), 0.01) for q in (0.8, 0.5))
    bands = {"high_amount": round(high, 2), "medium_amount": round(medium, 2)}
    return replace(fitted, facts={**fitted.facts, **bands})
