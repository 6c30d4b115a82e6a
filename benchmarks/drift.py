"""What a night's drift costs and what it sees: `python -m benchmarks.drift --json`.

Cost: customers as files, every feature and both scores held against a training in one pass, each size in a process of
its own. Sight: nights drawn from the same customers must raise no alarm, and a planted shift must.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.contract import Check, higher, lower, report
from benchmarks.heap import HeapWatch, python_peak
from features import FEATURES
from lakehouse.settings import PROJECT, settings
from lakehouse.spark import spark_session
from models.drift import drifted, moved
from models.model import Array, Fitted
from models.realised import estimated
from models.reference import FACT, SCORES, bins_of, counted, reference

NIGHT = date(2026, 3, 1)
NAMES = tuple(feature.name for feature in FEATURES[:60])
TRAINED, CHUNK = 50_000, 100_000
SECONDS, FLAT = 30, 1.25
"""Issue 6; and the most that memory may grow from a tenth of the customers to all of them."""
MB = 1024 * 1024


def main(arguments: list[str] | None = None) -> int:
    """Measure both parts; 0 when all bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--nights", type=int, default=30, help="undisturbed nights")
    parser.add_argument("--only", nargs="*", choices=("cost", "sight"), default=("cost", "sight"))
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    if asked.measure is not None:
        print(json.dumps(measured(asked.measure)))
        return 0
    parts = {"cost": lambda: cost(asked.customers), "sight": lambda: sight(asked.nights)}
    return report([check for name in asked.only for check in parts[name]()], as_json=asked.json)


