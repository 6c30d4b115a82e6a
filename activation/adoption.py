"""How far scores were used: who of those put into audiences was written to, opened and clicked, from the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from activation.frames import as_living
from activation.lift import wilson
from activation.settings import Activation

DAYS = 30
"""Nights before tonight that are looked at."""
REACTIONS = ("opened", "clicked", "unsubscribed")
STEPS = ("messaged", *REACTIONS)


@dataclass(frozen=True)
class Part:
    """Some of `of` customers, their share and its 95 % interval.

    Units: shares from 0 to 1.
    """

    customers: int
    of: int

    @property
    def share(self) -> float:
        """The share of them."""
        return self.customers / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the share."""
        return wilson(self.customers, self.of)


@dataclass(frozen=True)
class Use:
    """What became of the customers put into an audience, or into any audience of a destination, in the last DAYS.

    Units: steps: `messaged` is a part of the customers, opened, clicked and unsubscribed are parts of those messaged;
           a step is absent where the tools tell nothing of it, or where nobody was messaged who could take it.
    """

    customers: int
    steps: Mapping[str, Part]


@dataclass(frozen=True)
class Contacts:
    """The messages on one channel in the last DAYS, and how many of them went to somebody in an audience of it then."""

    messages: int
    from_audiences: int


@dataclass(frozen=True)
class Adoption:
    """How far scores were used, by audience, destination and channel; nothing where nobody was ever put in."""

    audiences: Mapping[str, Use]
    destinations: Mapping[str, Use]
    contacts: Mapping[str, Contacts]


def adoption(
    messages: DataFrame,
    deliveries: DataFrame,
    heirs: DataFrame,
    activation: Activation,
    *,
    night: date,
    as_of: datetime,
    timezone: str,
) -> Adoption:
    """How far scores were used in the DAYS before the night.

    What this night itself sends does not count, so that its rerun tells the same. A message counts for an audience
    where the customer was in it on that day; what became of it is known by its message_id.

    Reads: messages: unified.messages; deliveries: activation.deliveries as the night began; heirs: old_customer_id,
           customer_id of customers merged into another.
    """
    placed = _placed(deliveries, activation).where(F.col("night") < F.lit(night))
    if placed.where("operation = 'add'").isEmpty():
        return Adoption({}, {}, {})
    since = night - timedelta(days=DAYS)
    stays, sent = _stays(placed, heirs), _sent(messages, since=since, as_of=as_of, timezone=timezone)
    told, contacts = _contacts(sent, stays)
    known = {name: told.get(audience.channel, frozenset()) for name, audience in activation.audiences.items()}
    seen = _seen(stays.where(F.col("day") >= F.lit(since)), sent)
    fed = {
        name: [known[one] for one, audience in activation.audiences.items() if audience.to == name]
        for name in seen["to"]
    }
    return Adoption(
        {name: _use(row, known[name]) for name, row in seen["name"].items()},
        {name: _use(row, frozenset.intersection(*fed[name])) for name, row in seen["to"].items()},
        contacts,
    )


def _placed(deliveries: DataFrame, activation: Activation) -> DataFrame:
    """Every time a destination took somebody into or out of an audience that the retailer file still has there."""
    on = [
        F.when((F.col("name") == name) & (F.col("destination") == audience.to), audience.channel)
        for name, audience in activation.audiences.items()
    ]
    taken = deliveries.where("outcome = 'acknowledged' and operation <> 'update'")
    return taken.withColumn("channel", F.coalesce(F.lit(None).cast("string"), *on)).where("channel is not null")


def _stays(placed: DataFrame, heirs: DataFrame) -> DataFrame:
    """From which day until before which (null: to this day) a customer's record was in an audience.

    Grain: one row per record and time that it was put in: member, way (channel), name, to, day, until.
    """
    record = Window.partitionBy("destination", "name", "record_key").orderBy("sequence")
    left = F.min(F.when(F.col("operation") == "remove", F.col("night")))
    until = left.over(record.rowsBetween(1, Window.unboundedFollowing))
    stays = placed.withColumn("until", until).where("operation = 'add' and customer_id is not null")
    whose = as_living(stays, heirs).withColumnsRenamed({"customer_id": "member", "channel": "way", "destination": "to"})
    return whose.select("member", "way", "name", "to", F.col("night").alias("day"), "until")


