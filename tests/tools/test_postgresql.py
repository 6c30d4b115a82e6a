"""The PostgreSQL of the tests answers, and Spark reads it through the driver among our archives."""

import pytest
from pyspark.sql import SparkSession

from tests.tools.postgresql import PostgreSQL


def test_server_keeps_what_it_is_told(postgres: PostgreSQL) -> None:
    postgres.execute("create table shelf (name text, price numeric(9,2)); insert into shelf values ('tea', 3.50)")
    assert postgres.execute("select name, price from shelf") == [["tea", "3.50"]]


def test_wrong_statement_fails_with_the_reason_of_the_server(postgres: PostgreSQL) -> None:
    with pytest.raises(AssertionError, match="no_such_table"):
        postgres.execute("select * from no_such_table")


def test_spark_reads_a_table_over_jdbc(postgres: PostgreSQL, spark: SparkSession) -> None:
    postgres.execute("create table till (id int, total numeric(9,2)); insert into till values (1, 10.00), (2, -2.50)")
    login = {"user": postgres.user, "password": postgres.password, "driver": "org.postgresql.Driver"}
    rows = spark.read.jdbc(postgres.jdbc_url, "till", properties=login).orderBy("id").collect()
    assert [(row.id, str(row.total)) for row in rows] == [(1, "10.00"), (2, "-2.50")]
