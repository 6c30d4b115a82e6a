"""What a training leaves in the lake: its tests, the profit curve, and who became champion instead of whom."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lakehouse.delta import Lakehouse
from models.champions import changes
from models.model import Fitted
from models.promote import Gain, Window
from models.registry import Registry, unusable
from models.tables import EVALUATIONS, PROFIT
from models.train import TrainingReport
from orchestration.assets import training
from orchestration.record import NightRecord
from orchestration.retailer import load_retailer
from orchestration.training import TrainingRun
from tests.end_to_end.small_shop import FIRST, write_shop

WINDOW = Window(
    date(2024, 3, 1), 40, 0.8, (Gain("recency_rule", 0.7, 0.1, 0.05, 0.15),), 0.02, 0.0, low=0.75, high=0.85,
    profit={"model": np.array([[0.05, 2, 10.0, 4, 6.0]])},
)  # fmt: skip

REPORTS = tuple(
    TrainingReport(name, "2", promoted, "B", "surely better", 60, FIRST, "AUC", (WINDOW,))
    for name, promoted in (("churn", True), ("lifetime_value", False))
)


def test_a_promotion_is_kept_with_the_version_that_it_replaced_and_why_it_was_trained(
    lake: Lakehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(tmp_path / "state")
    registry.register(Fitted("churn", "recency_rule", 60, ()), night=FIRST)
    registry.make_champion(registry.register(Fitted("lifetime_value", "trees", 60, ()), night=FIRST))
    asked: dict[str, Any] = {}

    def train(*_: object, tags: Mapping[str, str], **__: object) -> tuple[TrainingReport, ...]:
        asked.update(tags)
        return REPORTS

    monkeypatch.setattr(training, "train", train)
    cards: list[str] = []

    def write_model_card(*asked: Any, **_: object) -> Path:
        cards.append(f"{asked[2]}_{asked[3]}")
        if asked[3] == "1":
            raise unusable("its file is damaged", *asked[2:])
        return tmp_path / f"{cards[-1]}.html"

    monkeypatch.setattr(training, "write_model_card", write_model_card)
    retailer = load_retailer(write_shop(tmp_path))
    run = TrainingRun(retailer, lake, FIRST, registry, NightRecord(), because="drift: days_since_last_order")
    training.trained(run)
    assert asked["because"] == "drift: days_since_last_order"
    [change] = changes(lake, "churn")
    kept = (change.night, change.version, change.from_version, change.what, change.who, change.why)
    assert kept == (FIRST, "2", "1", "promoted", "training", "surely better")
    assert changes(lake, "lifetime_value") == ()
    assert (lake.rows(EVALUATIONS), lake.rows(PROFIT)) == (2, 2)
    assert set(run.record.models) == {"churn", "lifetime_value", "segments"}
    assert run.record.models["churn"]["card"].endswith("churn_2.html")
    assert cards == ["churn_2", "lifetime_value_2", "lifetime_value_1"], "of what stays in use as well"
    assert run.record.models["churn"]["warnings"] == ()
    assert run.record.models["lifetime_value"]["warnings"] == (
        "the card stays as it was, for model lifetime_value, version 1 cannot be read: its file is damaged",
    )
