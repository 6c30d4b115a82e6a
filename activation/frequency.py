"""How often a customer was contacted on a channel of late: from the messages that tools report and from the ledger."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from activation.frames import as_living
from activation.settings import Activation, FrequencyCap

CONTACTED_SCHEMA = "customer_id string, channel string, day date, audience string"


def contacted(messages: DataFrame, deliveries: DataFrame, heirs: DataFrame, activation: Activation) -> DataFrame:
    """Every contact that is known of: a message that was sent, and a person who was put into an audience.

    Whoever was put into an audience and got a message on its channel that day or later was contacted once.

    Grain: customer_id, channel, day, audience (null for a message); one row per contact.
    Reads: messages: customer_id, channel, kind, event_at; deliveries: activation.deliveries as the night began; heirs:
           old_customer_id, customer_id of customers merged into another.
    """
    sent = messages.where("kind = 'sent' and customer_id is not null and channel is not null")
    seen = sent.select("customer_id", "channel", F.to_date("event_at").alias("day"))
    put = _put(deliveries, heirs, {name: audience.channel for name, audience in activation.audiences.items()})
    newest = seen.groupBy("customer_id", "channel").agg(F.max("day").alias("newest"))
    unheard = put.join(newest, ["customer_id", "channel"], "left").where("newest is null or newest < day")
    return seen.withColumn("audience", F.lit(None).cast("string")).unionByName(unheard.drop("newest"))


def capped(contacts: DataFrame, cap: FrequencyCap, *, channel: str, audience: str, night: date) -> DataFrame:
    """Customers who were contacted on the channel as often as the cap allows; being in this audience does not count.

    Grain: one row per customer_id.
    Reads: what `contacted` gives.
    """
    others = F.coalesce(F.col("audience") != audience, F.lit(True))
    recent = (F.col("day") > F.date_sub(F.lit(night), cap.days)) & (F.col("day") <= F.lit(night))
    counted = contacts.where((F.col("channel") == channel) & recent & others).groupBy("customer_id").count()
    return counted.where(F.col("count") >= cap.contacts).select("customer_id")


def _put(deliveries: DataFrame, heirs: DataFrame, channels: Mapping[str, str]) -> DataFrame:
    """Who was put into an audience that the retailer file still has, and when."""
    on = [F.when(F.col("name") == name, channel) for name, channel in channels.items()]
    added = deliveries.where("operation = 'add' and outcome = 'acknowledged'")
    return (
        as_living(added, heirs)
        .select(
            "customer_id",
            F.coalesce(F.lit(None).cast("string"), *on).alias("channel"),
            F.col("night").alias("day"),
            F.col("name").alias("audience"),
        )
        .where("channel is not null and customer_id is not null")
    )
