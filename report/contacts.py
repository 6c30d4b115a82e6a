"""What contacting customers cost: the messages that tools sent, at the prices of the retailer file.

A contact is a message of kind `sent` in unified.messages, whoever chose its receivers. What this product delivers is
none: who is put into an audience was not written to by that and may get no message or five, and the months before the
first score, which those since are held against, have no deliveries at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

NOT_TOLD = "not told"


@dataclass(frozen=True)
class Contacts:
    """Contacts on channels that have a price, and from which to which month they are known.

    Shape: monthly is customer_id, month, contacts, cost; unpriced are the other channels that messages were sent on.
    Units: months are counted from year 0; where no contact is known, first lies after newest.
    """

    monthly: DataFrame
    first: int
    newest: int
    unpriced: tuple[str, ...] = ()

    def are_known(self, begins: int, months: int) -> bool:
        """Whether so many months from this one on lie within what is known."""
        return self.first <= begins and begins + months - 1 <= self.newest


@dataclass(frozen=True)
class Cost:
    """What the contacts of some customers cost in the retailer's currency, and how many of these ordered again."""

    contacts: int
    amount: float
    again: int

    @property
    def of_contact(self) -> float | None:
        """The mean price of a contact; None where nobody was contacted."""
        return self.amount / self.contacts if self.contacts else None

    @property
    def of_return(self) -> float | None:
        """What contacts cost per customer who ordered again, whatever brought him; None where nobody did."""
        return self.amount / self.again if self.again else None


def month_of(moment: str) -> Column:
    """The month of a moment (UTC), counted from year 0."""
    return F.year(moment) * 12 + F.month(moment) - 1


def contacts(messages: DataFrame, prices: Mapping[str, float], night: date) -> Contacts | None:
    """The contacts before the night; None where no channel has a price.

    Reads: customer_id, event_at, kind and channel of unified.messages. A message without a channel has no price; one
           to nobody who is known tells only that the month is.
    """
    if not prices:
        return None
    sent = messages.where("kind = 'sent'").where(F.col("event_at") < F.lit(night))
    sent = sent.withColumn("month", month_of("event_at")).fillna(NOT_TOLD, "channel")
    told = sent.groupBy("channel").agg(F.min("month").alias("first"), F.max("month").alias("newest")).collect()
    known = [row for row in told if row["channel"] in prices]
    first, newest = min((row["first"] for row in known), default=0), max((row["newest"] for row in known), default=-1)
    cost = F.coalesce(*(F.when(F.col("channel") == name, F.lit(price)) for name, price in prices.items()))
    paid = sent.withColumn("cost", cost).where("cost is not null and customer_id is not null")
    monthly = paid.groupBy("customer_id", "month").agg(F.count("*").alias("contacts"), F.sum("cost").alias("cost"))
    return Contacts(monthly, first, newest, tuple(sorted({row["channel"] for row in told} - prices.keys())))
