"""What is known of every registered version: how it was tested, what came of it, and since when it scores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from models import MODELS
from models.champions import Change, changes, since
from models.evaluate import CANDIDATE
from models.model import Model
from models.registry import ROLLED_BACK, Registry
from models.tables import EVALUATIONS, PROFIT

Place = tuple[str, date]
"""(version, test night)."""


@dataclass(frozen=True)
class Trial:
    """One test window of a version, beside the named baseline.

    Units: best_share of the customers contacted earns best_profit; None where no profit was told.
    """

    night: date
    metric: str
    score: float | None
    low: float | None
    high: float | None
    rival: str
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    best_share: float | None = None
    best_profit: float | None = None


@dataclass(frozen=True)
class Version:
    """One registered version. Units: alias is champion, challenger or empty; rolled_back the night, or empty."""

    version: str
    night: str
    kind: str
    grade: str
    horizon_days: int
    alias: str
    rolled_back: str
    because: str
    verdict: str
    windows: tuple[Trial, ...]


@dataclass(frozen=True)
class ModelVersions:
    """Every version of one model, newest first; the one in use is the champion's, else the newest baseline's."""

    model: str
    in_use: str | None
    champion: str | None
    since: Change | None
    challenger: str | None
    versions: tuple[Version, ...]
    changes: tuple[Change, ...]


def versions_of(lake: Lakehouse, registry: Registry) -> tuple[ModelVersions, ...]:
    """What is known of the versions of every model."""
    return tuple(_of(model, lake, registry) for model in MODELS)


def _of(model: Model, lake: Lakehouse, registry: Registry) -> ModelVersions:
    champion, changed = registry.champion_version(model.name), changes(lake, model.name)
    windows = _windows(lake, model)
    rows = registry.versions(model.name)
    return ModelVersions(
        model.name,
        registry.current(model.name),
        champion,
        since(changed, champion) if champion else None,
        registry.challengers().get(model.name),
        tuple(_version(model, row, registry, windows.get((row["version"], row["night"]), ())) for row in rows),
        changed,
    )


def _version(model: Model, row: Mapping[str, str], registry: Registry, windows: Iterable[Trial]) -> Version:
    told = "the named baseline: it scores while nothing better is champion"
    is_baseline = row["kind"] == model.baseline
    verdict = told if is_baseline else str(registry.notes(model.name, row["version"]).get("verdict", "not known"))
    return Version(
        row["version"], row["night"], row["kind"], row["grade"], int(row["horizon_days"]), row["alias"],
        row.get(ROLLED_BACK, ""), row.get("because", ""), verdict, tuple(windows),
    )  # fmt: skip


def _windows(lake: Lakehouse, model: Model) -> dict[tuple[str, str], list[Trial]]:
    """The windows by version and night of its training: a registry that was lost begins at version 1 again."""
    profits = _best_profits(lake, model)
    rows = lake.read(EVALUATIONS).where((F.col("model") == model.name) & (F.col("rival") == model.baseline))
    found: dict[tuple[str, str], list[Trial]] = {}
    for row in rows.orderBy(F.col("test_night").desc()).collect():
        tested = Trial(
            row["test_night"], row["metric"], row["score"], row["score_low"], row["score_high"], row["rival"],
            row["gain"], row["gain_low"], row["gain_high"], *profits.get((row["version"], row["test_night"]), ()),
        )  # fmt: skip
        found.setdefault((row["version"], row["trained_on"].isoformat()), []).append(tested)
    return found


def _best_profits(lake: Lakehouse, model: Model) -> dict[Place, tuple[float, float]]:
    rows = lake.read(PROFIT).where((F.col("model") == model.name) & (F.col("predictor") == CANDIDATE))
    best: Any = F.max_by(F.struct("share_contacted", "profit"), "profit").alias("best")
    found = rows.groupBy("version", "test_night").agg(best).collect()
    return {
        (row["version"], row["test_night"]): (row["best"]["share_contacted"], row["best"]["profit"]) for row in found
    }
