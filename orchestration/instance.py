"""The Dagster instance of a lake: kept in its state folder, so that every run is seen in `habitue ui`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

# Source: https://docs.dagster.io/deployment/oss/dagster-yaml; nothing leaves the machine, backfills run one by one.
SETTINGS = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_queue: {max_concurrent_runs: 1}
"""


def instance_folder(state: Path) -> Path:
    """The lake's DAGSTER_HOME, with its dagster.yaml."""
    folder = state / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(SETTINGS)
    return folder


@contextmanager
def instance(state: Path) -> Iterator[dg.DagsterInstance]:
    """The lake's Dagster instance."""
    with dg.DagsterInstance.from_config(str(instance_folder(state))) as opened:
        yield opened
