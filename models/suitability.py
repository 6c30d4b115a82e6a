"""Whether what is known suits a training: what was found beside its bar, and a verdict in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from scipy.stats import rankdata

from lakehouse.rows import frame_of
from models.calendar import FEATURE_DAYS, SHORTEST_HORIZON, TEST_WINDOWS, Plan, Schedule
from models.model import Array, Customers, Model
from models.tables import SUITABILITY
from models.training_set import Observed

Ruling = Literal["fit", "limited", "not fit"]
RULINGS: tuple[Ruling, ...] = ("fit", "limited", "not fit")

FEWEST_CUSTOMERS = 50
"""Customers in a window below which nothing is learned or judged: a rate of one half is known to 14 points only."""
FEW_CUSTOMERS = 500
"""Below, a test says little.

Source: Hanley and McNeil (1982): an AUC of 0.75 on 500 customers, half of them leaving, is known to 0.04 only.
"""
FEWEST_OF_A_KIND = 10
"""Customers of the rarer outcome that a window needs.

Source: Peduzzi et al. (1996): with fewer than ten events for a variable, what is learned of it is mostly chance.
"""
RARE = 0.05
"""Share of the rarer outcome below which a window holds few examples of it, however many customers there are."""
FEWEST_KNOWN = 0.2
"""Share of orders with a customer below which silence says nothing: four of five purchases are in no history."""
FEW_KNOWN = 0.7
"""Below, so many purchases are in no history that some customers look as if they had left."""
TELLING = 0.99
"""A feature that ranks customers this well by itself knows the outcome: honest ones stay below 0.9 in our data."""
SUSPICIOUS = 0.95
"""A feature this strong by itself is to be looked at."""
MANY_GIVE_BACK = 0.2
"""Share of those with any spend who gave back more than they bought, above which the amounts are to be looked at: on
Online Retail II it is between 2 and 5 %."""
TURNED_AROUND = 0.5
"""Share from which sales look as if they were mapped as returns."""
MOST_NAMED = 5
"""Features without news that are named."""
MOST_RANKED = 50_000
"""Snapshots that are ranked to look for a leak: of so many an AUC is known to 0.005."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its figure, the bar that it was held against, and what that means in words."""

    check: str
    value: float
    bar: float
    verdict: Ruling
    words: str


@dataclass(frozen=True)
class Suitability:
    """All that was found before a training."""

    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Ruling:
        """The worst of what was found."""
        return max((found.verdict for found in self.findings), key=RULINGS.index, default="fit")

    @property
    def words(self) -> str:
        """The verdict: fit, fit with these limits, or not fit because."""
        told = "; ".join(found.words for found in self.findings if found.verdict == self.verdict)
        return {"fit": "fit", "limited": f"fit with these limits: {told}", "not fit": f"not fit because {told}"}[
            self.verdict
        ]


def suitability(model: Model, planned: Schedule, seen: Observed, outcome: Array) -> Suitability:
    """Whether the model may be trained on what was observed.

    Shape: customers, outcomes, amounts, features and leaks are looked at in this order, up to the first that speaks
           against a training; features and leaks in the windows that are learned from.
    """
    findings = [_history(planned), _known_customers(planned)]
    plan = planned.plan
    if plan is not None:
        windows = list(_windows(plan, seen))
        looks: tuple[Callable[[], Finding], ...] = (
            lambda: _customers(windows, outcome),
            lambda: _labels(model, windows, outcome),
            lambda: _amounts(windows, seen.spend[planned.horizon_days]),
            lambda: _features(plan, seen),
            lambda: _leak(model, plan, seen, outcome),
        )
        for look in looks:
            if findings[-1].verdict != "not fit":
                findings.append(look())
    return Suitability(tuple(findings))


def single_feature_aucs(customers: Customers, happened: Array) -> Array:
    """How well each feature by itself ranks those to whom it happened: 0.5 is chance, 1 knows; unknown ranks lowest."""
    ranks = rankdata(np.nan_to_num(customers.matrix, nan=-np.inf), axis=0)
    it, others = happened.sum(), (~happened).sum()
    found = (ranks[happened].sum(axis=0) - it * (it + 1) / 2) / (it * others)
    aucs: Array = np.maximum(found, 1 - found)
    return aucs


