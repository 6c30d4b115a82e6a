"""Whether the conditions and fields of the retailer file can be answered from the customer view."""

from collections.abc import Iterable, Iterator
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from activation.payload import ADDRESSES, OWN_FIELDS
from activation.settings import Activation
from lakehouse.errors import InvalidRetailerFile
from lakehouse.names import nearest

UNSTEADY = frozenset({"rand", "randn", "random", "uuid", "now", "current_date", "current_timestamp", "curdate"})
FOREIGN = frozenset({"reflect", "java_method", "try_reflect"})


def check_audiences(spark: SparkSession, activation: Activation, view_schema: T.StructType) -> None:
    """Nothing, if every condition is sound SQL over the view and every field is one of its columns.

    Raises: InvalidRetailerFile naming each path, the mistake and the nearest names.
    """
    problems = list(_problems(spark, activation, view_schema))
    if problems:
        raise InvalidRetailerFile(
            "; ".join(problems),
            where="retailer file",
            still_true="Nothing was started.",
            next_step="Correct these lines; the columns stand in the reference of the customer view.",
        )


def _problems(spark: SparkSession, activation: Activation, view: T.StructType) -> Iterator[str]:
    yield from _bands_without_numbers(activation, view)
    for name, sync in activation.syncs.items():
        yield from _unknown(f"syncs.{name}.fields", sync.fields, (*view.names, *OWN_FIELDS))
    for name, audience in activation.audiences.items():
        yield from _unknown(f"audiences.{name}.fields", audience.fields, (*view.names, *ADDRESSES, *OWN_FIELDS))
        broken = _broken(spark, audience.where, view)
        if broken:
            yield f"audiences.{name}.where: {broken}"


def _bands_without_numbers(activation: Activation, view: T.StructType) -> Iterator[str]:
    numbers = {field.name for field in view.fields if isinstance(field.dataType, T.NumericType)}
    for name, settings in activation.destinations.items():
        for field in settings.dead_bands:
            if field in view.names and field not in numbers:
                yield f"destinations.{name}.dead_bands: {field} is no number, and has no moves"


def _unknown(path: str, fields: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    names = list(known)
    return (f"{path}: there is no column {field}{nearest(field, names)}" for field in fields if field not in names)


def _broken(spark: SparkSession, condition: str, view: T.StructType) -> str | None:
    """Why a condition cannot be used; None if it can."""
    try:
        parsed = spark._jsparkSession.sessionState().sqlParser().parseExpression(condition)
    except (ParseException, Py4JJavaError):
        return "this is not a Spark SQL condition"
    if spark._jvm.org.apache.spark.sql.catalyst.expressions.SubqueryExpression.hasSubquery(parsed):  # type: ignore[union-attr]
        return "a condition may not hold a subquery"
    used = set(_names(parsed)) - set(view.names)
    if used & (UNSTEADY | FOREIGN):
        named = ", ".join(sorted(used & (UNSTEADY | FOREIGN)))
        return f"{named} may not be used: the same night must always give the same people"
    return _unanswerable(spark, condition, view)


def _unanswerable(spark: SparkSession, condition: str, view: T.StructType) -> str | None:
    try:
        spark.createDataFrame([], view).where(condition).schema  # noqa: B018 - resolves the names and types
    except AnalysisException as error:
        parameters = error.getMessageParameters() or {}
        if (error.getCondition() or "").startswith("UNRESOLVED_COLUMN"):
            name = parameters.get("objectName", "").replace("`", "")
            return f"there is no column {name}{nearest(name, view.names)}"
        return f"Spark refuses it ({error.getCondition()})"
    return None


def _names(expression: Any) -> Iterator[str]:
    """The names of functions and columns in a parsed condition, which is not yet resolved."""
    if expression.getClass().getSimpleName() in ("UnresolvedFunction", "UnresolvedAttribute"):
        yield expression.nameParts().last().lower()
    children = expression.children()
    for position in range(children.size()):
        yield from _names(children.apply(position))
