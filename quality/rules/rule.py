"""What a rule is: a Spark predicate (setting rows aside) and a Great Expectations expectation (the gate) in one."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Severity = Literal["reject", "warn", "block"]
Read = Callable[[str], DataFrame]
"""The table of a name, as it stands."""
Judge = Callable[[DataFrame, str, Read], DataFrame]
"""The frame with a column of the name given: true where the row keeps the rule, null where it cannot be judged."""


@dataclass(frozen=True)
class Rule:
    """What must hold in a table, and what happens where it does not; made by the functions of this folder.

    Units: name is the rule in words; fault ends the sentence `214 of 88,102 rows ...`; severity reject sets the row
           aside, warn tells, block stops the table; limit is the share of rows that may break the rule: above it the
           table is blocked (reject, block) or warned of; None is every row for reject, no row for the others;
           rows is what rejected_share always allows.
    Shape: holds is true where a row keeps the rule and null where its value is null; None for a rule about the table.
           Both readings take the night; expectation also takes Great Expectations' catalogue. whether is a cheaper
           expectation that says only if all rows keep the rule, where there is one. A rule with a judge is judged once
           per row, before the frame is kept, and both readings look at the column `mark`; other is the table it reads.
           amiss turns what was observed of a table into a number of failures; of_empty is a rule that an empty frame
           can break; is_figure is one about a figure, which rows neither keep nor break.
    """

    kind: str
    name: str
    fault: str
    columns: tuple[str, ...]
    severity: Severity
    limit: float | None
    holds: Callable[[date], Column] | None
    expectation: Callable[[Any, date], Any] | None
    rows: int = 0
    whether: Callable[[], Any] | None = None
    judge: Judge | None = None
    other: str | None = None
    amiss: Callable[[Any], int] | None = None
    of_empty: bool = False
    is_figure: bool = False

    @property
    def mark(self) -> str | None:
        """The column that holds the judgement; None for a rule that needs none."""
        return None if self.judge is None else _mark(self.name)

    def broken(self, night: date) -> Column:
        """True for a row that breaks the rule, never null; false everywhere for a rule about the table."""
        if self.holds is None:
            return F.lit(False)
        return F.coalesce(~self.holds(night), F.lit(False))

    def fault_in_words(self, failed: int, *, rows: int, limit: int, observed: float | None) -> str:
        """What is wrong, with its numbers: `214 of 88,102 rows have no order_id (limit 0)`."""
        if self.is_figure:
            return f"{self.fault} (observed: {'nothing' if observed is None else format(observed, '.4g')})"
        return f"{failed:,} of {rows:,} rows {self.fault} (limit {limit:,})"

    def allowed(self, rows: int) -> int:
        """How many of so many rows may break it."""
        if self.amiss is not None:
            return 0
        if self.limit is None:
            return rows if self.severity == "reject" else 0
        return max(self.rows, int(self.limit * rows))


def judged_rule(
    kind: str,
    name: str,
    fault: str,
    columns: tuple[str, ...],
    judge: Judge,
    *,
    severity: Severity,
    limit: float | None,
    other: str | None = None,
) -> Rule:
    """A rule that no single column says: its judgement is computed once, and both readings count what is false."""
    mark = _mark(name)
    return Rule(
        kind,
        name,
        fault,
        columns,
        severity,
        limit,
        lambda _: F.col(mark),
        lambda catalogue, _: catalogue.ExpectColumnValuesToBeInSet(column=mark, value_set=[True]),
        judge=judge,
        other=other,
    )


def judged_by(holds: Callable[[], Column]) -> Judge:
    """A judge that needs nothing but the row."""
    return lambda frame, mark, _: frame.withColumn(mark, holds())


def with_judgements(frame: DataFrame, rules: Iterable[Rule], read: Read) -> DataFrame:
    """The frame with the column `mark` of every rule that has a judge, each once."""
    judges = {rule.mark: rule.judge for rule in rules if rule.mark and rule.judge}
    return reduce(lambda done, named: named[1](done, named[0], read), judges.items(), frame)


def marks(rules: Iterable[Rule]) -> list[str]:
    """The columns that with_judgements adds."""
    return list(dict.fromkeys(rule.mark for rule in rules if rule.mark))


def quoted(column: str) -> str:
    """The column's name as Spark SQL reads it, whatever stands in it."""
    return f"`{column.replace('`', '``')}`"


def _mark(name: str) -> str:
    """Without dots and brackets, which Great Expectations and Spark read as a path."""
    return "_keeps_" + re.sub(r"\W+", "_", name.lower()).strip("_")
