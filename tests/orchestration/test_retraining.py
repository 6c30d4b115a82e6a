"""A champion in doubt is trained again between two weekly trainings, once a week and with the reason."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets.retraining import SENSOR, doubts_of_newest
from orchestration.definitions import TRAINING, definitions
from orchestration.night import Place
from orchestration.resources import BECAUSE
from tests.end_to_end.small_shop import write_shop

DOUBT = "features of half its gain have drifted"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake"))


def ended(place: Place, night: str, **doubts: str) -> None:
    """The summary of a night whose champions are in doubt."""
    folder = place.state / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    models = {name: {"version": "3", "grade": "D", "in_doubt": why} for name, why in doubts.items()}
    (folder / f"{night}.json").write_text(json.dumps({"models": {"segments": {"grade": "C"}} | models}))


def asked(place: Place) -> dg.RunRequest | None:
    """What the sensor asks for now."""
    sensor = definitions(place).resolve_sensor_def(SENSOR)
    assert [target.job_name for target in sensor.targets] == [TRAINING]
    told = sensor.evaluate_tick(dg.build_sensor_context(definitions=definitions(place)))
    return told.run_requests[0] if told.run_requests else None


def test_the_newest_night_decides_and_one_week_trains_once(place: Place) -> None:
    assert asked(place) is None
    ended(place, "2026-03-02", churn=DOUBT)
    first = asked(place)
    ended(place, "2026-03-03", churn=DOUBT)
    second = asked(place)
    ended(place, "2026-03-09", churn=DOUBT)
    later = asked(place)
    assert first is not None
    assert second is not None
    assert later is not None
    assert first.tags[BECAUSE] == f"churn is in doubt since 2026-03-02: {DOUBT}"
    assert first.run_key == second.run_key != later.run_key
    ended(place, "2026-03-10")
    assert asked(place) is None


def test_other_files_beside_the_summaries_are_no_nights(place: Place) -> None:
    ended(place, "2026-03-02", lifetime_value=DOUBT)
    (place.state / "reports" / "models.json").write_text("{}")
    assert doubts_of_newest(place.state / "reports") == (date(2026, 3, 2), {"lifetime_value": DOUBT})
