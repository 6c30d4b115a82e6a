"""Whether no key stands in two rows, asked of Great Expectations in one query with the other rules of a table.

Its own expectations of uniqueness number the rows of every key, which is two more queries over the whole frame. They
say how many rows share a key; whether any does is all that a sound night has to know. Import this where it is asked:
Great Expectations takes seconds to import.
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


class RowsBeyondKeys(TableMetricProvider):
    """How many more rows there are than keys; a null is no key of one column, and equals null within several."""

    metric_name = "table.rows_beyond_keys"
    value_keys = ("key",)

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
        names = metric_value_kwargs["key"]
        key = F.col(names[0]) if len(names) == 1 else F.struct(*names)
        return F.count(key) - F.count_distinct(key), metric_domain_kwargs, {}


class ExpectKeyOnce(BatchExpectation):
    """Expect that no two rows have the same key."""

    key: list[str]

    metric_dependencies = (RowsBeyondKeys.metric_name,)
    success_keys = ("key",)
    args_keys = ("key",)
    domain_keys: ClassVar[tuple[str, ...]] = ("row_condition", "condition_parser")

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        beyond = metrics[RowsBeyondKeys.metric_name]
        return {"success": beyond == 0, "result": {"observed_value": beyond}}
