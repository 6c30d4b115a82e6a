"""Sends what the plan says, reads consent again at that moment, and records one outcome per record."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from activation import DESTINATIONS
from activation.circuit import Circuit, reason
from activation.consent import Asked, objectors, refusers, with_consent
from activation.destination import Answer, Batch, Destination, KnowsFields, Operation, Record, Verdict
from activation.frames import Frames
from activation.held import held_addresses, sent_addresses, with_held
from activation.holdout import controls
from activation.ledger import Ledger
from activation.plan import Plan, plans
from activation.settings import Activation
from lakehouse.errors import DeliveryFailed
from lakehouse.settings import credential

FEW = 10
"""Fewer removals than this stop nothing: a share of little says little."""
HELD_OUT = "held out of this audience"


@dataclass(frozen=True)
class Delivered:
    """What was planned for one sync or audience and what became of it.

    Units: outcomes counts records by (operation, outcome); problem says why nothing, or nothing more, was sent.
    """

    plan: Plan
    outcomes: Mapping[tuple[Operation, Verdict], int] = field(default_factory=dict)
    problem: str | None = None

    def count(self, verdict: Verdict, operation: Operation | None = None) -> int:
        """How many records had this outcome (of one operation, where given)."""
        return sum(n for (done, said), n in self.outcomes.items() if said == verdict and operation in (None, done))


@dataclass(frozen=True)
class ConsentsNow:
    """unified.consents as it stands at the moment of sending; `version` tells whether it moved."""

    read: Callable[[], DataFrame]
    version: Callable[[], int]


class DeliveriesFailed(DeliveryFailed):
    """A destination did not take all that was sent; `delivered` holds what became of everything."""

    def __init__(self, delivered: tuple[Delivered, ...], night: date) -> None:
        self.delivered = delivered
        failed = [_failure(one) for one in delivered if one.problem or one.count("failed")]
        super().__init__(
            "; ".join(failed),
            where=f"deliveries of {night}",
            still_true="Every other record has its outcome in activation.deliveries.",
            next_step=f"Repair the destination, then `habitue night --date {night}` sends only what is missing.",
        )


def destinations(activation: Activation, folder: Path) -> dict[str, Destination]:
    """The destinations of the retailer file, ready to send; relative paths start at `folder`.

    Raises: MissingCredentials if an entry names an environment variable that is not set.
    """
    return {
        name: DESTINATIONS[settings.type].opened(settings, folder=folder, secret=_secret(name, settings.credentials))
        for name, settings in activation.destinations.items()
    }


def deliver(
    activation: Activation,
    opened: Mapping[str, Destination],
    *,
    frames: Frames,
    members: DataFrame,
    holdouts: DataFrame,
    ledger: Ledger,
    night: date,
    key: str,
    consents_now: ConsentsNow,
    send: bool,
    accepted: Collection[str] = (),
) -> tuple[Delivered, ...]:
    """What was planned and sent per sync and audience; with send=False the plans alone.

    Reads: opened: what `destinations` gave; members: activation.audience_members of this night; consents_now:
           unified.consents, read when a plan is sent and again where it moved before a batch; accepted: syncs and
           audiences that a person let through.
    Raises: DeliveriesFailed at the end, if a destination did not take what was sent.
    """
    problems = {name: _problem(one, activation.fields_of(name)) for name, one in opened.items()} if send else {}
    due = plans(activation, frames=frames, members=members, deliveries=ledger.deliveries(), night=night, key=key)
    if not send:
        return tuple(Delivered(plan) for plan in due)
    circuits = _circuits(activation, opened)
    held_out = {name: controls(holdouts, activation, name) for name in activation.audiences}
    delivered = []
    for plan in due:
        limit = 1.0 if plan.name in accepted else activation.destinations[plan.destination].largest_removal
        if problem := problems[plan.destination]:
            delivered.append(Delivered(plan, problem=problem))
            continue
        waits, circuit = too_large(plan, limit, night), circuits[plan.destination]
        asked, control = activation.asked_of(plan.name), held_out.get(plan.name)
        rows = partial(_rows, plan, asked, waits, held_out=control, night=night)
        outcomes = _send(plan, circuit, rows, consents_now, ledger=ledger, night=night)
        delivered.append(Delivered(plan, outcomes, waits or (circuit.broken if outcomes else None)))
    ledger.fold()
    return _all_taken(tuple(delivered), night)


def too_large(plan: Plan, limit: float, night: date) -> str | None:
    """Why a person must look first: the plan takes away more than `limit` of what the destination holds."""
    gone, held = plan.count("remove"), sum(plan.count(what) for what in ("remove", "update", "unchanged"))
    if gone < FEW or gone <= limit * held:
        return None
    return (
        f"it would remove {gone:,} of {held:,} records (limit {limit:.0%}); if that is meant, "
        f'`habitue accept --table {plan.name} --night {night} --because "..."`'
    )


def _all_taken(delivered: tuple[Delivered, ...], night: date) -> tuple[Delivered, ...]:
    if any(one.problem or one.count("failed") for one in delivered):
        raise DeliveriesFailed(delivered, night)
    return delivered


def _circuits(activation: Activation, opened: Mapping[str, Destination]) -> dict[str, Circuit]:
    limits = {name: settings.most_failures for name, settings in activation.destinations.items()}
    return {name: Circuit(destination, most_failures=limits[name]) for name, destination in opened.items()}


def _rows(
    plan: Plan, asked: Asked | None, waits: str | None, consents: DataFrame, *, held_out: DataFrame | None, night: date
) -> DataFrame:
    """What is due, with `stopped`: why a record may not be sent any more, or never might have been.

    Shape: where the plan waits for a person, the removals of those who said no: they wait for nobody.
    """
    if waits is not None:
        return _refused(plan, asked, consents)
    wanted = plan.changes.where("payload_hash is not null")
    stopped = wanted.join(objectors(consents), "customer_id", "left_semi")
    stopped = stopped.select("record_key", F.lit("objected to profiling after the plan").alias("stopped"))
    if asked is not None:
        still = with_consent(wanted, consents, asked, night=night)
        withdrawn = still.where(~F.col("has_consent")).select(
            "record_key", F.lit("no consent any more").alias("stopped")
        )
        stopped = stopped.unionByName(withdrawn)
        if held_out is not None:
            control = wanted.join(held_out, "customer_id", "left_semi")
            stopped = stopped.unionByName(control.select("record_key", F.lit(HELD_OUT).alias("stopped")))
        stopped = stopped.groupBy("record_key").agg(F.max("stopped").alias("stopped"))
    return plan.changes.join(stopped, "record_key", "left").where("operation is not null or stopped is not null")


def _refused(plan: Plan, asked: Asked | None, consents: DataFrame) -> DataFrame:
    """The removals of those who said no, which wait for nobody."""
    said = objectors(consents)
    if asked is not None:
        said = refusers(consents, channel=asked.channel, purpose=asked.purpose)
    due = plan.changes.where("operation = 'remove'").join(said, "customer_id", "left_semi")
    return due.withColumn("stopped", F.lit(None).cast("string"))


def _send(
    plan: Plan,
    circuit: Circuit,
    rows: Callable[[DataFrame], DataFrame],
    consents: ConsentsNow,
    *,
    ledger: Ledger,
    night: date,
) -> Mapping[tuple[Operation, Verdict], int]:
    outcomes: Counter[tuple[Operation, Verdict]] = Counter()

    def due() -> DataFrame:
        found = rows(consents.read())
        return with_held(found, plan, ledger.held_addresses()) if circuit.by_address else found

    for part in _parts(due, consents.version, circuit.batch_size):
        withheld = _batch(plan, night, tuple(record for row in part if (record := _withheld(row))))
        sent = _batch(plan, night, tuple(record for row in part if (record := _due(row))))
        reasons = {row["record_key"]: Answer("withheld", row["stopped"]) for row in part}
        outcomes += _recorded(withheld, ledger, partial(_hold_back, reasons), by_address=False)
        outcomes += _recorded(sent, ledger, circuit.send, by_address=circuit.by_address)
    return outcomes


def _parts(due: Callable[[], DataFrame], version: Callable[[], int], size: int | None) -> Iterator[list[Row]]:
    """What is due in order, a batch at a time; once consents moved, what is left is judged anew."""
    seen, last = version(), ""
    in_order = _in_order(due())
    while part := list(islice(in_order, size)):
        now = version()
        if now == seen:
            last = part[-1]["record_key"]
            yield part
        else:
            seen, in_order = now, _in_order(due().where(F.col("record_key") > F.lit(last)))


def _in_order(rows: DataFrame) -> Iterator[Row]:
    found: Iterator[Row] = rows.drop("address").orderBy("record_key").toLocalIterator()
    return found


def _batch(plan: Plan, night: date, records: tuple[Record, ...]) -> Batch:
    return Batch(plan.destination, plan.name, night, plan.fields, records, plan.types, plan.is_audience)


def _hold_back(reasons: Mapping[str, Answer], _: Batch) -> Mapping[str, Answer]:
    return reasons


def _recorded(
    batch: Batch, ledger: Ledger, send: Callable[[Batch], Mapping[str, Answer]], *, by_address: bool
) -> Counter[tuple[Operation, Verdict]]:
    """Announce, send, record: a crash between any two leaves a record of what may have arrived."""
    if not batch.records:
        return Counter()
    sequences = ledger.announce(batch, by_address=by_address)
    answers = ledger.answer(sequences, batch.records, send(batch))
    pairs = zip(batch.records, answers, strict=True)
    return Counter((record.operation, answer.verdict) for record, answer in pairs)


def _withheld(row: Row) -> Record | None:
    return _record(row, row["operation"]) if row["stopped"] and row["operation"] else None


def _due(row: Row) -> Record | None:
    if not row["stopped"]:
        return _record(row, row["operation"])
    return _record(row, "remove") if row["may_be_held"] else None


def _record(row: Row, operation: Operation) -> Record:
    says = operation != "remove"
    return Record(
        record_key=row["record_key"],
        contact_id=row["record_key"].split(":", 2)[2],
        customer_id=row["customer_id"],
        operation=operation,
        payload=row["payload"] if says else None,
        payload_hash=row["payload_hash"] if says else None,
        valid_until=row["valid_until"] if says else None,
        banded_values=row["banded_values"] if says else None,
        attempt=row["attempt"],
        addresses=sent_addresses(row) if says else None,
        held=held_addresses(row),
    )


def _secret(name: str, variable: str | None) -> str | None:
    return credential(variable, where=f"destinations.{name}") if variable else None


def _problem(destination: Destination, fields: Collection[str]) -> str | None:
    try:
        destination.check()
        if isinstance(destination, KnowsFields):
            destination.check_fields(fields)
    except Exception as error:  # noqa: BLE001 - the edge: one dead destination does not hold up the others
        return reason(error)
    return None


def _failure(one: Delivered) -> str:
    where = f"{one.plan.destination} ({one.plan.name})"
    if one.problem and not one.outcomes:
        return f"{where}: nothing sent, {one.problem}"
    total: Iterable[int] = one.outcomes.values()
    why = f", {one.problem}" if one.problem else ""
    return f"{where}: {one.count('failed'):,} of {sum(total):,} records failed{why}"
