"""A person puts an earlier version back in use, and the night that already began keeps its own."""

import argparse
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from lakehouse.nights import end_night
from models.champions import Change, changes, record
from models.model import Fitted
from models.registry import ModelUnusable, Registry
from models.tables import CUSTOMER_SCORES
from orchestration.night import Place, check_registry, open_night
from orchestration.rolling_back import roll_back, target
from tests.end_to_end.small_shop import FIRST, SECOND, write_shop

AT = datetime(2024, 6, 2, 5, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path, made_registry: Path) -> Registry:
    """Baselines 1 and 4, trees 2, 3 and 5; version 3 is champion."""
    return Registry(Path(shutil.copytree(made_registry, tmp_path / "lake.state")))


@pytest.fixture(scope="module")
def made_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Registry(tmp_path_factory.mktemp("made"))
    for kind in ("recency_rule", "trees", "trees", "recency_rule", "trees"):
        facts, trees = {"start": 0.1}, b"trees" if kind == "trees" else None
        made.register(Fitted("churn", kind, 60, ("orders_count",), facts, trees), night=FIRST)
    made.make_champion(made.load("churn", "3"))
    return made.state


def promoted(version: str, before: str) -> Change:
    return Change(FIRST, "churn", version, before, "promoted", "training", "better", AT)


def test_without_a_version_it_is_the_one_that_scored_before(registry: Registry) -> None:
    assert target(registry, [promoted("2", "1"), promoted("3", "2")], "churn", None) == "2"
    assert target(registry, [promoted("3", "1")], "churn", None) == "4"
    assert target(registry, [promoted("2", "1"), promoted("3", "2")], "churn", "2") == "2"


@pytest.mark.parametrize(
    ("model", "version", "words"),
    [
        ("churn", None, "what scored before version 3 was not recorded: name it with --version"),
        ("churn", "3", "version 3 is the one in use"),
        ("churn", "5", "version 5 was never champion: only a training promotes"),
        ("churn", "99", "the registry holds no version 99"),
        ("lifetime_value", None, "no version was promoted, the baseline scores: there is nothing to go back to"),
    ],
)
def test_what_cannot_be_gone_back_to_is_refused(
    registry: Registry, model: str, version: str | None, words: str
) -> None:
    with pytest.raises(WrongCall) as refused:
        target(registry, [], model, version)
    error = refused.value
    assert (error.what, error.where, error.still_true) == (words, f"model {model}", "No model was changed.")
    assert "habitue models" in error.next_step


def test_the_night_that_began_keeps_its_version_and_the_next_one_takes_what_was_put_back(
    spark: SparkSession, registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(write_shop(tmp_path), tmp_path / "landing", str(tmp_path / "lake"))
    lake = Lakehouse(place.lake, spark)

    def versions(night: object) -> dict[str, str]:
        with open_night(place, FIRST if night == FIRST else SECOND, send=False) as run:
            assert run.lake.start is not None
            return dict(run.lake.start.models)

    registry.make_challenger("churn", "5")
    assert versions(FIRST) == {"churn": "3", "challenger churn": "5"}
    record(lake, [promoted("3", "1")])
    asked = {"lake": place.lake, "model": "churn", "version": None, "because": "odd", "who": "Ann", "json": True}
    assert roll_back(argparse.Namespace(**asked)) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    told = {"model": "churn", "version": "4", "from_version": "3", "who": "Ann", "why": "odd"}
    assert said == told | {"night": str(FIRST)}
    assert changes(lake, "churn")[-1].what == "rolled_back"
    assert versions(FIRST) == {"churn": "3", "challenger churn": "5"}
    end_night(lake, FIRST)
    assert versions(SECOND) == {"churn": "4"}


def test_a_lake_that_was_scored_and_has_no_registry_left_stops_the_night(
    spark: SparkSession, registry: Registry, lake: Lakehouse
) -> None:
    empty = Registry(registry.state.parent / "gone")
    check_registry(lake, empty)
    lake.replace_night(CUSTOMER_SCORES, lake.read(CUSTOMER_SCORES), FIRST)
    check_registry(lake, registry)
    with pytest.raises(ModelUnusable) as stopped:
        check_registry(lake, empty)
    assert str(stopped.value) == (
        "gone/mlflow.db: the model registry is gone: it holds no version, but the lake holds scores\n"
        "No table was changed; the scores of the last night still stand. Restore mlflow.db and the folder mlflow of "
        "the state folder from their backup; without one, move what is left of them away and run `habitue train` to "
        "begin anew."
    )
