"""The gate: Great Expectations on the very frame that will be written."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from threading import Lock
from typing import Any, Literal

from pyspark.sql import DataFrame

from lakehouse.errors import GateBlocked
from quality.rules import Rule, Severity

Outcome = Literal["passed", "set aside", "warned", "blocked"]

# Great Expectations keeps its newest context in a global of its package: one validation at a time.
ONE_AT_A_TIME = Lock()

# Most rules hold, and to know that is a third cheaper than to count. With 0 partial values no value leaves Spark.
WHETHER = {"result_format": "BOOLEAN_ONLY"}
HOW_MANY = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}


@dataclass(frozen=True)
class GateOutcome:
    """How one rule ended on one night's frame.

    Units: failed and limit are numbers of rows (of rows missing or too many for a row count); of a rule about a figure
           failed is 1 or 0, and observed is the figure where it did not hold.
    """

    table: str
    rule: str
    severity: Severity
    failed: int
    limit: int
    outcome: Outcome
    observed: float | None = None
    sample: tuple[str, ...] = ()
    """A few places where the rule is broken: keys, or files and row numbers."""


@dataclass(frozen=True)
class Failures:
    """How many rows break a rule, and the figure that was observed where the rule is about one."""

    failed: int
    observed: float | None = None


class PublicationBlocked(GateBlocked):
    """A gate stopped the publication of a table; gates holds the outcome of every rule."""

    def __init__(
        self, what: str, *, where: str, still_true: str, next_step: str, gates: tuple[GateOutcome, ...]
    ) -> None:
        self.gates = gates
        super().__init__(what, where=where, still_true=still_true, next_step=next_step)

    def told_to(self, owner: str) -> "PublicationBlocked":
        """The same, naming who looks after the table."""
        step = f"{self.next_step} {owner} looks after this table."
        return PublicationBlocked(
            self.what, where=self.where, still_true=self.still_true, next_step=step, gates=self.gates
        )


def failures(frame: DataFrame, rules: Sequence[Rule], *, table: str, night: date, rows: int) -> list[Failures]:
    """How many rows break each rule, as Great Expectations counts them.

    Reads:  the marks of rules with a judge (with_judgements).
    Units:  rows is the number of rows of the frame: where there are none, only rules that say so are asked.
    Raises: GateBlocked if a rule cannot be evaluated.
    """
    asked = [place for place, rule in enumerate(rules) if rows or rule.of_empty]
    kept = _validated(frame, [rules[n] for n in asked], night, result_format=WHETHER) if asked else []
    broken = [place for place, result in zip(asked, kept, strict=True) if not result.success]
    counted = _validated(frame, [rules[n] for n in broken], night, result_format=HOW_MANY) if broken else []
    failed = {place: _failed(rules[place], result, table) for place, result in zip(broken, counted, strict=True)}
    return [failed.get(place, Failures(0)) for place in range(len(rules))]


def judged(rule: Rule, found: Failures, *, table: str, rows: int) -> GateOutcome:
    """The outcome of a rule of which the number of failures is known."""
    limit = rule.allowed(rows)
    outcome = _outcome(rule.severity, found.failed, limit)
    return GateOutcome(table, rule.name, rule.severity, found.failed, limit, outcome, found.observed)


def _outcome(severity: Severity, failed: int, limit: int) -> Outcome:
    if failed > limit:
        return "warned" if severity == "warn" else "blocked"
    return "set aside" if severity == "reject" and failed else "passed"


def _validated(frame: DataFrame, rules: Sequence[Rule], night: date, *, result_format: dict[str, Any]) -> list[Any]:
    """What Great Expectations says of each rule, in their order."""
    with ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Great Expectations warns of is its own code, not our data
        import great_expectations as gx
        from great_expectations import expectations as catalogue

        batch = _definition().get_batch({"dataframe": frame})
        only_whether = result_format is WHETHER
        expectations = [
            _expectation(rule, catalogue, night, only_whether=only_whether, place=place)
            for place, rule in enumerate(rules)
        ]
        suite = gx.ExpectationSuite(name="gate", expectations=expectations)
        results = batch.validate(suite, result_format=result_format).results
        return sorted(results, key=lambda result: result.expectation_config.meta["place"])


@cache
def _definition() -> Any:
    """What takes a frame as a batch, in a context that keeps nothing, sends nothing and draws no progress bar.

    Made once: each of its parts writes the whole context down as YAML again, a fifth of a second for every table.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_spark("frames", persist=False).add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _expectation(rule: Rule, catalogue: Any, night: date, *, only_whether: bool, place: int) -> Any:
    """The rule as an expectation that remembers its place: results come back in another order."""
    if rule.expectation is None:
        raise ValueError(f"{rule.kind} is judged before the gate and has no expectation")
    cheaper = rule.whether if only_whether else None
    expectation = cheaper() if cheaper else rule.expectation(catalogue, night)
    expectation.meta = {"place": place}
    return expectation


def _failed(rule: Rule, result: Any, table: str) -> Failures:
    if not result.result:
        raise _not_evaluated(rule, table)
    if rule.amiss is None:
        return Failures(int(result.result["unexpected_count"] or 0))
    observed = result.result["observed_value"]
    return Failures(rule.amiss(observed), None if observed is None else float(observed))


def _not_evaluated(rule: Rule, table: str) -> GateBlocked:
    """Without the cause's own message: it may quote a value of a row."""
    return GateBlocked(
        f'gate blocked publication: the rule "{rule.name}" cannot be evaluated',
        where=table,
        still_true="The table is unchanged.",
        next_step=f"Look whether the type of {', '.join(rule.columns) or 'the table'} fits the rule, then run again.",
    )
