"""`make demo`: the fictional retailer, two nights with training between them, and where to look."""

import argparse
import shutil
import sys
from pathlib import Path
from threading import Thread
from time import monotonic

from lakehouse.settings import settings
from lakehouse.spark import spark_session
from orchestration import cli
from synthetic.__main__ import main as generate

CUSTOMERS = 10_000


def main(arguments: list[str] | None = None) -> int:
    """Write the exports, run a first night, train, run the next night; exit status of the first command that fails."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.demo", description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    asked = parser.parse_args(arguments)
    started = monotonic()
    _clear(asked.out)
    _say(f"The exports of a fictional retailer with {asked.customers:,} customers")
    Thread(target=spark_session, args=[settings()], name="start of Spark").start()
    generate(["--customers", str(asked.customers), "--nights", "2", "--out", str(asked.out)])
    place = ["--retailer", "retailers/demo.yaml", "--lake", str(asked.out / "lake")]
    landing = ["--landing", str(asked.out / "landing")]
    steps = (
        ("The first night: scores of a baseline, grade E", ["night", *place, *landing, "--date", "2026-03-01"]),
        ("Training: what beats its baseline becomes champion", ["train", *place]),
        ("The next night: new files, scores of the champions", ["night", *place, *landing, "--date", "2026-03-02"]),
    )
    for title, command in steps:
        _say(title)
        status = cli.main(command)
        if status:
            return status
    _say(f"Done in {monotonic() - started:.0f} s")
    cli.main(["report", "--lake", str(asked.out / "lake"), "--out", str(asked.out / "report.html")])
    print("Dagster: .venv/bin/habitue ui " + " ".join([*place, *landing]))
    return 0


def _clear(out: Path) -> None:
    """Delete the last demo, and nothing that is not one."""
    for name in ("landing", "truth", "lake", "lake.state", "out"):
        shutil.rmtree(out / name, ignore_errors=True)


def _say(line: str) -> None:
    print(f"\n== {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
