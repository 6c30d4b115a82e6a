"""A night, or training, run through Dagster's own job in this process: one JVM, seen in the UI afterwards."""

from datetime import date

import dagster as dg

from lakehouse.errors import Permanent
from orchestration.definitions import NIGHTLY, TRAINING, definitions
from orchestration.instance import instance
from orchestration.night import Place
from orchestration.record import NightRecord
from orchestration.resources import BECAUSE, REBUILD, SEND

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_night(place: Place, night: date, *, send: bool, rebuild_from: str | None = None, record: NightRecord) -> None:
    """Run one whole night; what it did stands in `record`.

    Raises: the error that stopped the night.
    """
    tags = {SEND: "yes" if send else "no", REBUILD: rebuild_from or "no"}
    _run(NIGHTLY, place, record, partition_key=night.isoformat(), tags=tags)
    if not record.summary:
        # Dagster only logs what is raised while a resource is closed.
        raise record.error or _outside_of_steps(NIGHTLY, "its page and summary could not be written")


def run_training(place: Place, record: NightRecord, *, because: str = "") -> None:
    """Train, evaluate and promote; what came of it stands in `record.models`.

    Units: because is kept with every version that is trained: what was found, where not its schedule asked for it.
    Raises: the error that stopped the training.
    """
    _run(TRAINING, place, record, partition_key=None, tags={BECAUSE: because} if because else {})


def _run(job: str, place: Place, record: NightRecord, *, partition_key: str | None, tags: dict[str, str]) -> None:
    with instance(place.state) as kept:
        found = definitions(place, record).resolve_job_def(job)
        result = found.execute_in_process(
            instance=kept, partition_key=partition_key, tags=tags, raise_on_error=False, run_config=QUIET
        )
    if not result.success:
        raise _cause(record, result, job)


def _cause(record: NightRecord, result: dg.ExecuteInProcessResult, job: str) -> BaseException:
    if record.error is not None:
        return record.error
    return _outside_of_steps(f"{job}, run {result.run_id}", "the run failed outside of any step")


def _outside_of_steps(where: str, what: str) -> Permanent:
    return Permanent(
        what,
        where=f"Dagster job {where}",
        still_true="The tables hold what their last finished step wrote.",
        next_step="Look at the run in `habitue ui`, then run the night again.",
    )
