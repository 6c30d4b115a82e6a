"""Mapped SQL, evaluated leniently: a value that cannot be parsed becomes null and is told from one that is missing."""

from typing import Any
from uuid import uuid4

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.spark import lenient
from pipelines.expressions import columns_read
from pipelines.repeats import column


def lenient_in(spark: SparkSession, timezone: str) -> SparkSession:
    """A lenient child session in which a time that carries no zone is one of `timezone`."""
    child = lenient(spark)
    child.conf.set("spark.sql.session.timeZone", timezone)
    return child


def in_session(frame: DataFrame, spark: SparkSession) -> DataFrame:
    """The same rows as a frame of another session of this application.

    Spark fixes leniency and time zone of an expression when it is analysed, so those of the frame's own session stay;
    a global temporary view carries the analysed plan over (measured on 4.1.4; tests/pipelines/test_conform_parsing.py).
    """
    view = f"habitue_hand_over_{uuid4().hex}"
    frame.createOrReplaceGlobalTempView(view)
    try:
        return spark.table(f"global_temp.{view}")
    finally:
        spark.catalog.dropGlobalTempView(view)


def as_type(expression: str, kind: str) -> Column:
    """The mapped expression as a canonical type; blank text is no value."""
    value = F.expr(f"cast(({expression}) as {kind})")
    return F.nullif(F.trim(value), F.lit("")) if kind == "string" else value


def has_input(spark: SparkSession, expression: str) -> Column:
    """Whether every delivered column that the expression reads holds a value; false where it reads none."""
    read = sorted(columns_read(spark, expression))
    if not read:
        return F.lit(False)
    filled = [F.coalesce(F.trim(column(name).cast("string")) != "", F.lit(False)) for name in read]
    return filled[0] if len(filled) == 1 else F.array_min(F.array(*filled))


def aggregate_arguments(spark: SparkSession, expression: str) -> list[Column]:
    """What the expression's aggregate functions are applied to: min(to_date(x)) gives to_date(x)."""
    tree = spark._jsparkSession.sessionState().sqlParser().parseExpression(expression)
    convert = spark._jvm.org.apache.spark.sql.classic.ExpressionUtils.column  # type: ignore[union-attr]
    return [Column(convert(argument)) for argument in _arguments(spark, tree)]


def _arguments(spark: SparkSession, node: Any) -> list[Any]:
    if node.getClass().getSimpleName() == "UnresolvedFunction" and _is_aggregate(spark, node):
        return _listed(node.arguments())
    return [argument for child in _listed(node.children()) for argument in _arguments(spark, child)]


def _is_aggregate(spark: SparkSession, node: Any) -> bool:
    name = node.nameParts().mkString(".").lower()
    identifier = spark._jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name)  # type: ignore[union-attr]
    found = spark._jsparkSession.sessionState().functionRegistry().lookupFunction(identifier)
    return bool(found.isDefined()) and found.get().getGroup() == "agg_funcs"


def _listed(sequence: Any) -> list[Any]:
    return [sequence.apply(place) for place in range(sequence.size())]