def _sent(messages: DataFrame, *, since: date, as_of: datetime, timezone: str) -> DataFrame:
    """The messages sent since a day.

    Grain: one row per message: customer_id (null where nobody is known), channel, sent_on, and of each of REACTIONS
           whether the tool told it.
    """
    day = F.to_date(F.from_utc_timestamp("event_at", timezone))
    known = messages.where(F.col("event_at") < F.lit(as_of)).withColumn("day", day).where(day >= F.lit(since))
    first = F.when(F.col("kind") == "sent", F.struct("day", "channel", "customer_id"))
    told = known.groupBy("source", "message_id").agg(
        F.min(first).alias("sent"), *(F.bool_or(F.col("kind") == kind).alias(kind) for kind in REACTIONS)
    )
    whose = ("sent.customer_id", "sent.channel", F.col("sent.day").alias("sent_on"))
    return told.where("sent.channel is not null").select("source", "message_id", *whose, *REACTIONS)


def _inside() -> Column:
    """Whether a message went to a member of an audience of its channel, on a day on which he was in it."""
    is_in = (F.col("day") <= F.col("sent_on")) & (F.col("until").isNull() | (F.col("sent_on") < F.col("until")))
    return (F.col("member") == F.col("customer_id")) & (F.col("way") == F.col("channel")) & is_in


def _contacts(sent: DataFrame, stays: DataFrame) -> tuple[dict[str, frozenset[str]], dict[str, Contacts]]:
    """Which of STEPS the tools tell of, and the messages, by channel.

    A reaction that no message of a channel has is not told there: a tool that reports none looks the same.
    """
    each = sent.join(stays, _inside(), "left").groupBy("channel", "source", "message_id")
    marked = each.agg(F.bool_or(F.col("member").isNotNull()).alias("is_ours"), *_ever())
    counts = [F.count("*").alias("messaged"), F.count_if("is_ours").alias("ours")]
    counts += [F.count_if(kind).alias(kind) for kind in REACTIONS]
    rows = {row["channel"]: row for row in marked.groupBy("channel").agg(*counts).orderBy("channel").collect()}
    told = {channel: frozenset(step for step in STEPS if row[step]) for channel, row in rows.items()}
    return told, {channel: Contacts(row["messaged"], row["ours"]) for channel, row in rows.items()}


def _seen(stays: DataFrame, sent: DataFrame) -> dict[str, dict[str, Row]]:
    """Customers and how many of them reached each of STEPS, by audience (`name`) and by destination (`to`)."""
    both = [F.struct(F.lit(sort).alias("sort"), F.col(sort).alias("called")) for sort in ("name", "to")]
    rows = stays.join(sent, _inside(), "left").withColumn("of", F.explode(F.array(*both)))
    each = rows.groupBy("of.sort", "of.called", "member")
    customers = each.agg(F.bool_or(F.col("sent_on").isNotNull()).alias("messaged"), *_ever())
    counts = (F.count("*").alias("customers"), *(F.count_if(step).alias(step) for step in STEPS))
    found: dict[str, dict[str, Row]] = {"name": {}, "to": {}}
    for row in customers.groupBy("sort", "called").agg(*counts).orderBy("called").collect():
        found[row["sort"]][row["called"]] = row
    return found


def _ever() -> list[Column]:
    return [F.bool_or(kind).alias(kind) for kind in REACTIONS]


def _use(row: Row, told: frozenset[str]) -> Use:
    of = {"messaged": row["customers"]} | dict.fromkeys(REACTIONS, row["messaged"])
    return Use(row["customers"], {step: Part(row[step], of[step]) for step in STEPS if step in told and of[step]})
