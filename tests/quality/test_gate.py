"""What the gate asks of Spark: a handful of aggregates, and no row of the frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.classic.dataframe import DataFrame

from quality.gate import failures
from quality.rules import (
    Rule,
    between,
    distinct_share,
    fresh,
    in_set,
    length,
    not_null,
    null_share,
    ordered,
    reads_as,
    row_count,
    stable_categories,
    stable_numbers,
    unique,
    valid_email,
    valid_phone,
    valid_postcode,
    with_judgements,
)
from tests.quality.readings import NIGHT

RULES: tuple[Rule, ...] = (
    *(
        not_null("text"),
        null_share("text", 0),
        unique("number"),
        unique("number", "text"),
        between("number", minimum=9),
    ),
    *(in_set("text", "b"), length("text", minimum=2), reads_as("text", "day"), reads_as("text", "number")),
    *(valid_email("text"), valid_phone("text", country="DE"), valid_postcode("text", country="DE")),
    *(ordered("day", "earlier"), row_count(9999), distinct_share("number", at_least=1), fresh("day", 1)),
    *(stable_categories("text", {"b": 1}), stable_numbers("number", [9], [0.0, 1.0])),
)
KEPT = {"not_null", "null_share", "unique", "in_set", "between", "ordered", "distinct_share", "fresh", "stable"}
BROKEN = (
    "select case when id % 9 > 0 then 'a' end text, int(id % 8) number, date'2026-01-02' day, date'2026-01-01' earlier"
)
SOUND = "select 'b' text, int(id + 9) number, date'2026-03-01' day, date'2026-03-01' earlier"
BRINGS = ("collect", "toPandas", "toArrow", "toLocalIterator", "take", "head", "tail")


@contextmanager
def _watched() -> Iterator[list[tuple[str, int]]]:
    """Every way by which rows come to the driver, with how many came."""
    seen: list[tuple[str, int]] = []
    patches = [patch.object(DataFrame, name, _told(name, getattr(DataFrame, name), seen)) for name in BRINGS]
    for one in patches:
        one.start()
    try:
        yield seen
    finally:
        for one in patches:
            one.stop()


def _told(name: str, bring: Any, seen: list[tuple[str, int]]) -> Any:
    def told(self: DataFrame, *given: Any, **named: Any) -> Any:
        brought = bring(self, *given, **named)
        seen.append((name, len(brought) if hasattr(brought, "__len__") else 1))
        return brought

    return told


@pytest.fixture
def frames(spark: SparkSession) -> dict[str, Any]:
    """600 rows that break every rule, and 600 that keep those of KEPT."""
    return {
        name: with_judgements(spark.sql(f"{rows} from range(600)"), RULES, lambda _: spark.range(0))
        for name, rows in (("broken", BROKEN), ("sound", SOUND))
    }


def test_no_row_comes_to_the_driver_however_many_break_every_rule(frames: dict[str, Any]) -> None:
    with _watched() as seen:
        found = failures(frames["broken"], RULES, table="cases", night=NIGHT, rows=600)
    assert all(f.failed for f in found)
    assert {rows for _, rows in seen} <= {0, 1}
    assert {name for name, _ in seen} == {"collect"}


def test_a_sound_frame_is_gated_in_two_queries(frames: dict[str, Any]) -> None:
    kept = [rule for rule in RULES if rule.kind in KEPT]
    with _watched() as seen:
        found = failures(frames["sound"], kept, table="cases", night=NIGHT, rows=600)
    assert not any(f.failed for f in found)
    assert seen == [("collect", 1), ("collect", 1)]
