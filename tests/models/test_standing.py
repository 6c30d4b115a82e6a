"""What stands in the way of a candidate: a champion that can be used, or a person's decision."""

import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from models.calendar import Feed, Schedule, schedule
from models.churn import CHURN
from models.model import Customers, Fitted
from models.registry import Registry
from models.standing import standing_of
from models.training_set import EPOCH
from tests.models.observed_builder import NIGHT

KNEW = (NIGHT - EPOCH).days
CUSTOMERS = Customers(("orders_count",), np.ones((1, 1)))


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path) -> Registry:
    return Registry(Path(shutil.copytree(empty_registry, tmp_path / "state")))


def champion(registry: Registry, *features: str) -> Fitted:
    fitted = Fitted("churn", "trees", 60, features, {"start": 0.1, "knows_until": KNEW}, b"some trees")
    stored = registry.register(fitted, night=NIGHT)
    registry.make_champion(stored)
    return stored


def later(days: int) -> Schedule:
    night = NIGHT + timedelta(days=days)
    return schedule(60, Feed(NIGHT - timedelta(days=600), night), night)


def test_a_champion_stands_in_the_way_as_long_as_it_can_score(registry: Registry) -> None:
    stored = champion(registry, "orders_count")
    assert standing_of(CHURN, later(7), registry, CUSTOMERS).champion == stored


def test_a_champion_that_was_trained_on_other_columns_gives_way_and_that_is_said(registry: Registry) -> None:
    champion(registry, "orders_count", "points_of_old")
    found = standing_of(CHURN, later(7), registry, CUSTOMERS)
    assert found.champion is None
    [said] = found.warnings
    assert said.startswith("model churn, version 1, the champion, does not stand in the way: it reads features")
    assert said.endswith("points_of_old")


def test_a_champion_whose_file_is_damaged_gives_way_and_that_is_said(registry: Registry) -> None:
    champion(registry, "orders_count")
    next(registry.state.rglob("model.ubj")).write_bytes(b"other trees")
    found = standing_of(CHURN, later(7), registry, CUSTOMERS)
    assert (found.champion, "its file is damaged" in found.warnings[0]) == (None, True)


@pytest.mark.parametrize(("days", "held"), [(0, True), (7, True), (59, True), (60, False)])
def test_what_a_person_took_back_waits_for_a_whole_new_window(registry: Registry, days: int, *, held: bool) -> None:
    champion(registry, "orders_count")
    registry.roll_back("churn", None, night=NIGHT)
    said = standing_of(CHURN, later(days), registry, CUSTOMERS).held_back
    assert (said is not None) is held
    assert said is None or "version 1 was rolled back" in said
    assert said is None or f"before the orders up to {NIGHT + timedelta(days=60)} are known" in said


def test_a_version_that_a_person_put_back_in_use_holds_nothing_back(registry: Registry) -> None:
    stored = champion(registry, "orders_count")
    registry.roll_back("churn", None, night=NIGHT)
    registry.roll_back("churn", stored.version, night=NIGHT)
    assert standing_of(CHURN, later(0), registry, CUSTOMERS).held_back is None
