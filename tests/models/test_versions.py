"""What the registry and the tables know of a version comes together."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from lakehouse.delta import Lakehouse
from models.champions import Change, record
from models.evaluate import evaluations, profits
from models.model import Fitted
from models.promote import Gain, Window
from models.registry import Registry
from models.settings import ChurnSettings
from models.tables import EVALUATIONS, PROFIT
from models.train import TrainingReport
from models.versions import Trial, versions_of
from orchestration.listing_models import agreements

NIGHT, TESTED = date(2024, 6, 1), date(2024, 3, 1)
CURVE = np.array([[0.05, 2, 10.0, 4, 6.0], [0.1, 4, 20.0, 8, 12.0], [1, 40, 20.0, 80, -60.0]])


def test_tests_verdict_champion_and_changes_of_every_version_are_told(
    lake: Lakehouse, empty_registry: Path, tmp_path: Path
) -> None:
    registry = Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))
    registry.register(Fitted("churn", "recency_rule", 60, ()), night=NIGHT)
    trees = Fitted("churn", "trees", 60, (), {}, b"trees", grade="B")
    registry.make_champion(
        registry.register(trees, night=NIGHT, notes={"verdict": "better"}, tags={"because": "drift"})
    )
    gains = (Gain("recency_rule", 0.7, 0.1, 0.05, 0.15), Gain("champion", 0.9, -0.1, -0.2, 0.0, has_seen=True))
    window = Window(TESTED, 40, 0.8, gains, 0.02, 0.0, low=0.75, high=0.85, profit={"model": CURVE})
    report = TrainingReport("churn", "2", True, "B", "better", 60, NIGHT, "AUC", (window,))  # noqa: FBT003
    lake.append_once(EVALUATIONS, evaluations(lake.spark, report), batch="churn/2")
    lake.append_once(PROFIT, profits(lake.spark, report), batch="churn/2")
    change = Change(NIGHT, "churn", "2", "1", "promoted", "training", "better", datetime(2024, 6, 2, tzinfo=UTC))
    record(lake, [change])
    churn, value = versions_of(lake, registry)
    assert (churn.in_use, churn.champion, churn.challenger) == ("2", "2", None)
    assert churn.since is not None
    assert (churn.since.night, len(churn.changes)) == (NIGHT, 1)
    newest, oldest = churn.versions
    assert (newest.alias, newest.verdict, newest.because, newest.grade) == ("champion", "better", "drift", "B")
    assert newest.windows == (
        Trial(TESTED, "AUC", 0.8, 0.75, 0.85, "recency_rule", 0.1, 0.05, 0.15, best_share=0.1, best_profit=12.0),
    )
    assert (oldest.verdict, oldest.windows) == ("the named baseline: it scores while nothing better is champion", ())
    assert (value.in_use, value.versions) == (None, ())
    kept = lake.read(EVALUATIONS).where("rival = 'champion'").collect()
    assert [row["rival_has_seen"] for row in kept] == [True]
    assert agreements(lake, registry, ChurnSettings()) == []
