"""publish: materialise a frame once, gate that, set rejected rows aside, then write, then report."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from pyspark import StorageLevel
from pyspark.sql import DataFrame

from lakehouse.change import Change, as_change
from lakehouse.delta import Lakehouse
from lakehouse.nights import NIGHTS_ENDED
from lakehouse.table import Table
from quality.gate import Failures, GateOutcome, PublicationBlocked, failures, judged
from quality.rejects import Again, Aside, FileCount, Tally, marked, set_aside, sound, tally
from quality.rules import Rule, marks, with_judgements
from quality.samples import Judged, with_samples


@dataclass(frozen=True)
class Published:
    """What publishing one table did.

    Units: rows were written tonight, total_rows stand in the table; rejected counts rows by rule, and a row that broke
           two rules counts under both; rejected_rows counts each row once; counts are delivered rows per file;
           broken counts rows by source and rule.
    """

    table: str
    rows: int
    rejected: Mapping[str, int]
    rejected_rows: int
    gates: tuple[GateOutcome, ...]
    version: int
    counts: tuple[FileCount, ...]
    total_rows: int
    broken: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))


def publish(
    lake: Lakehouse,
    table: Table,
    given: DataFrame | Change,
    *,
    rules: Sequence[Rule],
    night: date,
    rejected: Table | None = None,
    again: Again | None = None,
    others: Mapping[str, Table] = MappingProxyType({}),
    unchanged: int = 0,
) -> Published:
    """Write the rows of the frame that broke no rule, and say what was written and what was set aside.

    Reads:  with a rejected table also _broken, _mapping, _file_name, _rows and _delivered_row of the frame. A change
            in Arrow is written where no row is set aside.
    Shape:  rejected is the table of rows set aside; without one, a rule that rejects stops the table instead. again
            names files that were judged before: their rows leave `rejected` only after the table holds them, so that a
            kill in between loses none, and rows that stay there count against no limit. others are the tables that
            rules look into, by name; unchanged is how many rows were delivered beside those of the frame, which the
            table holds already.
    Raises: GateBlocked before the write: the table holds what it held, the rows set aside can be looked at.
    """
    asked, change = list(rules if rejected else map(_stopping, rules)), as_change(given)
    judgements = with_judgements(change.rows, asked, lambda name: lake.read(others[name]))
    with _materialised(marked(judgements, asked, night) if rejected else judgements) as kept:
        good = (sound(kept) if rejected else kept).select(*table.column_names, *marks(asked))
        count = replace(tally(kept) if rejected else Tally(rows=kept.count()), unchanged=unchanged)
        aside = _aside(lake, rejected, kept, count, night=night, again=again)
        gates = _gates(good, asked, count, table=table.name, night=night, aside=aside.newly() if aside else 0)
        gates = with_samples(gates, asked, Judged(table, good, kept if rejected else None, night))
        if aside and not again:
            aside.write()
        _stop_where_blocked(lake, table, gates, rules=asked, rows=count.delivered, night=night)
        _write(lake, table, replace(change, rows=good.drop(*marks(asked))), count, night=night)
        if aside and again:
            aside.write()
        return _published(lake, table, count, gates)


def _stopping(rule: Rule) -> Rule:
    """A rule that rejects, as it reads for a table that sets no row aside."""
    return replace(rule, severity="block", limit=rule.limit or 0.0) if rule.severity == "reject" else rule


@contextmanager
def _materialised(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame computed once, so that what is gated is what is written."""
    kept = frame.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield kept
    finally:
        kept.unpersist()


def _aside(
    lake: Lakehouse, rejected: Table | None, kept: DataFrame, count: Tally, *, night: date, again: Again | None
) -> Aside | None:
    if rejected is None:
        return None
    return Aside(lake, rejected, set_aside(kept, rejected, night), night, count.rejected_rows, again)


