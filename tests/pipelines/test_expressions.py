"""Mapped SQL: what it may say, what it reads, and what a user is told when it is wrong."""

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import InvalidRetailerFile
from pipelines.expressions import check, check_source, columns_of, columns_read
from pipelines.mapping import EntityMapping, Source

PLACE = "sources.crm.entities.orders"


def mapping(**columns: str) -> EntityMapping:
    return EntityMapping.model_validate({"from": "orders", "columns": {"order_id": "Id", **columns}})


def grouped(group_by: str, **columns: str) -> EntityMapping:
    return EntityMapping.model_validate({"from": "lines", "group_by": group_by, "columns": columns})


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("to_date(`Date Of Birth`, 'M/d/yyyy')", {"Date Of Birth"}),
        ("if(Kind = 'return', -Amount, Amount)", {"Kind", "Amount"}),
        ("count(*)", set()),
        ("lines[0].sku", {"lines"}),
        ("transform(lines, line -> line.price * Rate)", {"lines", "Rate"}),
        ("sum(Amount) filter (where Kind = 'sale')", {"Amount", "Kind"}),
    ],
)
def test_columns_read_are_the_delivered_ones(spark: SparkSession, expression: str, read: set[str]) -> None:
    assert columns_read(spark, expression) == read


def test_a_mapping_reads_the_columns_of_all_its_expressions(spark: SparkSession) -> None:
    found = EntityMapping.model_validate(
        {"from": "a", "where": "Deleted = 0", "group_by": "Invoice", "columns": {"order_id": "Invoice", "brand": "B"}}
    )
    assert columns_of(spark, found) == {"Deleted", "Invoice", "B"}


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("to_date(SoldAt, 'yyyy'", "at or near end of input"),
        ("(select max(a) from b)", "subquery"),
        ("Kind in (select a from b)", "subquery"),
        ("input_file_name()", "reads files or runs code"),
        ("java_method('java.lang.System', 'getenv', 'HOME')", "reads files or runs code"),
        ("current_date", "reads the clock"),
        ("now()", "reads the clock"),
        ("rand()", "at random"),
        ("to_number(Total, '999D99')", "Use try_to_number, which gives null"),
        ("raise_error(Total)", "stops the whole night; a line of `rules` sets rows aside"),
        ("explode(Lines)", "several rows"),
        ("row_number() over (order by Id)", "window"),
        ("max(SoldAt)", "aggregate"),
        ("to_dat(SoldAt)", "did you mean to_date"),
        ("SoldAt as ordered_at", "left of the colon"),
        (":param", "parameter"),
    ],
)
def test_what_a_mapping_may_not_say_is_refused_with_its_place(
    spark: SparkSession, expression: str, reason: str
) -> None:
    with pytest.raises(InvalidRetailerFile, match=r"columns\.ordered_at") as refused:
        check(spark, mapping(ordered_at=expression), where=PLACE)
    assert reason in str(refused.value)


def test_broken_sql_names_the_position(spark: SparkSession) -> None:
    with pytest.raises(InvalidRetailerFile, match=r"line 1, pos \d+"):
        check(spark, mapping(ordered_at="to_date(SoldAt"), where=PLACE)


def test_aggregates_are_allowed_with_group_by(spark: SparkSession) -> None:
    check(spark, grouped("Invoice", order_id="Invoice", ordered_at="min(SoldAt)", channel="'web'"), where=PLACE)


def test_a_column_that_may_differ_within_a_group_is_refused(spark: SparkSession) -> None:
    with pytest.raises(InvalidRetailerFile, match="Store, which may differ within a group"):
        check(spark, grouped("Invoice", order_id="Invoice", store_id="Store"), where=PLACE)


def test_a_where_sees_single_rows(spark: SparkSession) -> None:
    wrong = grouped("Invoice", order_id="Invoice").model_copy(update={"where": "sum(Amount) > 0"})
    with pytest.raises(InvalidRetailerFile, match=r"orders\.where"):
        check(spark, wrong, where=PLACE)


def test_a_source_names_the_entity_that_is_wrong(spark: SparkSession) -> None:
    wrong = {"from": "people", "columns": {"source_contact_id": "Id", "email": "lowr(EMail)"}}
    source = Source.model_validate({"deliveries": {"people": {"files": "*.csv"}}, "entities": {"contacts": wrong}})
    with pytest.raises(InvalidRetailerFile, match=r"sources\.crm\.entities\.contacts\.columns\.email.*lower"):
        check_source(spark, source, name="crm")
