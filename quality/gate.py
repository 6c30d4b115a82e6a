"""The gate: Great Expectations on the very frame that will be written."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any, Literal

from pyspark.sql import DataFrame

from lakehouse.errors import GateBlocked
from quality.rules import Rule, Severity

Outcome = Literal["passed", "set aside", "warned", "blocked"]

# Great Expectations keeps its newest context in a global of its package: one validation at a time.
ONE_AT_A_TIME = Lock()

# BASIC is the cheapest format that counts; with 0 partial values no row and no personal value leaves Spark.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}


@dataclass(frozen=True)
class GateOutcome:
    """How one rule ended on one night's frame.

    Units: failed and limit are numbers of rows (of rows missing for a row count).
    """

    table: str
    rule: str
    severity: Severity
    failed: int
    limit: int
    outcome: Outcome


class PublicationBlocked(GateBlocked):
    """A gate stopped the publication of a table; gates holds the outcome of every rule."""

    def __init__(
        self, what: str, *, where: str, still_true: str, next_step: str, gates: tuple[GateOutcome, ...]
    ) -> None:
        self.gates = gates
        super().__init__(what, where=where, still_true=still_true, next_step=next_step)


def failures(frame: DataFrame, rules: Sequence[Rule], *, table: str, night: date, rows: int) -> list[int]:
    """How many rows break each rule, as Great Expectations counts them.

    Units:  rows is the number of rows of the frame: where there are none, only rules about the table are asked.
    Raises: GateBlocked if a rule cannot be evaluated.
    """
    if not rules or (rows == 0 and not any(rule.holds is None for rule in rules)):
        return [0] * len(rules)
    results = {result.expectation_config.meta["place"]: result for result in _validated(frame, rules, night)}
    return [_failed(rule, results[place], table) for place, rule in enumerate(rules)]


def judged(rule: Rule, failed: int, *, table: str, rows: int) -> GateOutcome:
    """The outcome of a rule of which the number of failures is known."""
    limit = rule.allowed(rows)
    return GateOutcome(table, rule.name, rule.severity, failed, limit, _outcome(rule.severity, failed, limit))


def _outcome(severity: Severity, failed: int, limit: int) -> Outcome:
    if failed > limit:
        return "warned" if severity == "warn" else "blocked"
    return "set aside" if severity == "reject" and failed else "passed"


def _validated(frame: DataFrame, rules: Sequence[Rule], night: date) -> list[Any]:
    with ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Great Expectations warns of is its own code, not our data
        import great_expectations as gx
        from great_expectations import expectations as catalogue

        batch = _batch(gx, frame)
        expectations = [_expectation(rule, catalogue, night, place) for place, rule in enumerate(rules)]
        suite = gx.ExpectationSuite(name="gate", expectations=expectations)
        return list(batch.validate(suite, result_format=RESULT_FORMAT).results)


def _batch(gx: Any, frame: DataFrame) -> Any:
    """The frame as a batch of a context that keeps nothing, sends nothing and draws no progress bar."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_spark("frames", persist=False).add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})


def _expectation(rule: Rule, catalogue: Any, night: date, place: int) -> Any:
    """The rule as an expectation that remembers its place: results come back in another order."""
    if rule.expectation is None:
        raise ValueError(f"{rule.kind} is judged before the gate and has no expectation")
    expectation = rule.expectation(catalogue, night)
    expectation.meta = {"place": place}
    return expectation


def _failed(rule: Rule, result: Any, table: str) -> int:
    if not result.result:
        raise _not_evaluated(rule, table)
    if rule.kind == "row_count":
        return max(0, rule.rows - int(result.result["observed_value"]))
    return int(result.result["unexpected_count"] or 0)


def _not_evaluated(rule: Rule, table: str) -> GateBlocked:
    """Without the cause's own message: it may quote a value of a row."""
    return GateBlocked(
        f'gate blocked publication: the rule "{rule.name}" cannot be evaluated',
        where=table,
        still_true="The table is unchanged.",
        next_step=f"Look whether the type of {', '.join(rule.columns) or 'the table'} fits the rule, then run again.",
    )
