"""What begins by itself: night, check, weekly training and training in doubt, at hours of the retailer's own day."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from orchestration.assets.freshness import FRESHNESS
from orchestration.assets.retraining import SENSOR
from orchestration.definitions import NIGHTLY, TRAINING, definitions, of_environment
from orchestration.night import Place
from tests.end_to_end.small_shop import write_shop

FAR = "Pacific/Auckland"
"""A time zone in which the retailer's day is often another than that of UTC."""
SCHEDULES = {
    f"{NIGHTLY}_schedule": "0 2 * * *",
    f"{TRAINING}_schedule": "0 5 * * 0",
    f"{FRESHNESS}_schedule": "5 6 * * *",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    file = write_shop(tmp_path, nights=1)
    file.write_text(file.read_text().replace("timezone: Europe/Paris", f"timezone: {FAR}", 1))
    return Place(file, tmp_path / "landing", str(tmp_path / "lake"))


def asked(found: dg.Definitions, schedule: str, at: datetime) -> dg.RunRequest:
    """What a schedule asks for at a moment."""
    context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=found.get_repository_def())
    [request] = found.resolve_schedule_def(schedule).evaluate_tick(context).run_requests or []
    return request


def test_every_schedule_keeps_the_hours_of_the_retailer(place: Place) -> None:
    found = list(definitions(place).schedules or ())
    resolved = [definitions(place).resolve_schedule_def(name) for name in SCHEDULES]
    assert len(found) == len(SCHEDULES)
    assert {one.name: one.cron_schedule for one in resolved} == SCHEDULES
    assert {one.execution_timezone for one in resolved} == {FAR}


# Dagster's own schedule of a partitioned job calls what Dagster means to remove.
@pytest.mark.filterwarnings("ignore:Function `JobDefinition.run_request_for_partition`:DeprecationWarning")
def test_the_night_that_begins_at_two_is_that_of_the_retailers_day(place: Place) -> None:
    at = datetime(2026, 3, 2, 2, tzinfo=ZoneInfo(FAR))
    assert at.astimezone(UTC).date() == date(2026, 3, 1)
    request = asked(definitions(place), f"{NIGHTLY}_schedule", at)
    assert request.partition_key == "2026-03-02"


def test_a_sunday_trains_every_model_on_the_last_night(place: Place) -> None:
    found = definitions(place)
    sunday = datetime(2026, 3, 1, 5, tzinfo=ZoneInfo(FAR))
    assert sunday.isoweekday() == 7
    request = asked(found, f"{TRAINING}_schedule", sunday)
    assert request.partition_key is None
    job = found.resolve_job_def(found.resolve_schedule_def(f"{TRAINING}_schedule").job_name)
    assert [node.name for node in job.nodes] == ["models__evaluations"]
    assert job.required_resource_keys >= {"lake"}


@pytest.mark.parametrize(("said", "status"), [("yes", "RUNNING"), ("", "STOPPED"), ("no", "STOPPED")])
def test_nothing_begins_by_itself_until_somebody_says_so(
    place: Place, said: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("RETAILER", place.retailer_file), ("LANDING", place.landing), ("LAKE", place.lake)):
        monkeypatch.setenv(f"HABITUE_{name}", str(value))
    monkeypatch.setenv("HABITUE_AUTOMATIC", said)
    found = of_environment()
    assert {found.resolve_schedule_def(name).default_status.name for name in SCHEDULES} == {status}
    assert found.resolve_sensor_def(SENSOR).default_status.name == status
