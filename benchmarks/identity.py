"""Accuracy and seconds of who is who, beside plain Splink and exact rules: `python -m benchmarks.identity --data DIR`.

One configuration for every set; the truth is read by the scorer alone; several seeds (of the sampled pairs and of the
order of rows), the worst counts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet

from benchmarks.contract import Check, higher, lower, report
from benchmarks.identity_changes import changes
from benchmarks.identity_nights import million, stability
from benchmarks.identity_rivals import exact_rules, plain_splink
from benchmarks.linkage_score import LinkageScore, households_apart, scored, with_less
from benchmarks.people_sets import PeopleSet, people_sets, thorough
from lakehouse.settings import PROJECT

APART, LESS = "household pairs apart", "records that say too little to be judged"


def main(arguments: list[str] | None = None) -> int:
    """Measure every set; 0 when all bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of public sets; without it FEBRL and the fictional retailer")
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000], help="sizes of the fictional retailer")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="*", help="names of sets, such as febrl3")
    parser.add_argument("--thorough", action="store_true", help="measure thorough runs too, beside nightly ones")
    parser.add_argument(
        "--nights", type=int, default=30, help="nights of 1 %% new records, at 10,000 customers; 0: none"
    )
    parser.add_argument("--changes", type=int, default=10_000, help="customers of a night on which records change")
    parser.add_argument("--million", type=int, default=470_000, help="customers of the set of 1,000,000 records")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    runs: dict[str, list[tuple[PeopleSet, dict[str, Any]]]] = {}
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as folder:
            for found in people_sets(
                asked.data, Path(folder), customers=asked.customers, seed=seed, only=asked.only or ()
            ):
                for mode in (found, thorough(found)) if asked.thorough else (found,):
                    measured = _measured(mode, seed, with_rivals=seed == asked.seeds[0] and not mode.is_thorough)
                    print(f"{mode.name}, seed {seed}: {_in_words(measured)}", flush=True)
                    runs.setdefault(mode.name, []).append((mode, measured))
    checks = [check for found in runs.values() for check in _checks(found)]
    only, f1 = asked.only or ("nights", "changes", "million"), {check.name: check.value for check in checks}
    for name, measure in (
        ("nights", partial(stability, 10_000, nights=asked.nights)),
        ("changes", partial(changes, asked.changes)),
        ("million", partial(million, asked.million, smaller_f1=f1.get("fictional_100000: f1"))),
    ):
        if name in only and getattr(asked, name):
            checks += [_told(check) for check in measure(seed=asked.seeds[0])]
    return report(checks, as_json=asked.json)


def _told(check: Check) -> Check:
    print(check, flush=True)
    return check


def _measured(found: PeopleSet, seed: int, *, with_rivals: bool) -> dict[str, Any]:
    """Scores and seconds of one run of `habitue resolve`, the process from start to end."""
    out = found.file.with_name("out.parquet")
    call = [sys.executable, "-m", "orchestration.cli", "resolve", "--records", str(found.file), "--out", str(out)]
    call += ["--map", ",".join(f"{name}={column}" for name, column in found.columns.items()), "--seed", str(seed)]
    call += ["--extra", ",".join(found.extras)] if found.extras else []
    call += ["--country", found.country] if found.country else []
    call += ["--thorough"] if found.is_thorough else []
    started = time.perf_counter()
    ran = subprocess.run([*call, "--json"], capture_output=True, text=True, cwd=PROJECT)
    seconds = time.perf_counter() - started
    if ran.returncode:
        raise RuntimeError(f"habitue resolve failed on {found.name}: {ran.stderr[-2000:]}")
    groups = np.asarray(pyarrow.parquet.read_table(out)["customer_id"])
    measured = {"score": _scored(found, groups), "seconds": seconds, "said": json.loads(ran.stdout.splitlines()[-1])}
    apart = _apart(found, groups)
    if apart is not None:
        measured[APART] = apart
    less = _with_less(found, groups)
    if less is not None:
        measured[LESS] = less
    if with_rivals:
        rows = pd.read_parquet(found.file)
        measured["plain Splink, components at .95"] = _scored(found, plain_splink(rows, found, seed=seed))
        measured["exact rules"] = _scored(found, exact_rules(rows, found))
    return measured


def _scored(found: PeopleSet, groups: Any) -> LinkageScore:
    """The score over records whose person is known."""
    person = pyarrow.parquet.read_table(found.truth)["person"].to_pandas()
    known = person.notna().to_numpy()
    return scored(np.asarray(groups)[known], person.to_numpy()[known])


def _with_less(found: PeopleSet, groups: Any) -> tuple[float, float] | None:
    """The share of records that say too little to be judged, and the F1 with them; None where the truth has none."""
    truth = pyarrow.parquet.read_table(found.truth).to_pandas()
    return with_less(groups, truth["person"], truth["everybody"]) if "everybody" in truth else None


def _apart(found: PeopleSet, groups: Any) -> float | None:
    """The share of true household pairs that share no group; None where the truth knows no households."""
    truth = pyarrow.parquet.read_table(found.truth).to_pandas()
    if "household" not in truth:
        return None
    known = truth["person"].notna().to_numpy()
    return households_apart(np.asarray(groups)[known], truth["person"][known], truth["household"][known])


def _checks(runs: list[tuple[PeopleSet, dict[str, Any]]]) -> list[Check]:
    """The worst seed of each figure, and the rivals of the first seed."""
    found = runs[0][0]
    scores = [measured["score"] for _, measured in runs]
    figures = zip(("precision", "recall", "f1", "b_cubed"), found.bars, strict=True)
    checks = [higher(f"{found.name}: {name}", min(getattr(s, name) for s in scores), bar) for name, bar in figures]
    checks.append(lower(f"{found.name}: seconds", max(measured["seconds"] for _, measured in runs), found.seconds))
    if APART in runs[0][1]:
        apart = min(measured[APART] for _, measured in runs)
        checks.append(higher(f"{found.name}: {APART}", apart, found.households_apart))
    if LESS in runs[0][1]:
        share, f1 = zip(*(measured[LESS] for _, measured in runs), strict=True)
        checks.append(lower(f"{found.name}: {LESS}, share of all", max(share)))
        checks.append(higher(f"{found.name}: {LESS}, f1 with them", min(f1)))
    for name, value in runs[0][1].items():
        if isinstance(value, LinkageScore) and name != "score":
            checks.append(higher(f"{found.name}: {name}: f1", value.f1))
            checks.append(higher(f"{found.name}: f1 over that of {name}", scores[0].f1 / max(value.f1, 1e-9)))
    return checks


def _in_words(measured: dict[str, Any]) -> str:
    said = [
        f"{name} precision {value.precision:.4f} recall {value.recall:.4f} F1 {value.f1:.4f} B3 {value.b_cubed:.4f}"
        for name, value in measured.items()
        if isinstance(value, LinkageScore)
    ]
    if APART in measured:
        said.append(f"{APART} {measured[APART]:.4f}")
    return "; ".join([*said, f"{measured['seconds']:.0f} s"])


if __name__ == "__main__":
    sys.exit(main())
