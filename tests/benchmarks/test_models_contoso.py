"""What the benchmark of Contoso says of one training."""

from dataclasses import replace
from datetime import date

from benchmarks.models_contoso import judged
from models.promote import Gain, Window
from models.train import TrainingReport

NIGHT = date(2018, 7, 29)
TESTED = tuple(
    Window(date(2018, month, 1), 900, 0.52, (Gain("recency_rule", 0.5, 0.02, low, 0.06),), 0.02, 0.0)
    for month, low in ((4, 0.01), (2, -0.02), (1, 0.005))
)
KEPT = TrainingReport("churn", "2", False, "E", "not surely better", 90, NIGHT, "AUC", TESTED)  # noqa: FBT003


def test_a_training_that_promoted_or_tested_too_little_misses_its_bar() -> None:
    kept = {check.name: check for check in judged("shop", KEPT)}
    assert all(check.ok for check in kept.values())
    assert kept["shop, 90 days from 2018-02-01: least gain, 95 %"].value == -0.02
    assert [c.name for c in judged("shop", replace(KEPT, promoted=True)) if not c.ok] == ["shop: promoted"]
    short = replace(KEPT, windows=TESTED[:2])
    assert [check.name for check in judged("shop", short) if not check.ok] == ["shop: test windows"]
