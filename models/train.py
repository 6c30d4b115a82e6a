"""Training: fit, test on later windows, register, promote; or say in words why not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
from pyspark.sql import DataFrame

from features.build import History
from features.point_in_time import Snapshot
from models import MODELS, baselines, segments, trees
from models.calendar import FEATURE_DAYS, TEST_WINDOWS, Feed, Plan, plan, settled_horizon
from models.evaluate import usable, window
from models.model import Array, Customers, Fitted, Model
from models.predict import loaded
from models.promote import Verdict, Window, verdict
from models.registry import Registry
from models.settings import ModelSettings
from models.training_set import EPOCH, Observed, observed, order_feed

SHORTEST_HORIZON = 30


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
    schedules = {model.name: _schedule(settings.horizons[model.name], feed, now) for model in MODELS}
    seen = _observed(history, profile, now, schedules)
    register_from(seen, now.night, schedules, registry)
    return tuple(_trained(model, schedules[model.name], seen, now.night, registry, tags) for model in MODELS)


def register_baselines(
    history: History, profile: DataFrame, now: Snapshot, *, registry: Registry, settings: ModelSettings
) -> tuple[str, ...]:
    """Register the named baselines and the segments where a model has no version yet; what should be known about it.

    A night calls this first, so that the first night already has scores, of grade E.
    """
    if set(registry.model_versions()) == {*settings.horizons, "segments"}:
        return ()
    feed = order_feed(history.orders, now)
    schedules = {model.name: _schedule(settings.horizons[model.name], feed, now) for model in MODELS}
    latest = {name: replace(s, plan=None) for name, s in schedules.items()}
    register_from(_observed(history, profile, now, latest), now.night, schedules, registry)
    return tuple(warning for schedule in schedules.values() for warning in schedule.warnings)


@dataclass(frozen=True)
class Schedule:
    """The horizon that fits the history, the nights to use, and what had to give way."""

    horizon_days: int
    closed: date
    labelled: tuple[date, ...]
    plan: Plan | None
    warnings: tuple[str, ...]


def _schedule(wanted: int, feed: Feed | None, now: Snapshot) -> Schedule:
    if feed is None:
        return Schedule(wanted, now.night, (), None, ("no order is known yet",))
    horizon = settled_horizon(wanted, feed.days)
    warnings = []
    if feed.end < now.night:
        warnings.append(f"orders end on {feed.end - timedelta(days=1)}: label windows after that day are dropped")
    if horizon is None:
        needed = FEATURE_DAYS + (TEST_WINDOWS + 1) * SHORTEST_HORIZON
        warnings.append(f"the history of {feed.days} days is too short to train (at least {needed} are needed)")
    elif horizon < wanted:
        warnings.append(f"the horizon of {wanted} days is shortened to {horizon}: the history holds {feed.days} days")
    used = horizon or SHORTEST_HORIZON
    latest = feed.end - timedelta(days=used)
    labelled = (latest,) if latest >= feed.start + timedelta(days=FEATURE_DAYS) else ()
    return Schedule(used, feed.end, labelled, plan(feed, used) if horizon else None, tuple(warnings))


def _observed(history: History, profile: DataFrame, now: Snapshot, schedules: Mapping[str, Schedule]) -> Observed:
    """One pass for every model: all nights that any of them needs, and this night itself."""
    nights = {now.night}
    for schedule in schedules.values():
        nights |= {*schedule.labelled, *(schedule.plan.nights if schedule.plan else ())}
    horizons = sorted({schedule.horizon_days for schedule in schedules.values()})
    closed = min(schedule.closed for schedule in schedules.values())
    return observed(history, profile, now=now, nights=sorted(nights), horizons=horizons, closed=closed)


def register_from(seen: Observed, night: date, schedules: Mapping[str, Schedule], registry: Registry) -> None:
    """Register each model's named baseline, fitted on the last closed window, and the segments of this night."""
    today = seen.customers.rows(seen.on([night]))
    for model in MODELS:
        schedule = schedules[model.name]
        rows = seen.on(schedule.labelled)
        outcome = _outcome(model, schedule, seen)[rows]
        fitted = baselines.FITS[model.baseline](seen.customers.rows(rows), outcome, schedule.horizon_days)
        average = {"average": float(outcome.mean())} if len(outcome) else {}
        fitted = replace(fitted, facts={**fitted.facts, **average})
        registry.register(_with_bands(fitted, today), night=night)
    registry.register(segments.fit(today), night=night)


def _trained(
    model: Model, schedule: Schedule, seen: Observed, night: date, registry: Registry, tags: Mapping[str, str]
) -> TrainingReport:
    def report(version: str, found: Verdict, windows: tuple[Window, ...] = ()) -> TrainingReport:
        return TrainingReport(
            model.name, version, found.promoted, found.grade, found.reason, schedule.horizon_days, night,
            model.metric_name, windows, schedule.warnings,
        )  # fmt: skip

    if schedule.plan is None:
        return report("", Verdict(promoted=False, grade="E", reason=schedule.warnings[-1]))
    outcome = _outcome(model, schedule, seen)
    final = seen.on(schedule.plan.final)
    obstacle = usable(model, schedule.plan, seen, outcome)
    if obstacle:
        return report("", Verdict(promoted=False, grade="E", reason=obstacle))
    champion = registry.champion(model.name)
    windows = tuple(window(model, schedule.plan, test, seen, outcome, champion) for test in schedule.plan.tests)
    found = verdict(model, windows, champion=champion.version if champion else None)
    fitted = model.fit(seen.customers.rows(final), outcome[final], schedule.horizon_days)
    fitted = _with_bands(replace(fitted, grade=found.grade), seen.customers.rows(seen.on([night])))
    known = {"knows_until": (schedule.closed - EPOCH).days}
    fitted = replace(fitted, facts={**fitted.facts, **known})
    fitted = _registered(fitted, schedule.plan, windows, found, night, registry, tags)
    return report(fitted.version, found, windows)


def _registered(
    fitted: Fitted,
    plan: Plan,
    windows: tuple[Window, ...],
    found: Verdict,
    night: date,
    registry: Registry,
    tags: Mapping[str, str],
) -> Fitted:
    metrics = {f"score_{number}": window.score for number, window in enumerate(windows, start=1)}
    params = {**trees.PARAMETERS, "rounds": trees.ROUNDS, "horizon_days": plan.horizon_days}
    notes: dict[str, Any] = {
        "verdict": found.reason,
        "tests": [night.isoformat() for night in plan.tests],
        "training": [night.isoformat() for night in plan.final],
    }
    stored = registry.register(fitted, night=night, metrics=metrics, params=params, tags=tags, notes=notes)
    if found.promoted:
        registry.make_champion(stored)
    return stored


def _outcome(model: Model, schedule: Schedule, seen: Observed) -> Array:
    return model.outcome(seen.orders[schedule.horizon_days], seen.spend[schedule.horizon_days])


def _with_bands(fitted: Fitted, today: Customers) -> Fitted:
    """The model with the amounts from which today's customers count as of high and medium value."""
    if fitted.model != "lifetime_value":
        return fitted
    values = loaded(fitted).values(today) if len(today.matrix) else np.zeros(1)
    high, medium = (max(float(np.quantile(values, q)), 0.01) for q in (0.8, 0.5))
    bands = {"high_amount": round(high, 2), "medium_amount": round(medium, 2)}
    return replace(fitted, facts={**fitted.facts, **bands})
