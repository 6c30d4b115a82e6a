"""How the customers of a training lay over bins, feature by feature and by what was predicted of them.

Kept as a fact of the version (some ten kilobytes of JSON); each night is held against it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.model import Array, Customers, Fitted
from models.predict import gains, loaded, settled

FACT = "reference"
SCORES: Mapping[str, tuple[str, int]] = {"churn": ("churn_probability", 4), "lifetime_value": ("value_amount", 2)}
"""The column of scores.customer_scores that holds a model's prediction, and the decimals that it keeps."""
PARTS = np.arange(1, 8) / 8
"""Seven quantiles, the smallest value and the one above it: ten bins at most, and one for what is unknown."""
MASS = 0.125
"""Share of the customers from which one value has a bin of its own."""


@dataclass(frozen=True)
class Bins:
    """Where bins begin, and how many customers lay in each.

    Shape: counts holds those below the first edge, from each edge on, and last those of whom nothing is known.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Reference:
    """What a version was trained for, by column: its features and its own score.

    Units: gains are shares of all that the trees gained by a feature; they add up to 1.
    """

    bins: Mapping[str, Bins]
    gains: Mapping[str, float]


def learned(fitted: Fitted, customers: Customers) -> dict[str, Any]:
    """The fact of a version: the customers of the night of its training.

    That night rather than the windows that were learned from: customers grow older, and what differed between the two
    the version has stood in its tests.
    """
    if not len(customers.matrix):
        return {}
    column, decimals = SCORES[fitted.model]
    predicted = np.round(np.maximum(loaded(settled(fitted, customers)).values(customers), 0), decimals)
    values = {name: customers.column(name) for name in fitted.features} | {column: predicted}
    found = {name: bins_of(of) for name, of in values.items()}
    bins = {name: {"edges": list(one.edges), "counts": list(one.counts)} for name, one in found.items()}
    return {FACT: {"bins": bins, "gains": gains(fitted)}}


def reference(fitted: Fitted) -> Reference | None:
    """What the version holds of its training; None for a baseline, or a version older than this."""
    kept = fitted.facts.get(FACT)
    if kept is None:
        return None
    bins = {name: Bins(tuple(one["edges"]), tuple(one["counts"])) for name, one in kept["bins"].items()}
    return Reference(bins, kept["gains"])


def bins_of(values: Array) -> Bins:
    """Bins of about equal count; a value that many share has one for itself, and so has one below all that was seen."""
    known = values[~np.isnan(values)]
    edges = _edges(known) if len(known) else np.zeros(0)
    return Bins(tuple(edges.tolist()), tuple(counted(values, edges).tolist()))


def counted(values: Array, edges: Any) -> Array:
    """Values below the first edge, from each edge on, and last those unknown."""
    known = values[~np.isnan(values)]
    inside = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.append(inside, len(values) - len(known))


def counts_tonight(rows: DataFrame, references: Iterable[Reference]) -> dict[tuple[str, tuple[float, ...]], list[int]]:
    """Customers per bin, by column and edges, in one pass over the rows; no row leaves Spark.

    Reads: every column that a reference names and the rows have.
    """
    asked = {(name, one.edges) for known in references for name, one in known.bins.items()}
    wanted = sorted((name, edges) for name, edges in asked if name in rows.columns)
    columns = sorted({name for name, _ in wanted})
    given = rows.select(*(_as_trained(name).alias(name) for name in columns))
    parts = given.mapInArrow(_counter(wanted), "asked int, bin int, customers bigint")
    found = {key: [0] * (len(key[1]) + 2) for key in wanted}
    for row in parts.groupBy("asked", "bin").agg(F.sum("customers").alias("customers")).collect():
        found[wanted[row["asked"]]][row["bin"]] = row["customers"]
    return found


def _as_trained(name: str) -> Any:
    """A feature as the 32-bit number that training saw: a share of 0.1 must fall into the same bin on both sides."""
    scores = {column for column, _ in SCORES.values()}
    return F.col(name).cast("double") if name in scores else F.col(name).cast("float").cast("double")


def _counter(wanted: list[tuple[str, tuple[float, ...]]]) -> Callable[[Iterable[Any]], Iterable[Any]]:
    def count(batches: Iterable[Any]) -> Iterable[Any]:
        import pyarrow as pa

        sums = [np.zeros(len(edges) + 2, dtype=np.int64) for _, edges in wanted]
        for batch in batches:
            for place, (name, edges) in enumerate(wanted):
                sums[place] += counted(np.asarray(batch.column(name), dtype=np.float64), np.array(edges))
        asked = np.repeat(np.arange(len(sums)), [len(one) for one in sums])
        bins = np.concatenate([np.arange(len(one)) for one in sums])
        columns = [pa.array(asked, pa.int32()), pa.array(bins, pa.int32()), pa.array(np.concatenate(sums), pa.int64())]
        yield pa.RecordBatch.from_arrays(columns, names=["asked", "bin", "customers"])

    return count


def _edges(known: Array) -> Array:
    lowest = known.min()
    above = known[known > lowest]
    if not len(above):
        return np.array([lowest, np.nextafter(lowest, np.inf)])
    edges = {float(lowest), *np.quantile(known, PARTS, method="inverted_cdf").tolist()}
    if np.mean(known == lowest) >= MASS:
        edges.add(float(above.min()))
    return np.array(sorted(edges))
