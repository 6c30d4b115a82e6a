"""What the night before said of each customer: joined to tonight's rows, and read from a batch of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.bands import BANDS
from models.change import KEPT
from models.explain import PLACES, THEME_ORDER, TOP
from models.model import Array
from models.tables import CUSTOMER_SCORES

READ = (
    "churn_band", "value_band", "churn_probability", "churn_version", "value_version", "reason_features",
    "value_reason_features", "churn_adds", "value_adds", "segment_id", *KEPT,
)  # fmt: skip
"""Columns of scores.customer_scores that the next night looks at; a lake of before has not all of them."""


@dataclass(frozen=True)
class Before:
    """One model's side of last night's scores.

    Units: band is a place in BANDS and phrases are places in TOLD, -1 where there was none; adds is NaN there.
    """

    band: Array
    phrases: Array
    adds: Array
    is_same_version: Array


def with_night_before(rows: DataFrame, before: DataFrame | None) -> DataFrame:
    """The rows with READ of the night before under the names `before_*`; nulls where there was no score."""
    types = {field.name: field.dataType for field in CUSTOMER_SCORES.schema.fields}
    held = [] if before is None else before.columns
    given = {name: F.col(name) if name in held else F.lit(None).cast(types[name]) for name in READ}
    if before is None:
        return rows.select("*", *(column.alias(f"before_{name}") for name, column in given.items()))
    named = before.select("customer_id", *(column.alias(f"before_{name}") for name, column in given.items()))
    return rows.join(named, "customer_id", "left")


def read(batch: Any, model: str, version: str) -> Before:
    """What a batch of rows carries of the night before about one model: churn or value."""
    reasons = "reason_features" if model == "churn" else "value_reason_features"
    return Before(
        band=_places(batch.column(f"before_{model}_band"), {band: place for place, band in enumerate(BANDS)}),
        phrases=_grid(batch.column(f"before_{reasons}"), TOP),
        adds=_grid(batch.column(f"before_{model}_adds"), len(THEME_ORDER)),
        is_same_version=_places(batch.column(f"before_{model}_version"), {version: 1}) == 1,
    )


def _places(column: Any, places: dict[Any, int]) -> Array:
    """The place of each text; -1 for null and for those that have none. Every different text is looked up once."""
    encoded = column.dictionary_encode()
    known = np.array([*(places.get(text, -1) for text in encoded.dictionary.to_pylist()), -1])
    return np.asarray(known[encoded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)])


def _grid(column: Any, width: int) -> Array:
    """A column of lists as a matrix, the end of shorter ones filled: texts as their places in TOLD, else numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat, row = column.flatten(), pc.list_parent_indices(column).to_numpy()
    is_text = pa.types.is_string(flat.type)
    found = np.full((len(column), width), -1 if is_text else np.nan)
    if len(flat):
        at = np.arange(len(row)) - np.searchsorted(row, row)
        inside = at < width
        values = _places(flat, PLACES) if is_text else flat.to_numpy(zero_copy_only=False)
        found[row[inside], at[inside]] = values[inside]
    return found.astype(np.int64) if is_text else found
