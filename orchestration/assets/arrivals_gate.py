"""Before an entity is written: did tonight's deliveries bring what nights of this kind do?"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import GateBlocked
from lakehouse.table import Table
from orchestration.night import NightRun
from pipelines import tables
from pipelines.canonical import Entity
from pipelines.match_rate import MatchRate, match_rates
from pipelines.measures import Measure
from pipelines.reconciliation import FileCounted
from quality.deliveries import MATCHED, Finding, Past, judge
from quality.gate import GateOutcome, PublicationBlocked
from quality.measurements import Figure, history
from quality.usual import WEEKS


def check_usual(
    run: NightRun, entity: Entity, counted: Iterable[FileCounted], measures: Iterable[Measure] = ()
) -> None:
    """Judge what each delivery brought by what earlier nights did; figures and outcomes go to the night's record.

    Units: a rebuilt night brings the rows of many nights and is not judged; a table that a person let through is
           judged, told, and not stopped.
    Raises: PublicationBlocked, before any write, where a delivery is far off.
    """
    if run.rebuild_from is not None:
        return
    figures = _figures(entity, counted, measures)
    run.record.figures[entity.conformed.name] = figures
    _judge(run, entity.conformed, figures, run.past)


def check_matched(run: NightRun, orders: DataFrame) -> None:
    """Judge for how many of tonight's orders a customer was found, per source, by the orders of earlier nights.

    Reads: orders are the rows of unified.orders that change tonight; the table as the night began tells the usual rate.
    Raises: PublicationBlocked, before the write, where the rate is far off.
    """
    if run.rebuild_from is not None:
        return
    night, since = F.lit(run.night), F.lit(run.night - timedelta(weeks=WEEKS))
    known = F.col("known_from")
    held = run.lake.read_as_night_began(tables.ORDERS).where((known >= since) & (known < night))
    before = history((rate.night, _matched(rate)) for rate in match_rates(held))
    tonight = [_matched(rate) for rate in match_rates(orders.where(known == night))]
    came = [replace(figure, measure="rows", value=figure.rows) for figure in tonight]
    _judge(run, tables.ORDERS, [*came, *tonight], replace(run.past, history=before))


def _matched(rate: MatchRate) -> Figure:
    return Figure(tables.ORDERS.name, rate.source, "", MATCHED, "", rate.share, rate.orders)


def _judge(run: NightRun, table: Table, figures: Iterable[Figure], past: Past) -> None:
    found = judge(figures, past)
    run.record.warnings.extend(finding.words for finding in found if finding.outcome.outcome == "warned")
    if table.name in run.accepted:
        found = [_let_through(finding) for finding in found]
    far_off = [finding.words for finding in found if finding.outcome.outcome == "blocked"]
    outcomes = tuple(finding.outcome for finding in found)
    if far_off:
        raise _stopped(run, table.name, far_off, outcomes)
    run.record.gates.extend(outcomes)


def _figures(entity: Entity, counted: Iterable[FileCounted], measures: Iterable[Measure]) -> list[Figure]:
    table, rows = entity.conformed.name, dict[tuple[str, str], int]()
    for file in counted:
        rows[file.source, file.delivery] = rows.get((file.source, file.delivery), 0) + file.delivered
    delivered = [Figure(table, *place, "rows", "", number, number) for place, number in sorted(rows.items())]
    return [*delivered, *(Figure(table, m.source, m.delivery, m.measure, m.part, m.value, m.rows) for m in measures)]


def _let_through(finding: Finding) -> Finding:
    gate = finding.outcome
    return replace(finding, outcome=replace(gate, outcome="warned")) if gate.outcome == "blocked" else finding


def _stopped(run: NightRun, table: str, found: list[str], gates: tuple[GateOutcome, ...]) -> GateBlocked:
    return PublicationBlocked(
        "; ".join(found),
        where=f"{table} {run.night}",
        still_true="The table, and all that is made from it, still holds the night before.",
        next_step=(
            f"Have the delivery completed and run `habitue night --date {run.night}` again; or, if it is true,"
            f' `habitue accept --table {table} --night {run.night} --because "..."` and then the night.'
        ),
        gates=gates,
    )
