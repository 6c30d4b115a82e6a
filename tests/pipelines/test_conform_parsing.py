"""Mapped SQL is lenient, the session that it came from stays strict, and no lost value is silent."""

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import NumberFormatException, PySparkException
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from pipelines.expressions import FORGIVING
from pipelines.parsing import in_session, lenient_in
from tests.pipelines.deliveries import File, conformed, deliver, source

BAD = "2026-31-31"
LENIENT = ("to_date(d, 'yyyy-MM-dd')", "cast(d as int)", "to_timestamp(d)", "1 / z", "make_date(2026, 13, 1)", "d + 1")


def test_bad_values_become_null_also_in_the_parent_session(spark: SparkSession) -> None:
    child = lenient_in(spark, "America/New_York")
    rows = child.createDataFrame([(BAD, 0)], "d string, z int").selectExpr(*LENIENT)
    parent = in_session(rows, spark)
    assert parent.sparkSession is spark
    assert parent.collect() == rows.collect() == [(None,) * len(LENIENT)]
    kept = parent.persist()
    assert kept.distinct().collect() == rows.collect()
    kept.unpersist()


ABORTING = {
    "aes_decrypt": ("cast(d as binary), '0123456789abcdef'", "cast(d as binary), '0123456789abcdef'"),
    "parse_json": ("d", "d"),
    "str_to_map": ("'a=1,a=2', ',', '='", "d, 'a=([0-9])'"),
    "to_binary": ("d, 'hex'", "d, 'hex'"),
    "to_number": ("d, '999'", "d, '999'"),
    "unbase64": ("'a'", "'a', 'base64'"),
    "url_decode": ("d", "d"),
    "validate_utf8": ("cast(x'80' as string)", "cast(x'80' as string)"),
    "variant_get": ("try_parse_json('[\"x\"]'), '$[0]', 'int'", "try_parse_json('[\"x\"]'), '$[0]', 'int'"),
    "xpath": ("d, 'a/b'", "d, 'a int'"),
    **{name: ("d, 'a'", "d, 'a int'") for name in FORGIVING if name.startswith("xpath_")},
}
"""What makes each function abort, and the same bad value for what a mapping is told to use instead."""


@pytest.mark.parametrize("name", FORGIVING)
def test_function_that_aborts_at_a_bad_value_is_one_that_a_mapping_may_not_use(spark: SparkSession, name: str) -> None:
    bad, same = ABORTING[name]
    forgiving = FORGIVING[name].split("(")[0]
    child = lenient_in(spark, "UTC")
    rows = child.sql("select '%zz' as d")
    with pytest.raises((PySparkException, Py4JJavaError)):
        rows.selectExpr(f"{name}({bad})").collect()
    found = rows.selectExpr(f"{forgiving}({same}) as r").collect()[0][0]
    assert not (found.a if forgiving == "from_xml" and found else found)


def test_parent_session_stays_strict(spark: SparkSession) -> None:
    lenient_in(spark, "UTC")
    with pytest.raises(NumberFormatException):
        spark.sql("select cast('x' as int)").collect()


def test_value_that_cannot_be_parsed_breaks_a_rule_and_a_missing_one_does_not(lake: Lakehouse) -> None:
    columns = {"order_id": "id", "ordered_at": "to_timestamp(sold, 'yyyy-MM-dd')", "discount_amount": "off"}
    deliver(lake, File([{"id": "A", "sold": BAD, "off": "x"}, {"id": "B", "sold": " ", "off": None}]))
    found = conformed(lake, source({"from": "rows", "columns": columns, "null_ok": ["discount_amount"]}))
    broken = {row.order_id: row._broken for row in found.frame.collect()}
    found.release()
    assert broken == {"A": ["ordered_at could not be parsed"], "B": []}


def test_every_rule_that_a_row_broke_is_listed(lake: Lakehouse) -> None:
    columns = {"order_id": "id", "ordered_at": "to_timestamp(sold)", "order_amount": "total", "currency": "paid_in"}
    row = {"id": "", "sold": "2026-03-09", "total": "-1", "paid_in": "CHF"}
    deliver(lake, File([row, {**row, "id": "B", "total": "x"}], corrupt=["A,1"]))
    found = conformed(lake, source({"from": "rows", "columns": columns}))
    broken = {row.row_number: sorted(row._broken) for row in found.frame.collect()}
    found.release()
    assert broken == {
        1: ["currency without a rate", "dated in the future", "negative order_amount on a sale", "order_id is missing"],
        2: ["dated in the future", "order_amount could not be parsed"],
        3: ["wrong number of columns"],
    }


def test_one_unparsed_line_breaks_its_whole_group(lake: Lakehouse) -> None:
    mapping = {
        "from": "rows",
        "group_by": "id",
        "columns": {"order_id": "id", "order_amount": "sum(cast(total as int))"},
    }
    deliver(lake, File([{"id": "A", "total": "1"}, {"id": "A", "total": "x"}, {"id": "B", "total": "2"}, {"id": "B"}]))
    found = conformed(lake, source(mapping))
    rows = {row.order_id: (row._broken, row._rows, row.row_number) for row in found.frame.collect()}
    found.release()
    assert rows == {"A": (["order_amount could not be parsed"], 2, 1), "B": ([], 2, 3)}
