"""Days and seconds of the simulation as local times, UTC times and the texts that systems write."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ZONE = "Europe/Brussels"


def local_time(first_night: date, day: Any, second: Any) -> pd.Series[pd.Timestamp]:
    """Local wall times, without a zone."""
    start = np.datetime64(first_night, "s")
    return pd.Series(start + np.asarray(day, "timedelta64[D]") + np.asarray(second, "timedelta64[s]"))


def utc_time(first_night: date, day: Any, second: Any) -> pd.Series[pd.Timestamp]:
    """The same moments in UTC, without a zone."""
    local = local_time(first_night, day, second)
    first_of_two = np.ones(len(local), bool)
    zoned = local.dt.tz_localize(ZONE, ambiguous=first_of_two, nonexistent="shift_forward")
    return zoned.dt.tz_convert("UTC").dt.tz_localize(None)


def written(times: Any, pattern: str) -> NDArray[np.object_]:
    """Times as text by a strftime pattern; missing times stay missing."""
    texts = pc.strftime(pa.array(np.asarray(times, "datetime64[s]"), from_pandas=True), format=pattern)
    found: NDArray[np.object_] = texts.to_numpy(zero_copy_only=False)
    return found


def decimal_comma(amounts: Any) -> NDArray[np.object_]:
    """Amounts with two digits and a comma."""
    return np.array([f"{amount:.2f}".replace(".", ",") for amount in amounts], object)
