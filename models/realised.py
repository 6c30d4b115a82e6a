"""How well a night's scores did, once its horizon has closed; and how well they should do, before.

Before labels: a calibrated probability says itself how often it is wrong.
Source: confidence-based performance estimation, NannyML's documentation, "How it works: estimation of performance";
        its estimate assumes that the probabilities are calibrated, which is what the labels then check.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.point_in_time import Snapshot, snapshot_at
from models.drift import Finding, Verdict, verdict
from models.metrics import auc, resampled
from models.model import Array
from models.settings import DEFAULT_CHURN, ChurnSettings
from models.training_set import labels

FEWEST = 100
"""Customers below which a figure of a night says nothing."""
RATE_WATCH = 0.06
"""The bar of the calibration error on Online Retail II: a rate further off is to be looked at."""
BIAS_WATCH, BIAS_LIMIT = 0.1, 0.25
"""A predicted total that is surely further off is to be looked at, or in doubt."""


@dataclass(frozen=True)
class Ranked:
    """Customers grouped by what was said of them: how many, and how many of them left.

    Units: left is what was expected where it is not yet known.
    """

    said: Array
    customers: Array
    left: Array

    @property
    def total(self) -> int:
        """All customers."""
        return int(self.customers.sum())

    def area(self) -> float:
        """The AUC of the groups, exact: a group is a tie."""
        return float(auc(*self._sides())[0])

    def interval(self) -> tuple[float, float]:
        """Its 95 % interval, by bootstrap over customers."""
        return resampled(auc, *self._sides())

    def _sides(self) -> tuple[Array, Array, Array]:
        outcome = np.repeat([1.0, 0.0], len(self.said))
        weights = np.concatenate([self.left, self.customers - self.left])[None, :]
        return outcome, np.concatenate([self.said, self.said]), weights


def estimated(scores: DataFrame, *, night: date) -> tuple[Finding, ...]:
    """AUC, accuracy and rate that the night's churn probabilities promise, before anybody knows.

    Reads: scores.customer_scores of the night.
    """
    groups = scores.where("churn_probability is not null").groupBy("churn_version", "churn_probability").count()
    found: dict[str, list[tuple[float, int]]] = {}
    for row in groups.collect():
        found.setdefault(row["churn_version"], []).append((row["churn_probability"], row["count"]))
    return tuple(
        Finding("churn", version, "performance", name, value, None, "steady", sum(n for _, n in said), night)
        for version, said in sorted(found.items())
        if sum(n for _, n in said) >= FEWEST
        for name, value in _promised(np.array(sorted(said)))
    )


def came_true(
    scores: DataFrame,
    features: DataFrame,
    orders: DataFrame,
    now: Snapshot,
    *,
    closed: date,
    horizons: Mapping[str, int],
    churn: ChurnSettings = DEFAULT_CHURN,
) -> tuple[Finding, ...]:
    """What came true of the scores whose horizon ended last, beside what had been estimated of them.

    Reads: scores.customer_scores, features.customer_features (the recency rule stands beside churn) and unified.orders;
           of each horizon the night that many days before `closed`, the day after the feed's last.
    Shape: nothing where that night was not scored at this horizon.
    """
    left_by, spent_by = (closed - timedelta(days=horizons[name]) for name in ("churn", "lifetime_value"))
    churned = _with_outcome(scores, orders, now, left_by, horizons["churn"], "churn", churn.by_contract)
    spent = _with_outcome(scores, orders, now, spent_by, horizons["lifetime_value"], "value")
    return (*_churn(churned, features, left_by), *_value(spent, spent_by))


def _with_outcome(
    scores: DataFrame,
    orders: DataFrame,
    now: Snapshot,
    night: date,
    horizon: int,
    kind: str,
    by_contract: bool = False,  # noqa: FBT001, FBT002
) -> DataFrame:
    """Each scored customer of a past night with its version, what was said, and what it did."""
    said = "churn_probability" if kind == "churn" else "value_amount"
    scored = scores.where((F.col("night") == F.lit(night)) & (F.col(f"{kind}_horizon_days") == horizon))
    scored = scored.select("customer_id", F.col(f"{kind}_version").alias("version"), F.col(said).alias("said"))
    done = labels(orders, now, [snapshot_at(night, now.timezone)], [horizon], by_contract=by_contract).drop("night")
    ordered, spent = (F.coalesce(f"_{what}_{horizon}", F.lit(0.0)) for what in ("orders", "spend"))
    rows = scored.where("said is not null").join(done, "customer_id", "left")
    return rows.select(
        "customer_id", "version", F.col("said").cast("double"), ordered.alias("ordered"), spent.alias("spent")
    )


def _churn(rows: DataFrame, features: DataFrame, night: date) -> Iterator[Finding]:
    silent = features.where(F.col("night") == F.lit(night)).select("customer_id", "days_since_last_order")
    known = rows.join(silent, "customer_id", "left").withColumn("left", (F.col("ordered") == 0).cast("int"))
    sides = [F.col(name).cast("double").alias("said") for name in ("said", "days_since_last_order")]
    parts = [
        known.groupBy("version", said).agg(F.count("*").alias("customers"), F.sum("left").alias("left"))
        .withColumn("side", F.lit(side))
        for side, said in enumerate(sides)
    ]  # fmt: skip
    found: dict[tuple[str, int], list[tuple[float, int, int]]] = {}
    for row in parts[0].unionByName(parts[1]).where("said is not null").collect():
        groups = found.setdefault((row["version"], row["side"]), [])
        groups.append((row["said"], row["customers"], row["left"]))
    for version in sorted({version for version, _ in found}):
        model, rule = (_ranked(found.get((version, side), [])) for side in (0, 1))
        if model.total >= FEWEST:
            yield from _churn_findings(version, model, rule, night)


def _churn_findings(version: str, model: Ranked, rule: Ranked, night: date) -> Iterator[Finding]:
    bar, (low, high) = round(rule.area(), 6), (round(end, 6) for end in model.interval())
    area, rate = round(model.area(), 6), round(float(model.left.sum() / model.total), 6)
    ruling: Verdict = "drifted" if high < bar else "watch" if area < bar else "steady"
    told = f"of those scored on {night} the recency rule ranked better: AUC {bar:.3f} against {area:.3f}"
    words = told if ruling == "drifted" else ""

    def finding(name: str, value: float, of: Verdict = "steady", **more: float) -> Finding:
        return Finding("churn", version, "label", name, value, more.get("limit"), of, model.total, night)

    yield Finding("churn", version, "label", "AUC", area, bar, ruling, model.total, night, low, high, words)
    for name, value in _promised(np.column_stack([model.said, model.customers])):
        yield finding(f"estimated {name}", value)
    expected = float((model.said * model.customers).sum() / model.total)
    off = round(abs(expected - rate), 6)
    yield finding("accuracy", _accuracy(model))
    yield finding("churn rate", rate)
    yield finding("rate off by", off, "watch" if off > RATE_WATCH else "steady", limit=RATE_WATCH)


def _value(rows: DataFrame, night: date) -> Iterator[Finding]:
    off = F.col("said") - F.col("spent")
    sums = rows.groupBy("version").agg(
        F.count("*").alias("customers"), F.sum("spent").alias("spent"), F.sum("said").alias("said"),
        F.var_samp(off).alias("scatter"),
    )  # fmt: skip
    for row in sorted(sums.collect(), key=lambda one: str(one["version"])):
        if row["customers"] >= FEWEST and row["spent"] > 0:
            yield _bias(row["version"], row["customers"], row["said"], row["spent"], row["scatter"], night)


def _bias(version: str, customers: int, said: float, spent: float, scatter: float, night: date) -> Finding:
    """How far the predicted total lies from the one that came; the interval is that of a mean of differences."""
    half = 1.96 * float(np.sqrt(customers * scatter))
    low, bias, high = (round((said - spent + by) / spent, 6) for by in (-half, 0.0, half))
    surely = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    ruling = verdict(surely, watch=BIAS_WATCH, limit=BIAS_LIMIT)
    told = f"the spend predicted on {night} was {bias:+.0%} off in all"
    return Finding(
        "lifetime_value", version, "label", "total bias", bias, BIAS_LIMIT, ruling, customers, night, low, high,
        told if ruling == "drifted" else "",
    )  # fmt: skip


def _promised(groups: Array) -> Iterator[tuple[str, float]]:
    """What probabilities (first column) of so many customers (second) promise: they leave as often as is said."""
    said, customers = groups[:, 0], groups[:, 1]
    model = Ranked(said, customers, said * customers)
    if 0 < model.left.sum() < customers.sum():
        yield "AUC", round(model.area(), 6)
    yield "accuracy", _accuracy(model)
    yield "churn rate", round(float(model.left.sum() / customers.sum()), 6)


def _accuracy(model: Ranked) -> float:
    """Share of the customers who did, or should do, what is likelier by their probability."""
    right = np.where(model.said >= 0.5, model.left, model.customers - model.left)
    return round(float(right.sum() / model.customers.sum()), 6)


def _ranked(groups: list[tuple[float, int, int]]) -> Ranked:
    found = np.array(sorted(groups), dtype=np.float64).reshape(len(groups), 3)
    return Ranked(found[:, 0], found[:, 1], found[:, 2])
