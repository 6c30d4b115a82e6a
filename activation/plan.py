"""The dry run: what would be sent to each destination, who is held out and who is refused and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from activation.changes import changes
from activation.frames import Frames, source_records, with_address
from activation.payload import desired, types_of
from activation.settings import Activation, Audience
from activation.sync import records

What = Literal["add", "update", "remove", "unchanged", "dead", "held_out", "refused"]
"""dead: refused by the destination on so many nights that it is not tried any more."""


@dataclass(frozen=True)
class PlanLine:
    """How many customers or records one thing happens to, and the id of one of them."""

    what: What
    reason: str | None
    count: int
    example_customer_id: str | None


@dataclass(frozen=True)
class Plan:
    """What is due for one sync or audience; `deliver` sends exactly `changes`.

    Units: changes as `activation.changes.changes` gives it, computed once; types by field, as Spark names them.
    """

    name: str
    destination: str
    fields: tuple[str, ...]
    changes: DataFrame
    lines: tuple[PlanLine, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    is_audience: bool = False

    def count(self, what: What, reason: str | None = None) -> int:
        """How many of one kind (and reason, where given)."""
        return sum(line.count for line in self.lines if line.what == what and reason in (None, line.reason))


def plans(
    activation: Activation, *, frames: Frames, members: DataFrame, deliveries: DataFrame, night: date, key: str
) -> tuple[Plan, ...]:
    """The plan of every sync and audience, and a removal for each that has left the retailer file.

    Reads: members: activation.audience_members of this night; deliveries: activation.deliveries, complete.
    """
    living = [
        plan(activation, name, frames=frames, members=members, deliveries=deliveries, night=night, key=key)
        for name in activation.sendings
    ]
    # Farewells first: where a list of the tool passes to another name, who is removed by the old one is added again.
    return (*_farewells(activation, frames=frames, deliveries=deliveries, night=night), *living)


def plan(
    activation: Activation,
    name: str,
    *,
    frames: Frames,
    members: DataFrame,
    deliveries: DataFrame,
    night: date,
    key: str,
) -> Plan:
    """The plan of one sync or audience; nothing is sent and nothing is written."""
    sending, source = activation.sendings[name], activation.source_of(name)
    mine = members.where(F.col("audience") == name)
    if isinstance(sending, Audience):
        chosen = _chosen(mine, frames, source, sending.channel)
    else:
        chosen = records(frames, source).withColumn("address", F.col("record_key"))
    to = activation.destinations[sending.to]
    bands = {field: band for field, band in to.dead_bands.items() if field in sending.fields}
    wanted = desired(chosen, frames, fields=sending.fields, key=key, night=night, banded=bands)
    due = changes(
        wanted,
        deliveries,
        destination=sending.to,
        name=name,
        night=night,
        dead_bands=bands,
        dead_after_nights=to.dead_after_nights,
    ).localCheckpoint()
    return Plan(
        name,
        sending.to,
        sending.fields,
        due,
        (*_due_lines(due), *_decision_lines(mine)),
        types_of(frames, sending.fields),
        isinstance(sending, Audience),
    )


def _chosen(members: DataFrame, frames: Frames, source: str, channel: str) -> DataFrame:
    chosen = members.where(F.col("decision") == "member").select("record_key", "customer_id")
    addresses = with_address(source_records(frames, source), channel)
    return chosen.join(addresses.drop("customer_id"), "record_key", "inner")


def _farewells(activation: Activation, *, frames: Frames, deliveries: DataFrame, night: date) -> list[Plan]:
    held = (
        deliveries.where(F.col("destination").isin(*activation.destinations)).select("destination", "name").distinct()
    )
    current = {(sending.to, name) for name, sending in activation.sendings.items()}
    left = sorted((row["destination"], row["name"]) for row in held.collect())
    nobody = records(frames, "").withColumn("address", F.col("record_key"))
    return [
        _farewell(pair, desired(nobody, frames, fields=(), key="", night=night), deliveries, night)
        for pair in left
        if pair not in current
    ]


def _farewell(pair: tuple[str, str], nobody: DataFrame, deliveries: DataFrame, night: date) -> Plan:
    destination, name = pair
    due = changes(
        nobody, deliveries, destination=destination, name=name, night=night, dead_bands={}, dead_after_nights=1
    ).localCheckpoint()
    return Plan(name, destination, (), due, _due_lines(due))


def _due_lines(due: DataFrame) -> tuple[PlanLine, ...]:
    what = F.when(F.col("is_dead"), "dead").otherwise(F.coalesce("operation", F.lit("unchanged")))
    return _lines(due, what, F.lit(None).cast("string"))


def _decision_lines(members: DataFrame) -> tuple[PlanLine, ...]:
    return _lines(members.where(F.col("decision") != "member"), F.col("decision"), F.col("reason"))


def _lines(frame: DataFrame, what: Column, reason: Column) -> tuple[PlanLine, ...]:
    grouped = frame.groupBy(what.alias("what"), reason.alias("reason"))
    counted = grouped.agg(F.count(F.lit(1)).alias("rows"), F.min("customer_id").alias("example")).orderBy(
        "what", "reason"
    )
    return tuple(_line(row) for row in counted.collect())


def _line(row: Row) -> PlanLine:
    return PlanLine(row["what"], row["reason"], row["rows"], row["example"])
