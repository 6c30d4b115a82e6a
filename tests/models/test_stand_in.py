"""A night whose champion cannot score: what stands in, and what is said of it."""

import shutil
from pathlib import Path

import pytest

from models.model import Fitted
from models.registry import ModelUnusable, Registry
from models.stand_in import to_score_with
from tests.models.observed_builder import NIGHT


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path) -> Registry:
    """Two baselines, of versions 1 and 2."""
    found = Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))
    for average in (0.4, 0.5):
        rule = Fitted("churn", "recency_rule", 60, ("days_since_last_order",), {"average": average})
        found.register(rule, night=NIGHT)
    return found


def champion(registry: Registry, *features: str) -> str:
    fitted = registry.register(Fitted("churn", "trees", 60, features, {"start": 0.1}, b"trees", "B"), night=NIGHT)
    registry.make_champion(fitted)
    return fitted.version


def test_the_recorded_version_scores_while_it_can_whatever_was_promoted_since(registry: Registry) -> None:
    recorded = champion(registry, "orders_count")
    champion(registry, "orders_count")
    found = to_score_with(registry, "churn", recorded)
    assert (found.fitted.version, found.because, found.wants_training) == (recorded, "", False)


def test_the_newest_baseline_stands_in_for_a_version_trained_on_other_columns(registry: Registry) -> None:
    recorded = champion(registry, "orders_count", "days_since_any_event")
    found = to_score_with(registry, "churn", recorded)
    assert (found.fitted.version, found.fitted.kind, found.fitted.grade) == ("2", "recency_rule", "E")
    assert found.wants_training
    assert found.because == (
        "churn: version 3 cannot score: it reads features that are no more: days_since_any_event. Version 2 "
        "(recency rule, grade E) stands in; audiences that ask for a better grade take nobody until `habitue train` "
        "has run, or the state folder is restored from its backup"
    )


def test_a_champion_promoted_since_stands_in_for_a_damaged_one_so_that_a_night_can_end(registry: Registry) -> None:
    recorded = champion(registry, "orders_count")
    for file in registry.state.rglob("model.ubj"):
        file.write_bytes(b"other trees")
    newer = champion(registry, "orders_count")
    found = to_score_with(registry, "churn", recorded)
    assert (found.fitted.version, found.wants_training) == (newer, False)
    assert "its file is damaged" in found.because
    assert found.because.endswith(f"Version {newer} (trees, grade B) stands in")


def test_where_nothing_can_stand_in_the_error_is_that_of_the_recorded_version(registry: Registry) -> None:
    recorded = champion(registry, "points_of_old")
    for file in registry.state.rglob("model.json"):
        if '"recency_rule"' in file.read_text():
            file.write_text("{")
    with pytest.raises(ModelUnusable, match="points_of_old") as refused:
        to_score_with(registry, "churn", recorded)
    assert refused.value.where == f"model churn, version {recorded}"
