"""The addresses that tools hold: ad tools know a person by nothing else, and a removal must name what was sent."""

from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from activation.destination import Addresses
from activation.outbox import Fold
from activation.payload import ADDRESSES
from activation.plan import Plan
from activation.tables import HELD_ADDRESSES
from lakehouse.rows import frame_of

RECORD = ("destination", "name", "record_key")
SETTLED = "destination string, name string, record_key string, settled bigint"
Key = tuple[object, ...]


def takes_addresses(part: Fold) -> bool:
    """Whether any of these sendings went to a tool that knows people by address."""
    return any(row["by_address"] for row in part.rows)


def held_now(held: DataFrame, part: Fold) -> tuple[DataFrame, DataFrame]:
    """The rows that activation.held_addresses gains by these sendings, and those that go; the same however often.

    A sending that was acknowledged took the addresses of all earlier ones out of the tool. One whose fate is unknown
    may have put its own there, and took none out.

    Reads: held: activation.held_addresses as it stands.
    """
    mine = [row for row in part.rows if row["by_address"]]
    settled = {_key(row): int(str(row["sequence"])) for row in mine if row["outcome"] == "acknowledged"}
    new = [
        (*_key(row), row["sequence"], row["email"], row["phone"], datetime.fromisoformat(str(row["sent_at"])))
        for row in mine
        if _may_hold(row) and int(str(row["sequence"])) >= settled.get(_key(row), 0)
    ]
    spark = held.sparkSession
    ends = frame_of(spark, [(*key, sequence) for key, sequence in settled.items()], SETTLED)
    gone = held.join(ends, [*RECORD]).where("sequence < settled").select(*HELD_ADDRESSES.key)
    return frame_of(spark, new, HELD_ADDRESSES.schema), gone


def with_held(due: DataFrame, plan: Plan, held: DataFrame) -> DataFrame:
    """What is due, with the addresses that it says and, as `held`, those that the tool may hold of the record.

    An address that another record of the same plan still needs, or that is held for another audience in the same list,
    is in no `held`: the tool knows one person by it.

    Reads: held: activation.held_addresses.
    """
    there, mine = held.where(F.col("destination") == plan.destination), F.col("name") == plan.name
    stopped = due.where("stopped is not null").select("record_key")
    stays = plan.changes.where("payload is not null and not (is_dead and not may_be_held)")
    stays = _addressed(stays.join(stopped, "record_key", "left_anti")).select("record_key", *ADDRESSES)
    others = there.where(~mine).select(F.lit("of another audience").alias("record_key"), *ADDRESSES)
    alone = there.where(mine).select("record_key", *ADDRESSES)
    for name in ADDRESSES:
        needed = stays.unionByName(others).where(F.col(name).isNotNull())
        needed = needed.select(name, F.col("record_key").alias("by"))
        needed = needed.groupBy(name).agg(F.collect_set("by").alias("needed_by"))
        by = F.coalesce("needed_by", F.array().cast("array<string>"))
        alone_there = F.size(F.array_except(by, F.array("record_key"))) == 0
        alone = alone.join(needed, name, "left").withColumn(name, F.when(alone_there, F.col(name))).drop("needed_by")
    rows = alone.where("email is not null or phone is not null")
    sets = rows.groupBy("record_key").agg(F.array_sort(F.collect_set(F.struct(*ADDRESSES))).alias("held"))
    return _addressed(due).join(sets, "record_key", "left")


def sent_addresses(row: Row) -> Addresses | None:
    """The addresses that a row of `with_held` says; None for a tool that knows people by our contact id."""
    return Addresses(row["email"], row["phone"]) if "held" in row else None


def held_addresses(row: Row) -> tuple[Addresses, ...]:
    """The addresses that the tool may hold of a row of `with_held`, which no other record needs."""
    return tuple(Addresses(one["email"], one["phone"]) for one in row["held"] or ()) if "held" in row else ()


def _addressed(frame: DataFrame) -> DataFrame:
    return frame.withColumns({name: F.get_json_object("payload", f"$.{name}") for name in ADDRESSES})


def _may_hold(row: Mapping[str, object]) -> bool:
    said = row["email"] is not None or row["phone"] is not None
    return said and row["outcome"] in ("acknowledged", "failed")


def _key(row: Mapping[str, object]) -> Key:
    return tuple(row[name] for name in RECORD)
