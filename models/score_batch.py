"""The scores of a batch of customers, with bands, reasons and what changed: what Spark repeats."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import interval
from models.bands import BANDS, churn_band, value_band
from models.change import KEPT, Score, changes
from models.explain import CHURN_WORDS, TOLD, VALUE_WORDS, Told, sentences, told
from models.facts import Seen
from models.model import Array, Customers, Fitted
from models.night_before import Before, read
from models.predict import loaded
from models.settings import ChurnSettings
from models.tables import CUSTOMER_SCORES

COLUMNS = (
    "customer_id", "segment", "segment_id", "actual_amount", "churn_probability", "churn_band", "value_amount",
    "value_low", "value_high", "expected_orders", "value_band", "reasons", "value_reasons", "reason_features",
    "value_reason_features", "churn_adds", "value_adds", *KEPT,
)  # fmt: skip
"""The columns of scores.customer_scores that are made here."""
TYPES = {column.name: column.type for column in CUSTOMER_SCORES.columns}
SCORED = ", ".join(f"{name} {TYPES[name]}" for name in COLUMNS)


@dataclass(frozen=True)
class Night:
    """What every batch of a night's customers is scored with.

    Units: names are the features in the columns of a batch, each under `_<name>`.
    """

    churn: Fitted
    value: Fitted
    names: tuple[str, ...]
    night: date
    settings: ChurnSettings
    currency: str


class Scorer:
    """Scores batches of a night; the trees are read once."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._churn, self._value = loaded(night.churn), loaded(night.value)

    def scored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The columns of SCORED."""
        night = self._night
        customers = Customers(night.names, matrix(batch, night.names))
        seen = Seen(customers, np.arange(len(customers.matrix)), night.night, night.currency)
        leaving, value = np.round(self._churn.values(customers), 4), self._value.predicted(customers)
        raw, orders = np.maximum(value.values, 0), value.orders
        last = (read(batch, "churn", night.churn.version), read(batch, "value", night.value.version))
        why = (
            told(self._churn.contributions(customers, leaving), self._churn.reads, last[0].phrases),
            told(self._value.contributions(customers, raw), self._value.reads, last[1].phrases),
        )
        ago, amount = customers.column("days_since_last_order"), np.round(raw, 2)
        bands = (churn_band(leaving, last[0].band, ago, night.settings), value_band(amount, night.value))
        low, high = interval.bounds(night.value.facts.get("interval", {}), raw)
        columns = {
            **{name: batch.column(name) for name in COLUMNS[:4]},
            "churn_probability": leaving,
            "churn_band": _named(bands[0]),
            **{n: _numbers(np.round(a, 2)) for n, a in (("value_low", low), ("value_high", high))},
            "value_amount": pa.array(amount).cast(pa.decimal128(18, 2)),
            "expected_orders": pa.nulls(len(raw), pa.float64()) if orders is None else np.round(orders, 2),
            "value_band": _named(bands[1]),
            **_reasons(why, seen),
            **_changed(batch, bands, last, why, seen),
        }
        return pa.RecordBatch.from_arrays([_numbers(columns[n]) for n in COLUMNS], names=list(COLUMNS))


def matrix(batch: Any, names: tuple[str, ...]) -> Array:
    """The features of a batch; NaN where a value is unknown."""
    return np.column_stack([np.asarray(batch.column(f"_{name}"), dtype=np.float32) for name in names])


def _reasons(why: tuple[Told, Told], seen: Seen) -> dict[str, Any]:
    names = np.array([*TOLD, None], dtype=object)
    churn, value = why
    return {
        "reasons": _lists(sentences(churn, seen, CHURN_WORDS)),
        "value_reasons": _lists(sentences(value, seen, VALUE_WORDS)),
        "reason_features": _lists(names[churn.phrases]),
        "value_reason_features": _lists(names[value.phrases]),
        "churn_adds": _rows(churn.by_theme),
        "value_adds": _rows(value.by_theme),
    }


def _changed(
    batch: pa.RecordBatch, bands: tuple[Array, Array], last: tuple[Before, Before], why: tuple[Told, Told], seen: Seen
) -> dict[str, Any]:
    """The columns of KEPT: as the night before kept them, but for those whose band moved tonight."""
    kept = {name: batch.column(f"before_{name}") for name in KEPT}
    words = ("risk of leaving", "expected value")
    churn, value = (
        Score(w, band, known.band, reason, known.adds, known.is_same_version)
        for w, band, known, reason in zip(words, bands, last, why, strict=True)
    )
    probability = batch.column("before_churn_probability").to_numpy(zero_copy_only=False)
    mask, moved = changes(churn, value, probability, seen)
    if not mask.any():
        return kept
    return {
        name: pc.replace_with_mask(kept[name], pa.array(mask), pa.array(moved[name], kept[name].type)) for name in KEPT
    }


def _named(band: Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(band.astype(np.int8)), pa.array(BANDS)).dictionary_decode()


def _numbers(values: Any) -> Any:
    return pa.array(values, pa.float64(), from_pandas=True) if isinstance(values, np.ndarray) else values


def _lists(table: Array) -> pa.ListArray:
    """Each row as a list of its texts, None left out."""
    given = table != np.array(None)
    ends = np.concatenate([[0], np.cumsum(given.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(table[given], pa.string()))


def _rows(table: Array) -> pa.ListArray:
    """Each row as a list of numbers, to the thousandth."""
    ends = np.arange(len(table) + 1, dtype=np.int32) * table.shape[1]
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(np.round(table, 3).ravel()))
