"""`make demo`: the fictional retailer, two nights with training between them, and where to look."""

import argparse
import importlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

from lakehouse.settings import PROJECT, environment_with, settings
from orchestration import cli
from orchestration.doctor import delta_session, render

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
    status = _exports(asked.customers, asked.out)
    if status:
        return status
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


def _exports(customers: int, out: Path) -> int:
    """Write the exports in a process of its own, while Spark starts and what the nights import is imported."""
    command = [sys.executable, "-m", "synthetic", "--customers", str(customers), "--nights", "2"]
    with (
        subprocess.Popen([*command, "--out", str(out.resolve())], cwd=PROJECT, env=environment_with()) as exports,
        ThreadPoolExecutor() as pool,
    ):
        for module in ("orchestration.running", "great_expectations"):
            pool.submit(importlib.import_module, module)
        tried = delta_session(settings())
    if not tried.ok:
        print(render([tried]), file=sys.stderr)
    return exports.returncode or int(not tried.ok)


def _clear(out: Path) -> None:
    """Delete the last demo, and nothing that is not one."""
    for name in ("landing", "truth", "lake", "lake.state", "out"):
        shutil.rmtree(out / name, ignore_errors=True)


def _say(line: str) -> None:
    print(f"\n== {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
