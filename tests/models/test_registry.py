"""The registry: what is registered comes back, and what is gone or damaged is said."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from mlflow import MlflowClient

from models.model import Fitted
from models.registry import ModelUnusable, Registry

NIGHT = date(2024, 6, 1)


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path) -> Registry:
    return Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))


def baseline(days: int = 60) -> Fitted:
    return Fitted("churn", "recency_rule", days, ("days_since_last_order",), {"days": [1.0], "rates": [0.5]})


def trees() -> Fitted:
    return Fitted("churn", "trees", 60, ("orders_count",), {"average": 0.5}, b"some trees", grade="B")


def test_a_version_comes_back_as_it_was_registered_also_after_the_state_folder_moved(
    registry: Registry, tmp_path: Path
) -> None:
    stored = registry.register(trees(), night=NIGHT, metrics={"score_1": 0.8}, params={"eta": 0.05})
    assert registry.load("churn", "1") == stored
    moved = Registry(Path(shutil.move(registry.state, tmp_path / "moved")))
    assert moved.load("churn", "1") == stored
    again = moved.register(trees(), night=NIGHT)
    assert (again.version, moved.load("churn", "2")) == ("2", again)
    assert not registry.state.exists()


def test_a_card_and_the_parameters_are_kept_with_the_run_of_their_version(registry: Registry, tmp_path: Path) -> None:
    stored = registry.register(trees(), night=NIGHT, params={"eta": 0.05})
    card = tmp_path / "churn_1.html"
    for text in ("first", "anew"):
        card.write_text(text)
        registry.keep_card("churn", stored.version, card)
    address = f"sqlite:///{registry.state / 'mlflow.db'}"
    [version] = MlflowClient(address, address).search_model_versions("name = 'churn'")
    kept = registry.state / "mlflow" / str(version.run_id) / "artifacts" / "card" / "churn_1.html"
    assert kept.read_text() == "anew"
    assert registry.parameters("churn", stored.version) == {"eta": "0.05"}


def test_a_night_scores_with_the_champion_or_else_with_the_newest_baseline(registry: Registry) -> None:
    registry.register(baseline(60), night=NIGHT)
    registry.register(baseline(90), night=NIGHT)
    challenger = registry.register(trees(), night=NIGHT)
    assert registry.model_versions() == {"churn": "2"}
    registry.make_champion(challenger)
    assert registry.model_versions() == {"churn": "3"}
    assert registry.champion("churn") == challenger
    assert [row["kind"] for row in registry.versions("churn")] == ["trees", "recency_rule", "recency_rule"]


def test_a_rollback_goes_to_the_version_or_to_no_champion_and_leaves_no_challenger(registry: Registry) -> None:
    registry.register(baseline(), night=NIGHT)
    first, second, third = (registry.register(trees(), night=NIGHT) for _ in range(3))
    registry.make_champion(first)
    registry.make_challenger("churn", third.version)
    assert registry.challengers() == {"churn": "4"}
    registry.make_champion(second)
    assert registry.challengers() == {}
    registry.make_challenger("churn", third.version)
    registry.roll_back("churn", first.version, night=NIGHT)
    assert (registry.model_versions(), registry.challengers()) == ({"churn": "2"}, {})
    assert registry.rolled_back("churn") == "3"
    registry.roll_back("churn", None, night=NIGHT)
    assert (registry.champion("churn"), registry.model_versions()) == (None, {"churn": "1"})
    registry.make_challenger("churn", None)


def test_a_run_holds_data_versions_parameters_and_figures_with_their_intervals(registry: Registry) -> None:
    figures = {"score_1": 0.8, "score_1_low": 0.75, "score_1_high": 0.85}
    registry.register(
        trees(), night=NIGHT, metrics=figures, params={"eta": 0.05}, tags={"unified.orders": "7"}, notes={"a": 1}
    )
    address = f"sqlite:///{registry.state / 'mlflow.db'}"
    [version] = MlflowClient(address, address).search_model_versions("name = 'churn'")
    run = MlflowClient(address, address).get_run(str(version.run_id))
    assert run.data.metrics == figures
    assert run.data.params == {"eta": "0.05"}
    assert run.data.tags["unified.orders"] == "7"
    assert registry.notes("churn", "1") == {"a": 1}


def test_a_damaged_or_missing_version_is_said_with_what_to_do(registry: Registry) -> None:
    registry.register(trees(), night=NIGHT)
    file = next(registry.state.rglob("model.ubj"))
    file.write_bytes(b"other trees")
    with pytest.raises(ModelUnusable, match=r"model churn, version 1: its file is damaged.*\n.*habitue train"):
        registry.load("churn", "1")
    file.unlink()
    with pytest.raises(ModelUnusable, match="cannot be read"):
        registry.load("churn", "1")
    with pytest.raises(ModelUnusable, match="the registry does not hold it"):
        registry.load("churn", "7")


def test_a_registry_that_is_no_database_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"half of a backup")
    with pytest.raises(ModelUnusable, match=r"registry is damaged.*\n.*Restore mlflow.db"):
        Registry(tmp_path).model_versions()
