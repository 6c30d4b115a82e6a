"""What training holds in memory: a process of its own, in which everything that it starts is counted.

Made up: customers who buy at a pace of their own and drop out. `product` is the whole of models.train from orders in
Parquet, where Spark hands over at most ROWS_LIMIT rows; `whole` fits both models on all customers of six nights.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from benchmarks.contract import Check, lower
from benchmarks.models_scoring import NAMES, matrix
from benchmarks.models_sets import ORDERS, PROFILE
from features.build import history
from features.point_in_time import snapshot_at
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Customers, Sooner
from models.registry import Registry
from models.settings import ChurnSettings, LifetimeValueSettings, ModelSettings
from models.train import train

NIGHT = date(2026, 3, 1)
HISTORY_DAYS, HORIZON_DAYS, SNAPSHOTS, PAUSE = 1000, 90, 6, 0.2
MOST_BYTES = 8e9
KINDS = ("whole", "product")


def training(customers: int) -> Iterator[Check]:
    """Peak memory and seconds of both ways to train."""
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            if kind == "product":
                pyarrow.parquet.write_table(_orders(customers), f"{folder}/orders.parquet", row_group_size=500_000)
            peak, seconds = _watched(kind, customers, folder)
        yield lower(f"training {customers:,}, {kind}: peak memory of all processes, bytes", peak, MOST_BYTES)
        yield lower(f"training {customers:,}, {kind}: seconds", seconds)


def whole(customers: int) -> None:
    """Both models learn of every customer on six nights, as many features as there are."""
    nights = np.repeat(np.arange(SNAPSHOTS) * (HORIZON_DAYS // 2), customers).astype(np.float64)
    filled = np.empty((len(nights), len(NAMES)), dtype=np.float32)
    for night in range(SNAPSHOTS):
        filled[night * customers : (night + 1) * customers] = matrix(customers, seed=night)
    seen = Customers(NAMES, filled, nights)
    chance = np.random.default_rng(2).uniform(size=len(nights))
    left = (seen.column("days_since_last_order") / 400 + 0.3 * chance > 0.5).astype(float)
    CHURN.fit(seen, left, HORIZON_DAYS, sooner=Sooner(seen, left))
    LIFETIME_VALUE.fit(seen, seen.known("net_amount_365d") * chance * (1 - left), HORIZON_DAYS)


def product(folder: str) -> None:
    """All of training, from orders to registered versions."""
    spark = spark_session(settings())
    seen = history(spark, {"orders": spark.read.parquet(f"{folder}/orders.parquet")})
    horizons = ModelSettings(
        churn=ChurnSettings(horizon_days=HORIZON_DAYS), lifetime_value=LifetimeValueSettings(horizon_days=HORIZON_DAYS)
    )
    nobody, state = spark.createDataFrame([], PROFILE), Registry(Path(folder))
    for report in train(seen, nobody, snapshot_at(NIGHT, "UTC"), registry=state, settings=horizons):
        print(report.model, report.version, report.reason, file=sys.stderr)
    spark.stop()


def _orders(customers: int) -> pa.Table:
    """Customers who buy every month to every two years, until they drop out."""
    drawn = np.random.default_rng(3)
    began = drawn.uniform(0, HISTORY_DAYS - 1, customers)
    lasts = np.minimum(drawn.exponential(500, customers), HISTORY_DAYS - began)
    counts = 1 + drawn.poisson(drawn.gamma(0.8, 1 / 90, customers) * lasts)
    whose = np.repeat(np.arange(customers), counts)
    ago = HISTORY_DAYS - began[whose] - drawn.uniform(0, 1, len(whose)) * lasts[whose]
    day = np.datetime64(NIGHT) - np.maximum(np.ceil(ago), 1).astype(int)
    amount = np.round(drawn.gamma(4, 0.25, len(whose)) * drawn.gamma(2, 25, customers)[whose], 2)
    given = {
        "order_id": pa.array(np.arange(len(whose)).astype(str)),
        "customer_id": pa.array(np.char.add("customer-", whose.astype(str))),
        "event_at": pa.array(day.astype("datetime64[us]")).cast(pa.timestamp("us", tz="UTC")),
        "known_from": pa.array(day).cast(pa.date32()),
        "order_amount": pa.array(amount).cast(pa.decimal128(38, 6)).cast(pa.decimal128(18, 2), safe=False),
    }
    nothing = {field.name: pa.nulls(len(whose), field.type) for field in ORDERS if field.name not in given}
    return pa.table({field.name: {**nothing, **given}[field.name] for field in ORDERS})


def _watched(kind: str, customers: int, folder: str) -> tuple[int, float]:
    """Peak bytes of the process and all below it, and the seconds that it took."""
    began, peak = time.monotonic(), 0
    command = [sys.executable, "-m", "benchmarks.models_training", kind, str(customers), folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, _held(process.pid))
            time.sleep(PAUSE)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak, time.monotonic() - began


def _held(root: int) -> int:
    """Bytes that a process and all below it hold, a page that several share counted in parts."""
    parents, total = {}, 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
            except OSError:
                continue
    mine = {root}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    for pid in mine:
        try:
            told = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in told if line.startswith("Pss:")) * 1024
    return total


if __name__ == "__main__":
    asked, number, place = sys.argv[1:]
    whole(int(number)) if asked == "whole" else product(place)
