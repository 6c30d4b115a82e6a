"""Rules about a table as a whole, compared with DuckDB and with the formula."""

import math
from datetime import date

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from quality.gate import failures, judged
from quality.rules import (
    Rule,
    distinct_share,
    fresh,
    match_share,
    null_share,
    row_count,
    stable_categories,
    stable_numbers,
)
from tests.quality.readings import NIGHT

ROWS = [
    (None if n % 7 == 0 else n % 40, ("sale", "return", "it's", "gift", None)[n % 5 if n % 3 else 0], n * 1.5 % 100)
    for n in range(700)
]
SHARES = {"sale": 0.6, "return": 0.1, "it's": 0.2, "never": 0.05}
EDGES, BINS = (10.0, 50.0, 90.0), (0.05, 0.5, 0.25, 0.2)
SQL = """
    with kinds as (
        select kind, count(*) / sum(count(*)) over () as share from cases where kind is not null group by kind),
    reference(kind, share) as (values ('sale', .6), ('return', .1), ('it''s', .2), ('never', .05), ('gift', .05)),
    both_kinds as (
        select greatest(coalesce(k.share, 0), .0001) as a, greatest(r.share, .0001) as e
        from reference r left join kinds k using (kind)
    ),
    bins as (select case when amount < 10 then 0 when amount < 50 then 1 when amount < 90 then 2 else 3 end as bin,
             count(*) / sum(count(*)) over () as a from cases group by bin),
    both_bins as (select a, ([.05, .5, .25, .2])[bin + 1] as e from bins)
    select (select count(distinct customer) / count(customer) from cases),
           (select date '2026-03-01' - max(day) from cases),
           (select sum((a - e) * ln(a / e)) from both_kinds),
           (select sum((a - e) * ln(a / e)) from both_bins)
"""


@pytest.fixture
def cases(spark: SparkSession) -> DataFrame:
    """700 rows, of which one in seven has no customer."""
    return frame_of(
        spark,
        [(*row, date(2026, 2, 1 + place % 24)) for place, row in enumerate(ROWS)],
        "customer int, kind string, amount double, day date",
    )


def _found(frame: DataFrame, rules: list[Rule], *, rows: int) -> list[tuple[int, str]]:
    found = failures(frame, rules, table="cases", night=NIGHT, rows=rows)
    outcomes = [judged(rule, f, table="cases", rows=rows) for rule, f in zip(rules, found, strict=True)]
    return [(outcome.failed, outcome.outcome) for outcome in outcomes]


def test_figures_are_those_of_independent_sql(cases: DataFrame) -> None:
    rules = [
        distinct_share("customer", at_least=0.99),
        fresh("day", 0),
        stable_categories("kind", SHARES, at_most=0),
        stable_numbers("amount", EDGES, BINS, at_most=0),
    ]
    observed = [f.observed for f in failures(cases, rules, table="cases", night=NIGHT, rows=700)]
    with duckdb.connect() as db:
        db.register("cases", cases.toArrow())
        row = db.execute(SQL).fetchone()
    assert row is not None
    assert observed == pytest.approx([float(value) for value in row], rel=1e-9)
    assert all(observed)


def test_shares_of_missing_values_are_counted_in_rows(cases: DataFrame) -> None:
    rules = [
        null_share("customer", 0.14),
        null_share("customer", 0.15),
        match_share("customer", 0.9),
        match_share("customer", 0.85, severity="warn"),
    ]
    assert _found(cases, rules, rows=700) == [(100, "blocked"), (100, "passed"), (100, "blocked"), (100, "passed")]


def test_a_row_count_below_or_above_its_range_is_broken_by_the_difference(cases: DataFrame) -> None:
    rules = [row_count(701), row_count(600, at_most=690), row_count(700, at_most=700)]
    assert _found(cases, rules, rows=700) == [(1, "blocked"), (10, "blocked"), (0, "passed")]


def test_figures_within_their_bounds_pass(cases: DataFrame) -> None:
    own = {kind: sum(row[1] == kind for row in ROWS) / sum(row[1] is not None for row in ROWS) for kind in SHARES}
    rules = [fresh("day", 5), distinct_share("customer", at_most=0.1), stable_categories("kind", own, at_most=0.000001)]
    assert _found(cases, rules, rows=700) == [(0, "passed")] * 3
    assert _found(cases, [fresh("day", 4), distinct_share("customer", at_most=0.05)], rows=700) == [
        (1, "warned"),
        (1, "blocked"),
    ]


def test_an_empty_frame_is_neither_fresh_nor_full_and_nothing_else_is_said_of_it(spark: SparkSession) -> None:
    empty = frame_of(spark, [], "customer int, kind string, amount double, day date")
    about_rows = [null_share("customer", 0), match_share("customer", 1), distinct_share("customer", at_least=1)]
    rules = [*about_rows, stable_categories("kind", SHARES, fewest=0), fresh("day", 1), row_count(2)]
    assert _found(empty, rules, rows=0) == [(0, "passed")] * 4 + [(1, "warned"), (2, "blocked")]


def test_nulls_alone_have_no_share_no_distribution_and_are_not_fresh(spark: SparkSession) -> None:
    nulls = spark.sql(
        "select cast(null as int) customer, cast(null as string) kind, cast(null as date) day from range(3)"
    )
    rules = [distinct_share("customer", at_least=1), stable_categories("kind", SHARES, fewest=0), fresh("day", 1)]
    assert _found(nulls, rules, rows=3) == [(0, "passed"), (0, "passed"), (1, "warned")]


def test_too_few_values_are_no_distribution(cases: DataFrame) -> None:
    few, enough = (stable_numbers("amount", EDGES, (0.7, 0.1, 0.1, 0.1), fewest=fewest) for fewest in (701, 700))
    assert _found(cases, [few, enough], rows=700) == [(0, "passed"), (1, "warned")]


def test_not_a_number_and_infinity_lie_in_the_last_bin(spark: SparkSession) -> None:
    frame = spark.sql("select double(value) amount from values ('nan'), ('inf'), ('-inf'), ('0'), (null) as v(value)")
    rule = stable_numbers("amount", [0.0], [0.5, 0.5], at_most=0, fewest=1)
    (found,) = failures(frame, [rule], table="cases", night=NIGHT, rows=5)
    assert found.observed == pytest.approx(-0.25 * math.log(0.5) + 0.25 * math.log(1.5))


def test_a_moment_counts_for_the_day_that_it_lies_in(spark: SparkSession) -> None:
    frame = spark.sql("select timestamp'2026-02-27 23:59:00' at")
    assert _found(frame, [fresh("at", 2), fresh("at", 1)], rows=1) == [(0, "passed"), (1, "warned")]


def test_what_is_wrong_is_said_with_the_figure() -> None:
    rule = fresh("day", 3)
    said = rule.fault_in_words(1, rows=9, limit=0, observed=12.0)
    assert said == "it does not hold that the newest day is at most 3 days old (observed: 12)"
    assert rule.fault_in_words(1, rows=0, limit=0, observed=None).endswith("(observed: nothing)")
