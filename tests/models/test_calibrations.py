"""What is kept of how predictions came true."""

from datetime import date

import numpy as np

from lakehouse.delta import Lakehouse
from models.evaluate import calibrations
from models.promote import Window
from models.tables import CALIBRATION
from models.train import TrainingReport

NIGHT, TESTED = date(2024, 6, 1), date(2024, 3, 1)
BINS = {"model": np.array([[1, 30, 0.2, 0.1], [10, 20, 0.9, 0.85]]), "recency_rule": np.array([[5, 50, 0.5, 0.4]])}


def report(name: str, window: Window) -> TrainingReport:
    return TrainingReport(name, "3", True, "B", "better", 60, NIGHT, "AUC", (window,))  # noqa: FBT003


def test_every_bin_of_every_predictor_is_a_row(lake: Lakehouse) -> None:
    churn = report("churn", Window(TESTED, 50, 0.8, (), 0.02, 0.0, BINS))
    value = report("lifetime_value", Window(TESTED, 50, 0.8, (), None, 0.0))
    for trained in (churn, value):
        lake.append_once(CALIBRATION, calibrations(lake.spark, trained).coalesce(1), batch=f"{trained.model}/3")
    known = ("churn", "3", NIGHT, TESTED)
    kept = lake.read(CALIBRATION).orderBy("predictor", "bin").select(*CALIBRATION.column_names)
    assert [tuple(row) for row in kept.collect()] == [
        (*known, "model", 1, 30, 0.2, 0.1),
        (*known, "model", 10, 20, 0.9, 0.85),
        (*known, "recency_rule", 5, 50, 0.5, 0.4),
    ]
