"""What scoring with reasons costs beside a bare `xgboost` predict with contributions of the same customers.

Made up: features drawn at random, and trees of both models taught on some of them.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from benchmarks.contract import Check, lower
from features import CUSTOMER_FEATURES, FEATURES
from features.point_in_time import snapshot_at
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from models import churn, lifetime_value
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Customers, Fitted, Sooner
from models.score import score_customers
from models.segments import rules as fit_segments

NIGHT = snapshot_at(date(2026, 3, 1), "UTC")
NAMES = tuple(feature.name for feature in FEATURES)
TAUGHT, HORIZON_DAYS, MOST = 60_000, 90, 2.0
PROFILE = (
    "customer_id", "'unknown' as age_band", "false as is_deleted", "false as is_deceased", "false as is_test",
    "false as is_staff", "false as objects_to_profiling",
)  # fmt: skip


def scoring(customers: int) -> Iterator[Check]:
    """Seconds and processor seconds of a night's scoring, over those of the bare predictions of both models.

    Both models tell their reasons, so both are predicted barely; beside it stands the ratio to churn's alone.
    """
    drawn = Customers(NAMES, matrix(customers))
    models = _models(drawn)
    value = models["lifetime_value"]
    told = (churn.load(models["churn"]), [lifetime_value.load(value).spend])
    alone, other = (_measured(lambda: _bare(boosters, drawn.matrix)) for boosters in told)  # noqa: B023
    bare = (alone[0] + other[0], alone[1] + other[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.parquet"
        pyarrow.parquet.write_table(_table(drawn), path, row_group_size=50_000)
        spark = spark_session(settings())
        features = spark.read.parquet(str(path))
        profile = features.selectExpr(*PROFILE)
        first = score_customers(features.limit(1_000), profile.limit(1_000), models, NIGHT)
        first.write.mode("overwrite").parquet(f"{folder}/warm")

        def night(name: str, **given: Any) -> tuple[float, float]:
            scores = score_customers(features, profile, models, NIGHT, **given)
            return _measured(lambda: scores.write.parquet(f"{folder}/{name}"))

        plain = night("first")
        again = night("second", before=spark.read.parquet(f"{folder}/first"))
        spark.stop()
    for name, cost in (("bare", bare), ("first night", plain), ("next night", again)):
        yield lower(f"scoring {customers:,}: {name}, seconds", cost[0])
        yield lower(f"scoring {customers:,}: {name}, processor seconds", cost[1])
    yield lower(f"scoring {customers:,}: next night over churn's bare alone, processor seconds", again[1] / alone[1])
    yield lower(f"scoring {customers:,}: next night over bare, seconds", again[0] / bare[0], MOST)
    yield lower(f"scoring {customers:,}: next night over bare, processor seconds", again[1] / bare[1], MOST)


def _bare(boosters: list[Any], matrix: np.ndarray) -> None:
    """Trees asked for contributions, once over all customers, on as many threads as Spark has."""
    import xgboost

    rows = xgboost.DMatrix(matrix, nthread=_threads())
    for booster in boosters:
        booster.set_param({"nthread": _threads()})
        booster.predict(rows, pred_contribs=True)


def _threads() -> int:
    return len(os.sched_getaffinity(0))


def _models(drawn: Customers) -> dict[str, Fitted]:
    taught = Customers(NAMES, drawn.matrix[:TAUGHT])
    chance = np.random.default_rng(2).uniform(size=len(taught.matrix))
    left = (taught.column("days_since_last_order") / 400 + 0.3 * chance > 0.5).astype(float)
    spent = taught.known("net_amount_365d") * chance * (1 - left)
    value = LIFETIME_VALUE.fit(taught, spent, HORIZON_DAYS)
    facts = {**value.facts, "high_amount": 200.0, "medium_amount": 50.0}
    leaving = CHURN.fit(taught, left, HORIZON_DAYS, sooner=Sooner(taught, left))
    valued = Fitted(value.model, value.kind, HORIZON_DAYS, value.features, facts, value.trees, version="1")
    segmented = fit_segments(Customers(NAMES, taught.matrix[:0]))
    return {"churn": leaving, "lifetime_value": valued, "segments": segmented}


def matrix(customers: int, *, seed: int = 1) -> np.ndarray:
    """Features that look like a shop's: whole counts and days, amounts, shares, and unknown ones among them."""
    drawn = np.random.default_rng(seed)
    found = np.empty((customers, len(NAMES)), dtype=np.float32)
    for place, feature in enumerate(FEATURES):
        if feature.unit == "0 to 1":
            column = drawn.uniform(0, 1, customers)
        elif feature.unit == "retailer's currency":
            column = np.round(drawn.gamma(1.0, 150, customers), 2)
        elif feature.unit == "days":
            column = np.floor(drawn.gamma(1.2, 90, customers)) + 1
        else:
            column = np.floor(drawn.gamma(0.8, 5, customers))
        found[:, place] = np.where(drawn.uniform(size=customers) < 0.1, np.nan, column) if place % 3 else column
    for name, column in _purchases(drawn, customers).items():
        found[:, NAMES.index(name)] = column
    return found


def _purchases(drawn: np.random.Generator, customers: int) -> dict[str, np.ndarray]:
    """Counts and ages of orders that go together, so that BG/NBD learns of them and orders are expected."""
    age = np.floor(drawn.uniform(30, 1_000, customers))
    repeats = drawn.poisson(drawn.gamma(0.8, 4, customers) * age / 1_000)
    last = np.where(repeats > 0, np.floor(drawn.beta(2, 1, customers) * age), 0)
    return {
        "days_since_first_order": age,
        "days_since_last_order": age - last,
        "first_to_last_order_days": last,
        "repeat_purchase_days_count": repeats,
        "orders_count": repeats + 1,
        "net_amount": np.round(drawn.gamma(2, 30, customers) * (repeats + 1), 2),
    }


def _table(drawn: Customers) -> pa.Table:
    rows = len(drawn.matrix)
    schema = CUSTOMER_FEATURES.schema
    kinds = {field.name: field.dataType.simpleString() for field in schema.fields}
    columns = {"customer_id": pa.array([f"customer-{number:09d}" for number in range(rows)])}
    for place, name in enumerate(NAMES):
        column = pa.array(drawn.matrix[:, place].astype(np.float64), from_pandas=True)
        columns[name] = column.cast(ARROW.get(kinds[name], pa.float64()), safe=False)
    return pa.table(columns)


ARROW = {"bigint": pa.int64(), "int": pa.int32(), "decimal(18,2)": pa.decimal128(18, 2)}


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of processors, of this process and all below it."""
    clock, before = time.monotonic(), _processor_seconds()
    work()
    return time.monotonic() - clock, _processor_seconds() - before


def _processor_seconds() -> float:
    """Of this process and everything that it started; Spark's Python workers live on between jobs."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                told = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = (int(told[1]), sum(map(int, told[11:15])) / ticks)
    mine = {os.getpid()}
    while more := {pid for pid, (parent, _) in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(seconds for pid, (_, seconds) in parents.items() if pid in mine)