def suitabilities(spark: SparkSession, night: date, found: dict[str, Suitability]) -> DataFrame:
    """The rows of models.suitability of one training, by model."""
    rows: list[tuple[Any, ...]] = [
        (night, model, one.check, float(one.value), float(one.bar), one.verdict, one.words)
        for model, looked_at in found.items()
        for one in looked_at.findings
    ]
    return frame_of(spark, rows, SUITABILITY.schema)


@dataclass(frozen=True)
class _Window:
    """The rows of one window: what is learned before a test night, or the test from it."""

    rows: Array
    what: str


def _windows(plan: Plan, seen: Observed) -> Iterator[_Window]:
    for night in plan.tests:
        yield _Window(seen.on(plan.training[night]), f"before {night}")
        yield _Window(seen.on([night]), f"from {night}")


def _history(planned: Schedule) -> Finding:
    shortest, wanted = (FEATURE_DAYS + (TEST_WINDOWS + 1) * days for days in (SHORTEST_HORIZON, planned.wanted_days))
    if planned.feed is None:
        words = "no order is known yet; deliver orders of at least the last year"
        return Finding("history in days", 0, shortest, "not fit", words)
    days = planned.feed.days
    if planned.plan is None:
        enough = planned.feed.start + timedelta(days=shortest)
        words = (
            f"the history of {days} days is too short to train (at least {shortest} are needed);"
            f" it is long enough from {enough} on, or with older orders"
        )
        return Finding("history in days", days, shortest, "not fit", words)
    if planned.horizon_days < planned.wanted_days:
        words = (
            f"{days} days of history look {planned.horizon_days} days ahead, not {planned.wanted_days}"
            f" ({wanted} days are needed)"
        )
        return Finding("history in days", days, wanted, "limited", words)
    return Finding("history in days", days, wanted, "fit", f"{days} days of history")


def _known_customers(planned: Schedule) -> Finding:
    share, check = planned.feed.with_customer if planned.feed else 0.0, "share of orders with a customer"
    if planned.feed is None:
        return Finding(check, share, FEWEST_KNOWN, "fit", "no order is known yet")
    words = f"{share:.0%} of the orders have a customer"
    if share < FEWEST_KNOWN:
        more = f"only {words} (at least {FEWEST_KNOWN:.0%} are needed); map a card, e-mail or contact id of more orders"
        return Finding(check, share, FEWEST_KNOWN, "not fit", more)
    if share < FEW_KNOWN:
        more = f"only {words}: who buys without being known looks as if he had left"
        return Finding(check, share, FEW_KNOWN, "limited", more)
    return Finding(check, share, FEW_KNOWN, "fit", words)


def _customers(windows: list[_Window], outcome: Array) -> Finding:
    number, what = min((len(outcome[window.rows]), window.what) for window in windows)
    check, words = "customers in a window", f"{number:,} customer snapshot{'s' if number != 1 else ''} {what}"
    if number < FEWEST_CUSTOMERS:
        more = f"only {words} (at least {FEWEST_CUSTOMERS} are needed); more customers or older orders would change it"
        return Finding(check, number, FEWEST_CUSTOMERS, "not fit", more)
    if number < FEW_CUSTOMERS:
        more = f"only {words}: the tests are sure of large gains alone"
        return Finding(check, number, FEW_CUSTOMERS, "limited", more)
    return Finding(check, number, FEW_CUSTOMERS, "fit", words)


def _labels(model: Model, windows: list[_Window], outcome: Array) -> Finding:
    """How many customers did other than most did, in the window where they are the fewest."""
    counted = [(*_other_than_most(outcome[window.rows]), window.what) for window in windows]
    others, number, what = min(counted, key=lambda one: (one[0] >= FEWEST_OF_A_KIND, one[0] / max(1, one[1])))
    check, share = "share of the rarer outcome", others / max(1, number)
    change = f"another {model.name}.horizon_days or a longer history would change it"
    if not others:
        words = f"every customer {what} did the same: there is nothing to learn; {change}"
        return Finding(check, 0, RARE, "not fit", words)
    if others < FEWEST_OF_A_KIND:
        words = f"only {others} of {number:,} customers {what} did other than most (at least {FEWEST_OF_A_KIND})"
        return Finding(check, share, RARE, "not fit", f"{words}; {change}")
    if share < RARE:
        words = f"only {share:.1%} of the customers {what} did other than most: there are few examples of them"
        return Finding(check, share, RARE, "limited", words)
    return Finding(check, share, RARE, "fit", f"{share:.0%} or more of the customers did other than most")


