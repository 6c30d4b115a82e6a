"""Train between two weekly trainings where last night put a champion in doubt: read from the night's summary alone.

A sensor that read the lake would start a second JVM; the night has written its verdict as JSON already.
"""

import json
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.closing import REPORTS
from orchestration.night import Place
from orchestration.resources import BECAUSE

SENSOR = "train_when_in_doubt"
EVERY_SECONDS = 3600


def retraining_sensor(place: Place, training: str, *, automatic: bool = False) -> dg.SensorDefinition:
    """Asks each hour, from the start if automatic; one training a week at most, with the doubt as its reason."""
    status = dg.DefaultSensorStatus.RUNNING if automatic else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(name=SENSOR, job_name=training, minimum_interval_seconds=EVERY_SECONDS, default_status=status)
    def asked(_context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Trains when the newest night put a champion in doubt."""
        night, doubts = doubts_of_newest(place.state / REPORTS)
        if night is None:
            return dg.SkipReason("no night has ended yet")
        if not doubts:
            return dg.SkipReason(f"the night of {night} puts no champion in doubt")
        year, week, _ = night.isocalendar()
        because = "; ".join(f"{model} is in doubt since {night}: {why}" for model, why in doubts.items())
        return dg.RunRequest(run_key=f"in doubt, week {week} of {year}", tags={BECAUSE: because})

    return asked


def doubts_of_newest(reports: Path) -> tuple[date | None, dict[str, str]]:
    """The newest night with a summary, and why each of its champions that is in doubt is so."""
    nights = sorted(path for path in reports.glob("*.json") if _night(path) is not None)
    if not nights:
        return None, {}
    models = json.loads(nights[-1].read_text()).get("models", {})
    return _night(nights[-1]), {name: one["in_doubt"] for name, one in models.items() if one.get("in_doubt")}


def _night(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None
