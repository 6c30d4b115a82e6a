"""A night whose customers are others than those of the training: the verdict, told once, the same in a rerun."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from features import CUSTOMER_FEATURES
from features.build import history
from lakehouse.rows import frame_of
from lakehouse.table import Table
from models.drift import as_frame, doubts
from models.model import Fitted
from models.reference import FACT, bins_of
from models.tables import CUSTOMER_SCORES, DRIFT
from orchestration.alerts.findings import findings
from orchestration.assets.scores import snapshot_of
from orchestration.drifting import tell, tonights_drift
from orchestration.night import NightRun, Place
from tests.end_to_end.small_shop import FIRST, write_shop
from tests.orchestration.night_runs import night_run

PEOPLE = 200


def champion(orders: float) -> Fitted:
    """A version trained for customers with about so many orders."""
    said = np.round(np.linspace(0.1, 0.9, PEOPLE), 4)
    bins = {"orders_count": bins_of(np.arange(PEOPLE) % 10 + orders), "churn_probability": bins_of(said)}
    kept = {name: {"edges": list(one.edges), "counts": list(one.counts)} for name, one in bins.items()}
    facts = {FACT: {"bins": kept, "gains": {"orders_count": 1.0}}}
    return Fitted("churn", "trees", 60, ("orders_count",), facts, b"trees", "B", "3")


def rows(spark: SparkSession, table: Table, **columns: Any) -> Any:
    """So many rows of a table that give these columns and nothing else."""
    given = [tuple(columns[name][n] if name in columns else None for name in table.column_names) for n in range(PEOPLE)]
    return frame_of(spark, given, table.schema)


@pytest.fixture
def run(spark: SparkSession, tmp_path: Path) -> NightRun:
    place = Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake"))
    return night_run(spark, place, FIRST)


def test_a_night_unlike_the_training_is_told_once_with_the_command_that_may_lift_it(
    spark: SparkSession, run: NightRun
) -> None:
    who = {"night": [FIRST] * PEOPLE, "customer_id": [f"c{n}" for n in range(PEOPLE)]}
    moment = {"as_of": [datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)] * PEOPLE}
    features = rows(spark, CUSTOMER_FEATURES, **who, **moment, orders_count=[n % 10 + 1 for n in range(PEOPLE)])
    run.lake.replace_night(CUSTOMER_FEATURES, features, FIRST)
    said = [round(float(one), 4) for one in np.linspace(0.1, 0.9, PEOPLE)]
    scores = rows(spark, CUSTOMER_SCORES, **who, churn_probability=said, churn_version=["3"] * PEOPLE)
    value = Fitted("lifetime_value", "last_year_spend", 60, ("net_amount_365d",), version="1")

    def found(churn: Fitted) -> Any:
        models = {"churn": churn, "lifetime_value": value, "segments": Fitted("segments", "rules", 0, ())}
        return tonights_drift(run, history(spark, {}), snapshot_of(run), scores, models)

    assert doubts(found(champion(1.0))) == {}
    told = found(champion(50.0))
    assert doubts(told) == {"churn": "100% of what it learned rests on features that have drifted or fallen silent: "
                            "orders_count"}  # fmt: skip
    assert found(champion(50.0)) == told
    tell(run.record, told)
    [warning] = findings(run.record, run.retailer, FIRST)
    assert warning.where.startswith("models.drift")
    assert "`habitue train` may lift it" in warning.what
    assert len(run.record.warnings) == 1
    run.lake.replace_night(DRIFT, as_frame(spark, told, FIRST), FIRST)
    kept = {(row["what"], row["name"]): row["verdict"] for row in run.lake.read(DRIFT).collect()}
    assert kept[("model", "share of the gain")] == kept[("feature", "orders_count")] == "drifted"
    assert kept[("score", "churn_probability")] == "steady"
    assert kept[("performance", "AUC")] == "steady"
    assert {row["about"] for row in run.lake.read(DRIFT).collect()} == {FIRST}