def _other_than_most(found: Array) -> tuple[int, int]:
    counts = np.unique(found, return_counts=True)[1]
    return len(found) - int(counts.max(initial=0)), len(found)


def _amounts(windows: list[_Window], spend: Array) -> Finding:
    """Negative spend: sound where somebody returns an older purchase, a wrong sign where most do."""
    spent = np.concatenate([spend[window.rows] for window in windows])
    moved = spent[np.nan_to_num(spent) != 0]
    share, check = float((moved < 0).mean()) if len(moved) else 0.0, "share who gave back more than they bought"
    words = f"{share:.1%} of those with any spend gave back more than they bought, and count as spending nothing"
    if share >= TURNED_AROUND:
        turned = f"{words}: amounts look turned around; map order_amount of a sale as positive, of a return as negative"
        return Finding(check, share, TURNED_AROUND, "not fit", turned)
    if share >= MANY_GIVE_BACK:
        more = f"{words}: see whether their purchases are missing, or amounts have the wrong sign"
        return Finding(check, share, MANY_GIVE_BACK, "limited", more)
    return Finding(check, share, MANY_GIVE_BACK, "fit", words)


def _learned(plan: Plan) -> list[date]:
    return sorted({night for nights in plan.training.values() for night in nights} | set(plan.final))


def _features(plan: Plan, seen: Observed) -> Finding:
    """Which features tell nobody from anybody: a source that a retailer lacks is no fault, all of them are."""
    rows, names = np.flatnonzero(seen.on(_learned(plan))), seen.customers.names
    silent = [name for place, name in enumerate(names) if _is_alike(seen.customers.matrix[rows, place])]
    told, check = len(names) - len(silent), "features that differ between customers"
    if not told:
        return Finding(check, 0, 1, "not fit", "no feature differs between customers: there is nothing to learn from")
    named = ", ".join(silent[:MOST_NAMED]) + (
        f" and {len(silent) - MOST_NAMED} more" if len(silent) > MOST_NAMED else ""
    )
    words = f"{told} of {len(names)} features differ between customers"
    return Finding(check, told, 1, "fit", f"{words}; constant or unknown for all: {named}" if silent else words)


def _is_alike(column: Array) -> bool:
    """Whether all values are one, or all are unknown."""
    unknown = np.isnan(column)
    return bool(unknown.all() if unknown.any() else (column == column[:1]).all())


def _leak(model: Model, plan: Plan, seen: Observed, outcome: Array) -> Finding:
    rows = np.flatnonzero(seen.on(_learned(plan)) & ~np.isnan(outcome))
    rows = rows[:: max(1, -(-len(rows) // MOST_RANKED))]
    happened = outcome[rows] > 0
    check = "AUC of the strongest feature alone"
    if happened.all() or not happened.any():
        return Finding(check, 0.5, TELLING, "fit", "no feature alone can tell what everybody does")
    aucs = single_feature_aucs(Customers(seen.customers.names, seen.customers.matrix[rows]), happened)
    strongest, name = float(aucs.max()), seen.customers.names[int(aucs.argmax())]
    if strongest >= TELLING:
        words = (
            f"the feature {name} alone tells the outcome of {model.name} (AUC {strongest:.3f}): it leaks;"
            f" take what it is made of out of the mapping, or map the time at which it became known"
        )
        return Finding(check, strongest, TELLING, "not fit", words)
    if strongest >= SUSPICIOUS:
        words = f"the feature {name} alone almost tells the outcome (AUC {strongest:.3f}): see that it is known in time"
        return Finding(check, strongest, SUSPICIOUS, "limited", words)
    return Finding(check, strongest, SUSPICIOUS, "fit", f"no feature alone tells the outcome ({name}: {strongest:.3f})")
