"""Columns as numpy arrays: their types, and texts that may be missing."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]
Real = NDArray[np.float64]


def texts(values: Iterable[str | None]) -> Texts:
    """A column of texts."""
    listed = list(values)
    found = np.empty(len(listed), np.object_)
    found[:] = listed
    return found


def kept(condition: Any, values: Any) -> Texts:
    """The values where the condition holds, else missing."""
    found = np.array(values, np.object_)
    found[~np.asarray(condition, bool)] = None
    return found
