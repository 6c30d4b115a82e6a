"""A night's drift brings counts of groups to the driver: as many rows for many customers as for few."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from features import CUSTOMER_FEATURES
from features.build import history
from lakehouse.rows import frame_of
from lakehouse.table import Table
from models.drift import Finding
from models.model import Fitted
from models.reference import FACT, bins_of
from models.tables import CUSTOMER_SCORES
from orchestration.assets.scores import snapshot_of
from orchestration.drifting import tonights_drift
from orchestration.night import NightRun, Place
from pipelines.tables import CUSTOMER_PROFILE
from tests.end_to_end.small_shop import FIRST, write_shop
from tests.models.shop_builder import orders_frame
from tests.orchestration.night_runs import night_run
from tests.quality.brought import watched

PEOPLE, DIFFERENT, HORIZON = 600, 20, 30
THEN = FIRST - timedelta(days=HORIZON)
LARGEST = 3 * DIFFERENT
"""Groups at most in one answer: DIFFERENT probabilities, days since the last order and ages of orders."""


def test_drift_and_what_came_true_fetch_groups_and_no_customer(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = night_run(spark, Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake")), FIRST)
    for night in (THEN, FIRST):
        run.lake.replace_night(CUSTOMER_FEATURES, _features(spark, night), night)
    run.lake.replace_night(CUSTOMER_SCORES, _scores(spark, THEN), THEN)
    run.lake.replace_all(CUSTOMER_PROFILE, _rows(spark, CUSTOMER_PROFILE, {"customer_id": _ids()}))
    with watched(monkeypatch) as brought:
        found = _found(run, _scores(spark, FIRST))
    assert {one.what for one in found} == {"source", "feature", "score", "performance", "label", "model"}
    assert {one.customers for one in found if one.what in ("feature", "score", "performance", "label")} == {PEOPLE}
    assert brought.rows, "nothing was watched"
    assert brought.plain == []
    assert max(brought.rows) <= LARGEST


def _found(run: NightRun, scores: DataFrame) -> tuple[Finding, ...]:
    orders = orders_frame(scores.sparkSession, [(f"c{n}", 1 + n % DIFFERENT, 50.0) for n in range(PEOPLE // 2)])
    return tonights_drift(run, history(scores.sparkSession, {"orders": orders}), snapshot_of(run), scores, _champions())


def _champions() -> Mapping[str, Fitted]:
    said = np.repeat(_said(), PEOPLE // DIFFERENT)
    bins = {
        "churn": {"orders_count": np.arange(PEOPLE) % 10.0, "churn_probability": said},
        "lifetime_value": {"net_amount_365d": np.arange(PEOPLE) % 50.0, "value_amount": np.full(PEOPLE, 50.0)},
    }
    return {
        name: Fitted(name, "trees", HORIZON, tuple(of)[:1], {FACT: _kept(of)}, b"trees", "B", "3")
        for name, of in bins.items()
    }


def _kept(values: Mapping[str, np.ndarray]) -> dict[str, Any]:
    bins = {name: bins_of(of) for name, of in values.items()}
    kept = {name: {"edges": list(one.edges), "counts": list(one.counts)} for name, one in bins.items()}
    return {"bins": kept, "gains": {next(iter(values)): 1.0}}


def _features(spark: SparkSession, night: date) -> DataFrame:
    columns: dict[str, list[Any]] = {
        "night": [night] * PEOPLE,
        "customer_id": _ids(),
        "as_of": [datetime(night.year, night.month, night.day, tzinfo=UTC)] * PEOPLE,
        "orders_count": [1 + n % 10 for n in range(PEOPLE)],
        "net_amount_365d": [Decimal(n % 50) for n in range(PEOPLE)],
        "days_since_last_order": [1 + n % DIFFERENT for n in range(PEOPLE)],
    }
    return _rows(spark, CUSTOMER_FEATURES, columns)


def _scores(spark: SparkSession, night: date) -> DataFrame:
    columns: dict[str, list[Any]] = {
        "night": [night] * PEOPLE,
        "customer_id": _ids(),
        "churn_probability": [_said()[n % DIFFERENT] for n in range(PEOPLE)],
        "value_amount": [Decimal(50)] * PEOPLE,
        **{name: [HORIZON] * PEOPLE for name in ("churn_horizon_days", "value_horizon_days")},
        **{name: ["3"] * PEOPLE for name in ("churn_version", "value_version")},
    }
    return _rows(spark, CUSTOMER_SCORES, columns)


def _said() -> list[float]:
    return [round(0.05 + 0.045 * place, 4) for place in range(DIFFERENT)]


def _ids() -> list[str]:
    return [f"c{number}" for number in range(PEOPLE)]


def _rows(spark: SparkSession, table: Table, columns: Mapping[str, list[Any]]) -> DataFrame:
    """So many rows of a table that give these columns and nothing else."""
    given = [columns.get(name, [None] * PEOPLE) for name in table.column_names]
    return frame_of(spark, list(zip(*given, strict=True)), table.schema)
