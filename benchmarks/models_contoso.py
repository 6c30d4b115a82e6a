"""Contoso, whose customers buy at random: a night of the export, then the product's own training at past origins.

A registry of its own per origin, so that no origin knows of another; what it then has in use scores all customers.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.contract import Check, higher, lower
from features.build import History, customer_features
from features.point_in_time import snapshot_at
from lakehouse.settings import PROJECT
from models.calendar import TEST_WINDOWS
from models.registry import Registry
from models.score import score_customers
from models.train import BASELINES, TrainingReport, train
from orchestration.assets.scores import history_of, model_settings
from orchestration.night import Place, open_lake
from orchestration.retailer import Retailer, load_retailer
from pipelines import tables as unified

RETAILER = PROJECT / "retailers/contoso.yaml"
BACK = (0, 120, 150, 180, 210, 240, 270, 300)
"""Days before the night of the export. Orders thin out 107 days before it, so that nights in between see the same
windows; of nights older than these the history is too short for three windows of 90 days."""


def contoso(data: Path) -> Iterator[Check]:
    """What would have been promoted at each origin, and how many scores would have had another grade than E."""
    retailer = load_retailer(RETAILER)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(RETAILER, data / "contoso", f"{folder}/lake")
        _night(place, retailer.first_night)
        with open_lake(place, purpose="benchmark") as lake:
            history, profile = history_of(lake), lake.read(unified.CUSTOMER_PROFILE).localCheckpoint()
            for back in BACK:
                origin = retailer.first_night - timedelta(days=back)
                yield from _tried(history, profile, origin, retailer, Registry(Path(folder) / f"registry_{back}"))


def _night(place: Place, night: date) -> None:
    """The night of the export, as `habitue night` makes it.

    Raises: CalledProcessError if it failed.
    """
    where = ("--retailer", str(place.retailer_file), "--landing", str(place.landing), "--lake", place.lake)
    call = [sys.executable, "-m", "orchestration.cli", "night", *where, "--date", night.isoformat(), "--no-send"]
    subprocess.run(call, check=True, cwd=PROJECT, stdout=subprocess.DEVNULL)


def _tried(
    history: History, profile: DataFrame, origin: date, retailer: Retailer, registry: Registry
) -> Iterator[Check]:
    now, settings, name = snapshot_at(origin, retailer.timezone), model_settings(retailer), f"contoso {origin}"
    for report in train(history, profile, now, registry=registry, settings=settings):
        yield from judged(f"{name}: {report.model}", report)
    models = {model: registry.load(model, version) for model, version in registry.model_versions().items()}
    features = customer_features(history, now)
    scores = score_customers(features, profile, models, now, orders=history.orders, settings=settings.churn)
    scored = scores.where("no_score_reason is null")
    other = F.count_if((F.col("grade") != "E") | (F.col("churn_grade") != "E") | (F.col("value_grade") != "E"))
    customers, graded = scored.agg(F.count("*"), other).collect()[0]
    yield higher(f"{name}: customers with a score", customers, 1)
    yield lower(f"{name}: scores of another grade than E", graded, 0)


def judged(name: str, report: TrainingReport) -> Iterator[Check]:
    """Whether a model was promoted, and each test of it: a least gain below 0 in any of them forbids it."""
    yield lower(f"{name}: promoted", report.promoted, 0)
    yield higher(f"{name}: test windows", len(report.windows), TEST_WINDOWS)
    baseline = BASELINES[report.model]
    for window in report.windows:
        tested, gain = f"{name}, {report.horizon_days} days from {window.night}", window.over(baseline)
        yield higher(f"{tested}: {report.metric}", window.score)
        if gain is not None:
            yield higher(f"{tested}: gain over the {baseline}", gain.gain)
            yield higher(f"{tested}: least gain, 95 %", gain.low)
