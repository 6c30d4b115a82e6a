"""`habitue ui`: Dagster at the lake, with the schedules of night and training; `--automatic` switches them on."""

import argparse
import signal
import subprocess
import sys

from lakehouse.settings import environment_with
from orchestration.instance import instance_folder
from orchestration.retailer import load_retailer
from orchestration.running import place_of


def serve(asked: argparse.Namespace) -> int:
    """Start Dagster's web server and daemon in the foreground; Ctrl-C stops both."""
    place = place_of(asked)
    load_retailer(place.retailer_file)
    home = instance_folder(place.state)
    variables = environment_with(
        DAGSTER_HOME=str(home.resolve()),
        HABITUE_RETAILER=str(place.retailer_file.resolve()),
        HABITUE_LANDING=str(place.landing.resolve()),
        HABITUE_LAKE=place.lake,
        **({"HABITUE_AUTOMATIC": "yes"} if asked.automatic else {}),
    )
    command = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions", "-p", str(asked.port)]
    print(f"Dagster: http://127.0.0.1:{asked.port} (Ctrl-C stops it)", file=sys.stderr)
    dagster = subprocess.Popen([*command, "-h", "127.0.0.1"], env=variables)
    signal.signal(signal.SIGTERM, lambda *_: dagster.send_signal(signal.SIGINT))
    return _ended(dagster)


def _ended(dagster: "subprocess.Popen[bytes]") -> int:
    """Dagster's exit status; Ctrl-C reaches Dagster too, which stops its own services first."""
    while True:
        try:
            return dagster.wait()
        except KeyboardInterrupt:
            continue
