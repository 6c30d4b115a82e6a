"""The two readings of rules, counted for the tests of quality."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from quality.gate import failures
from quality.rules import Rule, with_judgements

NIGHT = date(2026, 3, 1)
Others = Mapping[str, DataFrame]
NONE: Others = MappingProxyType({})


def by_gate(frame: DataFrame, rules: Sequence[Rule], *, rows: int, others: Others = NONE) -> list[int]:
    """What Great Expectations counts."""
    marked = with_judgements(frame, rules, others.__getitem__)
    return [found.failed for found in failures(marked, rules, table="cases", night=NIGHT, rows=rows)]


def by_predicate(frame: DataFrame, rules: Sequence[Rule], *, others: Others = NONE) -> list[int]:
    """What the predicates count."""
    marked = with_judgements(frame, rules, others.__getitem__)
    broken = marked.select(*(rule.broken(NIGHT).alias(str(place)) for place, rule in enumerate(rules)))
    counted = broken.agg(*(F.count_if(F.col(name)).alias(name) for name in broken.columns)).first()
    assert counted is not None
    return list(counted)