def cost(customers: int) -> Iterator[Check]:
    """Seconds of a night's pass, in a fresh session and in a warm one, and memory beside that of a tenth."""
    told = {}
    for rows in (customers // 10, customers):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), rows)
            call = [sys.executable, "-m", "benchmarks.drift", "--measure", folder]
            ran = subprocess.run(call, capture_output=True, text=True, cwd=PROJECT, check=True)
        told[rows] = json.loads(ran.stdout.splitlines()[-1])
    of_all, of_tenth = told[customers], told[customers // 10]
    what = f"cost: {customers:,} customers x {len(NAMES)} features"
    yield lower(f"{what}: seconds of the first pass", of_all["first"], SECONDS)
    yield lower(f"{what}: seconds of a warm pass", of_all["warm"])
    yield lower(f"{what}: Python peak MB", of_all["python"])
    yield lower(f"{what}: heap in use after a collection, peak MB", of_all["heap"])
    peaks = [one["python"] + one["heap"] for one in (of_all, of_tenth)]
    yield lower(f"{what}: memory over that of a tenth of them", peaks[0] / peaks[1], FLAT)


def measured(folder: Path) -> dict[str, float]:
    """What one size costs: the pass over features and scores, and the performance that the scores promise."""
    spark = spark_session(settings())
    features, scores = (spark.read.parquet(str(folder / name)) for name in ("features", "scores"))
    # One in a hundred may not be scored, and is left out as by models.eligibility.
    features = features.join(features.where("customer_id like '%00'").select("customer_id"), "customer_id", "left_anti")
    models = {name: champion(name) for name in SCORES}
    seconds = []
    with HeapWatch(spark) as heap:
        for _ in range(2):
            started = time.perf_counter()
            found = (*drifted(features, scores, models, night=NIGHT), *estimated(scores, night=NIGHT))
            seconds.append(round(time.perf_counter() - started, 2))
    if len(found) != 2 * (len(NAMES) + 1) + 3 or any(one.verdict != "steady" for one in found):
        raise ValueError("the pass did not find every feature steady")
    memory = {"python": round(python_peak() / MB), "heap": round(heap.after_collection / MB)}
    return {"first": seconds[0], "warm": seconds[1], **memory}


def sight(nights: int) -> Iterator[Check]:
    """Alarms of undisturbed nights, of few customers and of many, and which planted shifts are found."""
    fitted = champion("churn")
    for rows in (300, 20_000):
        found = [verdicts(fitted, drawn(rows, seed=100 + night)) for night in range(nights)]
        for ruling in ("watch", "drifted"):
            alarms = sum(one == ruling for night in found for one in night.values())
            yield lower(f"sight: {nights} undisturbed nights of {rows:,}: features {ruling}", alarms, 0)
    for name, shifted in planted(drawn(20_000, seed=5)).items():
        seen = verdicts(fitted, shifted)
        wrong = sum(one != "steady" for column, one in seen.items() if column not in name)
        yield higher(f"sight: planted: {name} found", float(seen[name.split(" ")[0]] == "drifted"), 1)
        yield lower(f"sight: planted: {name}: other features alarmed", wrong, 0)


def planted(night: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """The night with one thing changed, by the column and what was done to it."""
    lost = np.where(np.arange(20_000) % 4 == 0, np.nan, night[NAMES[0]])
    return {
        f"{NAMES[0]} doubled": {**night, NAMES[0]: night[NAMES[0]] * 2},
        f"{NAMES[0]} unknown of a quarter": {**night, NAMES[0]: lost},
        f"{NAMES[1]} all zero": {**night, NAMES[1]: night[NAMES[1]] * 0},
        f"{NAMES[2]} in percent": {**night, NAMES[2]: night[NAMES[2]] * 100},
        "churn_probability up by a sixth": {**night, "churn_probability": night["churn_probability"] + 1 / 6},
    }


def verdicts(fitted: Fitted, night: Mapping[str, Array]) -> dict[str, str]:
    """The verdict on every column of a night."""
    held = reference(fitted)
    bins = held.bins if held else {}
    counts = {name: counted(night[name], np.array(one.edges)).tolist() for name, one in bins.items()}
    return {name: moved(fitted, name, bins[name], counts[name], NIGHT).verdict for name in bins}


def champion(model: str) -> Fitted:
    """A version whose training saw customers of the same kind."""
    night = drawn(TRAINED, seed=1 if model == "churn" else 2)
    bins = {name: bins_of(night[name]) for name in (*NAMES, SCORES[model][0])}
    kept = {name: {"edges": list(one.edges), "counts": list(one.counts)} for name, one in bins.items()}
    facts = {FACT: {"bins": kept, "gains": dict.fromkeys(NAMES, 1 / len(NAMES))}}
    return Fitted(model, "trees", 90, NAMES, facts, b"trees", "B", "1")


def drawn(rows: int, *, seed: int) -> dict[str, Array]:
    """Customers with features of four kinds: amounts, counts that are mostly zero, shares, and days often unknown."""
    random = np.random.default_rng(seed)
    found = {}
    for place, name in enumerate(NAMES):
        kinds = (
            lambda: random.lognormal(3, 1, rows),
            lambda: random.poisson(0.3, rows).astype(float),
            lambda: np.clip(random.normal(0.3, 0.4, rows), 0, 1),
            lambda: np.where(random.uniform(size=rows) < 0.4, np.nan, random.integers(1, 400, rows).astype(float)),
        )
        found[name] = kinds[place % 4]().astype(np.float32).astype(float)
    found["churn_probability"] = np.round(random.beta(2, 2, rows), 4)
    found["value_amount"] = np.round(random.lognormal(4, 1, rows), 2)
    return found


def write(folder: Path, rows: int) -> None:
    """Features and scores of so many customers as Parquet, in parts."""
    for name in ("features", "scores"):
        (folder / name).mkdir()
    for start in range(0, rows, CHUNK):
        night, size = drawn(min(CHUNK, rows - start), seed=1000 + start), min(CHUNK, rows - start)
        who = [f"customer-{start + number:09d}" for number in range(size)]
        scored = {name: night.pop(name) for name, _ in SCORES.values()} | {"churn_version": ["1"] * size}
        for name, columns in (("features", night), ("scores", scored)):
            table = pa.table({"customer_id": who, **columns}).replace_schema_metadata(None)
            pq.write_table(table, folder / name / f"part-{start}.parquet")


if __name__ == "__main__":
    sys.exit(main())
