"""One entity from delivered rows to its published table: the same road for a night, a rebuild and a reprocess."""

from collections.abc import Callable, Sequence
from datetime import date

from pyspark.sql import DataFrame

from lakehouse.change import Change
from lakehouse.delta import Lakehouse
from lakehouse.errors import GateBlocked
from orchestration.publishing import publish_by_rules
from orchestration.retailer import Retailer
from pipelines.canonical import ORDERS, Entity
from pipelines.conform import Conformed, conform
from pipelines.known_files import FileBook
from pipelines.measures import Measure, measured
from pipelines.reconciliation import RECONCILIATION, FileCounted, revenue_gaps
from quality.publish import Published
from quality.rejects import Again


def conform_and_publish(
    lake: Lakehouse,
    entity: Entity,
    retailer: Retailer,
    *,
    night: date,
    from_raw: bool = False,
    since: date | None = None,
    last_night: date | None = None,
    files: FileBook | None = None,
    check: Callable[[Sequence[FileCounted], Sequence[Measure]], None] | None = None,
) -> tuple[Published, Sequence[FileCounted]]:
    """What was published of the entity, and what became of the rows of each file that was conformed.

    Units:  since is the night of the oldest file that is conformed again, None where nothing is; last_night is the
            night under which rows are set aside, where `night` has yet to come.
    Shape:  check is asked before any row is published, with what became of the rows of each file and the figures of the
            night's own files; it may raise.
    Raises: GateBlocked before any write, and where the revenue does not reconcile.
    """
    found = conform(
        lake,
        entity,
        retailer.sources,
        night=night,
        as_of=retailer.as_of(night),
        currency=retailer.currency,
        timezone=retailer.timezone,
        from_raw=from_raw,
        since=since,
        files=files,
    )
    again = _again(found.counted, retailer.first_night if from_raw else since)
    try:
        if check is not None:
            check(found.counted, () if from_raw else _measured(found, entity, retailer, night))
        published = _published(lake, entity, retailer, found, night=last_night or night, again=again)
    finally:
        found.release()
    return published, found.counted


def _measured(found: Conformed, entity: Entity, retailer: Retailer, night: date) -> Sequence[Measure]:
    """The figures of what came; none on a night that brought nothing."""
    if not found.counted:
        return ()
    return measured(found.kept, entity, mapped=found.mapped, night=night, timezone=retailer.timezone)


def unreconciled(night: date, what: str) -> GateBlocked:
    """The error of a night whose delivered rows or revenue do not add up."""
    return GateBlocked(
        what,
        where=f"{RECONCILIATION.name} {night}",
        still_true="The unified tables, scores and deliveries still hold the last good night.",
        next_step=f"Report this as a fault of Habitué; then `habitue night --date {night}`.",
    )


def _published(
    lake: Lakehouse, entity: Entity, retailer: Retailer, found: Conformed, *, night: date, again: Again | None
) -> Published:
    published = publish_by_rules(
        lake,
        retailer,
        entity.conformed,
        Change(found.frame, found.gone),
        night=night,
        rejected=entity.rejected,
        again=again,
        unchanged=sum(file.unchanged for file in found.counted),
    )
    if entity is ORDERS and found.delivered is not None:
        _check_revenue(lake, retailer, found.delivered, night=night)
    return published


def _again(counted: Sequence[FileCounted], since: date | None) -> Again | None:
    if since is None or not counted:
        return None
    return Again(since, frozenset((file.source, file.delivery, file.file_sha256) for file in counted))


def _check_revenue(lake: Lakehouse, retailer: Retailer, delivered: DataFrame, *, night: date) -> None:
    gaps = revenue_gaps(
        delivered,
        held=lake.read(ORDERS.conformed),
        rejected=lake.read(ORDERS.rejected),
        night=night,
        timezone=retailer.timezone,
    )
    found = gaps.limit(3).collect()
    if found:
        days = "; ".join(", ".join(f"{name} {value}" for name, value in row.asDict().items()) for row in found)
        raise unreconciled(night, f"revenue per day and store does not reconcile with what was delivered: {days}")
