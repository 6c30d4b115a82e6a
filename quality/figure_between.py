"""One figure about a table within bounds, asked of Great Expectations in the query that counts its rows.

Its own expectations of such figures (newest value, share of different values, divergence of distributions) ask a query
each, and those of distributions bring the counts of every value to the driver. Import this where it is asked: Great
Expectations takes seconds to import.
"""

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from pyspark.sql import Column
from pyspark.sql import functions as F


class Figure(TableMetricProvider):
    """An aggregate of Spark SQL over the table."""

    metric_name = "table.figure"
    value_keys = ("figure",)

    @metric_partial(
        engine=SparkDFExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _spark(
        cls,  # noqa: N805 - Great Expectations passes the class under this name
        *,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> tuple[Column, dict[str, Any], dict[str, Any]]:
        return F.expr(metric_value_kwargs["figure"]).cast("double"), metric_domain_kwargs, {}


class ExpectFigureBetween(BatchExpectation):
    """Expect a figure within bounds, both included; one that is null passes, unless it is needed."""

    figure: str
    minimum: float | None = None
    maximum: float | None = None
    needed: bool = False

    metric_dependencies = (Figure.metric_name,)
    success_keys = ("figure", "minimum", "maximum", "needed")
    args_keys = ("figure", "minimum", "maximum", "needed")
    domain_keys: ClassVar[tuple[str, ...]] = ("row_condition", "condition_parser")

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        found = metrics[Figure.metric_name]
        if found is None:
            return {"success": not self.needed, "result": {"observed_value": None}}
        low = self.minimum is None or found >= self.minimum
        high = self.maximum is None or found <= self.maximum
        return {"success": low and high, "result": {"observed_value": found}}
