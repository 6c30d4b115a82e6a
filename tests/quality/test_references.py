"""Rules that look into another table, counted by both readings and by DuckDB."""

from decimal import Decimal

import duckdb
from pyspark.sql import SparkSession

from lakehouse.rows import frame_of
from quality.rules import exists_in, marks, sums_to, with_judgements
from tests.quality.readings import by_gate, by_predicate

ORDERS = [
    *[("shop", "1", Decimal("10.00"), "a"), ("shop", "2", Decimal("10.00"), "b"), ("till", "1", Decimal("5.00"), "a")],
    *[("shop", "3", None, "c"), ("shop", None, Decimal("1.00"), None), ("shop", "4", Decimal("0.00"), "c")],
    *[("shop", "5", Decimal("7.00"), "a"), ("shop", "6", Decimal("3.01"), "z"), ("shop", "7", Decimal("3.02"), "z")],
]
LINES = [
    *[("shop", "1", Decimal("4.00")), ("shop", "1", Decimal("6.00")), ("shop", "2", Decimal("9.00"))],
    *[
        ("till", "1", Decimal("5.00")),
        ("till", "1", None),
        ("shop", "3", Decimal("2.00")),
        (None, None, Decimal("1.00")),
    ],
    *[("shop", "6", Decimal("3.00")), ("shop", "7", Decimal("3.00"))],
]
SHOPS = [("a",), ("a",), ("b",), (None,)]
ORDER = "source string, order_id string, order_amount decimal(18,2), shop string"
LINE = "source string, order_id string, line_amount decimal(18,2)"
RULES = (
    exists_in(["shop"], "shops", key=["code"]),
    exists_in(["source", "order_id"], "lines"),
    sums_to("order_amount", "lines", part="line_amount", key=["source", "order_id"]),
    sums_to("order_amount", "lines", part="line_amount", key=["source", "order_id"], tolerance=0.02),
)
INDEPENDENT = """
    with sums as (
        select o.*, (
            select coalesce(sum(l.line_amount), 0) from lines l where l.source = o.source and l.order_id = o.order_id
        ) as parts from orders o where o.source is not null and o.order_id is not null and o.order_amount is not null
    )
    select
        (select count(*) from orders where shop not in (select code from shops where code is not null)),
        (select count(*) from orders o where o.order_id is not null and not exists (
            select 1 from lines l where l.source = o.source and l.order_id = o.order_id)),
        (select count(*) from sums where abs(order_amount - parts) > 0.01),
        (select count(*) from sums where abs(order_amount - parts) > 0.02)
"""


def test_references_and_sums_are_counted_as_sql_counts_them(spark: SparkSession) -> None:
    orders = frame_of(spark, ORDERS, ORDER)
    others = {"lines": frame_of(spark, LINES, LINE), "shops": frame_of(spark, SHOPS, "code string")}
    counted = by_gate(orders, RULES, rows=len(ORDERS), others=others)
    with duckdb.connect() as db:
        for name, frame in {"orders": orders, **others}.items():
            db.register(name, frame.toArrow())
        row = db.execute(INDEPENDENT).fetchone()
    assert row is not None
    assert counted == list(row) == by_predicate(orders, RULES, others=others)
    assert all(counted)


def test_an_empty_other_table_holds_nothing_and_an_empty_frame_misses_nothing(spark: SparkSession) -> None:
    orders, nothing = frame_of(spark, ORDERS, ORDER), frame_of(spark, [], ORDER)
    others = {"lines": frame_of(spark, [], LINE), "shops": frame_of(spark, [], "code string")}
    assert by_predicate(orders, RULES, others=others) == [8, 8, 6, 6]
    assert by_predicate(nothing, RULES, others=others) == [0] * len(RULES)


def test_a_reference_adds_no_row_and_keeps_every_column(spark: SparkSession) -> None:
    orders = frame_of(spark, ORDERS, ORDER)
    others = {"lines": frame_of(spark, LINES, LINE), "shops": frame_of(spark, SHOPS, "code string")}
    marked = with_judgements(orders, RULES, others.__getitem__)
    assert marked.columns == [*orders.columns, *marks(RULES)]
    assert sorted(map(str, marked.select(*orders.columns).collect())) == sorted(map(str, orders.collect()))
