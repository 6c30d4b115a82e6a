"""The law of the gate: Great Expectations and Spark count the same rows."""

from datetime import date
from itertools import product

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from quality.rules import (
    Rule,
    between,
    in_set,
    matches,
    not_before,
    not_in_future,
    not_null,
    rejected_share,
    row_count,
    unique,
)
from tests.quality.readings import by_gate, by_predicate

SCHEMA = "number int, amount decimal(18,2), share double, kind string, day date, moment timestamp"
NUMBERS = (None, -1, 0, 3)
AMOUNTS = ("null", "-0.01", "0", "99.99", "100", "100.01")
SHARES = ("null", "0D", "1D", "1.0000001D", "double('nan')", "double('inf')")
KINDS = ("null", "''", "'sale'", "'Sale'", "'return'", "'sale\\nreturn'")
DAYS = ("null", "date'1899-12-31'", "date'1900-01-01'", "date'2026-03-01'", "date'2026-03-02'", "date'2026-03-03'")
RULES = (
    not_null("kind"),
    unique("number"),
    unique("kind", "day"),
    unique("amount", "kind", "day", "moment"),
    between("amount", minimum=0, maximum=100),
    between("amount", minimum=0.01),
    between("share", minimum=0, maximum=1),
    between("day", minimum=date(1900, 1, 1), maximum=date(2026, 3, 1)),
    between("number", maximum=2),
    in_set("kind", "sale", "return"),
    matches("kind", "^sale$"),
    matches("kind", "ret"),
    not_in_future("day"),
    not_in_future("moment"),
    not_before("day", date(1900, 1, 1)),
    not_before("moment", date(1900, 1, 1)),
)


def _cases(spark: SparkSession) -> DataFrame:
    """Every value beside every neighbour, nulls, bounds, NaN and infinity included, stacked in one frame."""
    rows = [
        f"({'null' if number is None else number}, cast({amount} as decimal(18,2)), {share}, {kind}, {day}, "
        f"cast({day} as timestamp) + interval 23 hours)"
        for number, (amount, share, kind, day) in product(
            NUMBERS,
            (*zip(AMOUNTS, SHARES, KINDS, DAYS, strict=True), *zip(AMOUNTS, SHARES, KINDS[::-1], DAYS, strict=True)),
        )
    ]
    names = ", ".join(field.split()[0] for field in SCHEMA.split(", "))
    return spark.sql(f"select * from values {', '.join(rows)} as cases({names})")


def test_every_rule_counts_the_same_rows_in_both_readings(spark: SparkSession) -> None:
    frame = _cases(spark).persist()
    counted_by_gate = by_gate(frame, RULES, rows=frame.count())
    counted_by_predicate = by_predicate(frame, RULES)
    frame.unpersist()
    assert dict(zip([r.name for r in RULES], counted_by_gate, strict=True)) == dict(
        zip([r.name for r in RULES], counted_by_predicate, strict=True)
    )
    assert all(counted_by_gate)


def test_both_readings_count_nothing_in_an_empty_frame(spark: SparkSession) -> None:
    empty = frame_of(spark, [], SCHEMA)
    rules = (*RULES, row_count(1))
    assert by_gate(empty, rules, rows=0) == [0] * len(RULES) + [1]
    assert by_predicate(empty, RULES) == [0] * len(RULES)


def test_a_frame_of_nulls_breaks_not_null_and_uniqueness_of_several_columns_alone(spark: SparkSession) -> None:
    nulls = spark.sql("select cast(null as int) number, cast(null as string) kind from range(3)")
    rules = (not_null("kind"), unique("number"), unique("number", "kind"), in_set("kind", "sale"))
    assert by_gate(nulls, rules, rows=3) == [3, 0, 3, 0]
    assert by_predicate(nulls, rules) == [3, 0, 3, 0]


def test_what_was_found_in_one_frame_says_nothing_of_the_next(spark: SparkSession) -> None:
    rules = (not_null("number"), unique("number", "kind"), row_count(2))
    frames = ["(1, 'a'), (2, 'a')", "(1, 'a'), (1, 'a'), (null, 'a')", "(3, 'b'), (4, 'b')", "(5, 'b')"]
    found = [by_gate(spark.sql(f"select * from values {rows} as f(number, kind)"), rules, rows=9) for rows in frames]
    assert found == [[0, 0, 0], [1, 2, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("rule", "rows", "allowed"),
    [
        (not_null("a"), 100, 0),
        (not_null("a", limit=0.1), 100, 10),
        (not_null("a", severity="reject"), 100, 100),
        (rejected_share(0.25), 1000, 250),
        (rejected_share(0.25), 10, 20),
        (row_count(5), 100, 0),
    ],
)
def test_a_rule_allows_so_many_rows(rule: Rule, rows: int, allowed: int) -> None:
    assert rule.allowed(rows) == allowed