def _gates(
    good: DataFrame, rules: Sequence[Rule], count: Tally, *, table: str, night: date, aside: int
) -> tuple[GateOutcome, ...]:
    """Rows that were set aside by rule, then Great Expectations on what stays.

    Units: aside is how many rows count against a limit of rows set aside.
    """
    gated = [rule for rule in rules if rule.expectation is not None]
    stay = count.rows - count.rejected_rows
    left = failures(good, gated, table=table, night=night, rows=stay)
    return (
        *(judged(rule, Failures(aside), table=table, rows=count.delivered) for rule in rules if rule not in gated),
        *_of_conform(count, gated, table),
        *(_gate(rule, failed, count, table=table) for rule, failed in zip(gated, left, strict=True)),
    )


def _of_conform(count: Tally, rules: Sequence[Rule], table: str) -> list[GateOutcome]:
    """What conform itself found, as outcomes."""
    ours = {rule.name for rule in rules}
    theirs = {name: failed for name, failed in count.by_rule.items() if name not in ours}
    return [GateOutcome(table, name, "reject", failed, count.rows, "set aside") for name, failed in theirs.items()]


def _gate(rule: Rule, left: Failures, count: Tally, *, table: str) -> GateOutcome:
    """The outcome of a rule; rows that a rejecting rule still finds in what stays mean that its readings differ."""
    if rule.severity != "reject":
        return judged(rule, left, table=table, rows=count.rows - count.rejected_rows)
    outcome = judged(rule, Failures(count.by_rule.get(rule.name, 0)), table=table, rows=count.delivered)
    return replace(outcome, outcome="blocked") if left.failed else outcome


def _write(lake: Lakehouse, table: Table, good: Change, count: Tally, *, night: date) -> None:
    in_arrow, rows = None if count.rejected_rows else good.in_arrow, count.rows - count.rejected_rows
    if table.write == "merge":
        lake.merge(table, good.rows, gone=good.gone, rows=rows, adds=good.adds, in_arrow=in_arrow)
    elif table.write == "replace_night":
        lake.replace_night(table, good.rows, night, in_arrow=in_arrow)
    elif table.write == "replace_all":
        lake.replace_all(table, good.rows)
    else:
        lake.append_once(table, good.rows, batch=night.isoformat())


def _published(lake: Lakehouse, table: Table, count: Tally, gates: tuple[GateOutcome, ...]) -> Published:
    return Published(
        table=table.name,
        rows=count.rows - count.rejected_rows,
        rejected=count.by_rule,
        rejected_rows=count.rejected_rows,
        gates=gates,
        version=lake.version(table),
        counts=count.files,
        total_rows=lake.rows(table),
        broken=count.broken,
    )


def _stop_where_blocked(
    lake: Lakehouse, table: Table, gates: Sequence[GateOutcome], *, rules: Sequence[Rule], rows: int, night: date
) -> None:
    """Raise PublicationBlocked where a gate says so, with what each of these found."""
    if not any(gate.outcome == "blocked" for gate in gates):
        return
    stated = {rule.name: rule for rule in rules}
    broken = [
        stated[gate.rule].fault_in_words(gate.failed, rows=rows, limit=gate.limit, observed=gate.observed)
        for gate in gates
        if gate.outcome == "blocked"
    ]
    raise PublicationBlocked(
        f"gate blocked publication: {'; '.join(broken)}.",
        where=f"{table.name} {night}",
        still_true=_still_true(lake, table, night),
        next_step=f"Look at {_where_to_look(table, gates)}, then `habitue night --date {night}`.",
        gates=tuple(gates),
    )


def _where_to_look(table: Table, gates: Sequence[GateOutcome]) -> str:
    aside = any(outcome.severity == "reject" for outcome in gates)
    return f"{table.name}_rejected" if aside else f"what {table.name} is made from"


def _still_true(lake: Lakehouse, table: Table, night: date) -> str:
    if not lake.exists(table):
        return "The table does not exist yet."
    ended = lake.read(NIGHTS_ENDED).where(f"night <= DATE'{night}'").selectExpr("max(night) as night").first()
    if ended is None or ended["night"] is None:
        return "The table is unchanged."
    return f"The table still holds {ended['night']}."
