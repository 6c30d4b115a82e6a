"""Everything that Python fetches from Spark while a block runs: how many rows at a time, and out of what."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql.classic.dataframe import DataFrame as ClassicDataFrame

from quality.samples import MOST

FEW = f"GlobalLimit {MOST}\n"
"""How the plan of a sample begins: the places of so many broken rows at most."""
BRINGS = ("collect", "toPandas", "toArrow", "toLocalIterator", "take", "head", "tail", "first")


@dataclass
class Brought:
    """What came to the driver: how many rows at a time, and whether an aggregate made them."""

    rows: list[int] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brought]:
    """Everything that Python fetches from a frame; lists made on the driver are no rows of a frame."""
    brought = Brought()

    def counting(name: str) -> Any:
        fetch = getattr(ClassicDataFrame, name)

        def fetched(self: DataFrame, *args: Any, **named: Any) -> Any:
            found = fetch(self, *args, **named)
            plan = self._jdf.queryExecution().optimizedPlan().toString()
            brought.rows.append(len(found) if hasattr(found, "__len__") else 1)
            if "Aggregate" not in plan and "LocalRelation" not in plan and not plan.startswith(FEW):
                brought.plain.append(f"{name} of {plan.splitlines()[0]}")
            return found

        return fetched

    with monkeypatch.context() as patched:
        for name in BRINGS:
            patched.setattr(ClassicDataFrame, name, counting(name))
        yield brought
