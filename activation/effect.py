"""The effect of one audience, read from the tables: who was sent and who held out, and what each did after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from activation import lift
from activation.holdout import EVERYWHERE
from activation.lift import Array, Estimate

BEFORE_DAYS = 365
"""Days before the start whose spend foretells the spend after it."""
SEED = 1


@dataclass(frozen=True)
class Side:
    """Those who were sent, or those held out: how many, how many of them bought, and what they spent on average."""

    customers: int
    buyers: int
    spend: float

    @property
    def conversion(self) -> float:
        """Share of customers who bought; 0 where there is nobody."""
        return self.buyers / self.customers if self.customers else 0.0


@dataclass(frozen=True)
class ContactCost:
    """What a message on the audience's channel costs, and how many a customer of each side got within the days."""

    price: float
    sent: float
    held_out: float

    @property
    def per_customer(self) -> float:
        """What was spent on a customer who was sent beyond what was spent on one held out."""
        return self.price * (self.sent - self.held_out)


@dataclass(frozen=True)
class Lift:
    """What contact changed within `days` of each customer's start; the estimates are None where a side is empty.

    Units: shares from 0 to 1; spend net, per customer, in the retailer's currency; chance_of_sides and detectable as
           in lift.py; not_reached: of the sent side, those without an acknowledged delivery, who count all the same;
           left_out: customers by why they say nothing; cost is None where a contact has no price or none is known.
    """

    audience: str
    days: int
    night: date
    sent: Side
    held_out: Side
    conversion: Estimate | None
    spend: Estimate | None
    adjusted_spend: Estimate | None
    variance_foretold: float
    chance_of_sides: float
    detectable: float
    detectable_spend: float
    not_reached: int
    left_out: Mapping[str, int]
    cost: ContactCost | None = None

    @property
    def cost_per_buyer(self) -> Estimate | None:
        """What contacts cost per buyer whom they gained; None unless they surely gained some.

        Units: the interval is that of the conversion; those held out may have got messages of others on the channel.
        """
        gained, cost = self.conversion, self.cost
        if gained is None or cost is None or gained.low <= 0 or cost.per_customer < 0:
            return None
        if not (self.is_telling and self.is_as_drawn):
            return None
        return Estimate(*(cost.per_customer / share for share in (gained.difference, gained.high, gained.low)))

    @property
    def is_telling(self) -> bool:
        """Whether there are enough customers on both sides for the intervals to be trusted."""
        few = lift.FEW_BUYERS
        return all(min(side.buyers, side.customers - side.buyers) >= few for side in (self.sent, self.held_out))

    @property
    def is_as_drawn(self) -> bool:
        """Whether the two sides are as large as the draw makes them."""
        return self.chance_of_sides >= lift.SUSPICIOUS


@dataclass(frozen=True)
class Foreseen:
    """What sides of this size could show, before anything is sent.

    Units: rate: the share of both sides that bought in as many days before; detectable as lift.detectable_conversion.
    """

    days: int
    sent: int
    held_out: int
    rate: float
    detectable: float


def foreseen(
    members: DataFrame, orders: DataFrame, *, audience: str, days: int, night: date, timezone: str
) -> Foreseen:
    """What the decisions of a night could show `days` later, if as many buy as before.

    Reads: members: activation.audience_members of the night; orders: unified.orders.
    """
    placed = members.where((F.col("audience") == audience) & F.col("decision").isin("member", "held_out"))
    placed = placed.where(F.col("reason").isNull()).withColumn("start", F.date_sub(F.lit(night), days))
    bought = (
        _spent(placed, orders, days=days, timezone=timezone).where("has_bought").select("customer_id", "has_bought")
    )
    counts = placed.join(bought, "customer_id", "left").agg(
        F.count_if(F.col("decision") == "member"), F.count_if(F.col("decision") == "held_out"), F.count("has_bought")
    )
    sent, held_out, buyers = counts.collect()[0]
    rate = buyers / (sent + held_out) if sent + held_out else 0.0
    return Foreseen(days, sent, held_out, rate, lift.detectable_conversion(sent, held_out, rate=rate))


def customers(
    held: DataFrame,
    deliveries: DataFrame,
    orders: DataFrame,
    *,
    audience: str,
    days: int,
    night: date,
    timezone: str,
    messages: DataFrame | None = None,
) -> DataFrame:
    """What each customer with a side in the audience did before and after his start.

    The start is the night of the first acknowledged delivery; for a control, and for who was to be contacted and never
    was, the night of the draw: leaving those out would leave out only one side's.

    Grain: one row per customer_id: arm, share, is_reached, why (he says nothing yet or never; null for the rest),
           has_bought, spend, spend_before, contacts.
    Reads: held: what `holdout.sides` gives; deliveries with customers as they are now; orders: unified.orders;
           messages: unified.messages of the audience's channel, None where nobody asks for contacts.
    """
    mine = held.where(F.col("audience") == audience)
    acknowledged = (F.col("name") == audience) & (F.col("outcome") == "acknowledged") & (F.col("operation") != "remove")
    first = deliveries.where(acknowledged).groupBy("customer_id").agg(F.min("night").alias("first_night"))
    out = F.when((F.col("audience") == EVERYWHERE) & (F.col("arm") == "held_out"), True)
    globally = held.where(out).select("customer_id", F.lit(True).alias("is_global"))
    placed = mine.join(first, "customer_id", "left").join(globally, "customer_id", "left")
    start = F.when(F.col("arm") == "contacted", F.coalesce("first_night", "since")).otherwise(F.col("since"))
    placed = placed.withColumn("start", start).withColumn("why", _why(days, night))
    known = placed.join(_spent(placed, orders, days=days, timezone=timezone), "customer_id", "left")
    return _with_contacts(known, messages, days=days, timezone=timezone).select(
        "customer_id",
        "arm",
        "share",
        F.col("first_night").isNotNull().alias("is_reached"),
        "why",
        F.coalesce("has_bought", F.lit(False)).alias("has_bought"),
        *(F.coalesce(amount, F.lit(0.0)).alias(amount) for amount in ("spend", "spend_before")),
        "contacts",
    )


def measured(
    seen: pa.Table, *, audience: str, days: int, night: date, share: float, price: float | None = None
) -> Lift:
    """The effect that these customers show.

    Reads: seen: what `customers` gives; share: the share to be held out, for who was drawn before it was kept.
    Units: price of a contact, None where the retailer file tells none.
    """
    told = seen.filter(pa.compute.is_null(seen["why"]))
    is_sent = np.array([arm == "contacted" for arm in told["arm"].to_pylist()], dtype=bool)
    bought, spend, before = (told[name].to_numpy().astype(float) for name in ("has_bought", "spend", "spend_before"))
    drawn = [share if one is None else one for one in told["share"].to_pylist()]
    sent, held_out = (_side(bought[of], spend[of]) for of in (is_sent, ~is_sent))
    plain, adjusted, foretold = _estimates(*((spend[of], before[of]) for of in (is_sent, ~is_sent)))
    reached = told["is_reached"].to_numpy(zero_copy_only=False).astype(bool)
    base = (held_out if held_out.customers else sent).conversion
    return Lift(
        audience=audience,
        days=days,
        night=night,
        sent=sent,
        held_out=held_out,
        conversion=_conversion(sent, held_out),
        spend=plain,
        adjusted_spend=adjusted,
        variance_foretold=foretold,
        chance_of_sides=lift.sample_ratio(sent.customers, held_out.customers, shares=drawn),
        detectable=lift.detectable_conversion(sent.customers, held_out.customers, rate=base),
        detectable_spend=lift.detectable_spend(spend[is_sent], spend[~is_sent]),
        not_reached=int((is_sent & ~reached).sum()),
        left_out=_left_out(seen),
        cost=_cost(told, is_sent, price),
    )


def _why(days: int, night: date) -> Column:
    """Why a customer says nothing: a night knows what happened until its own 00:00."""
    return (
        F.when(F.col("changed_on").isNotNull(), "changed_sides")
        .when(F.col("is_global"), "global_holdout")
        .when((F.col("arm") == "held_out") & F.col("first_night").isNotNull(), "changed_sides")
        .when(F.date_add("start", days) > F.lit(night), "window_not_over")
    )


def _spent(placed: DataFrame, orders: DataFrame, *, days: int, timezone: str) -> DataFrame:
    """Net spend and whether anything was bought in the window, and net spend before it, by customer."""
    day = F.to_date(F.from_utc_timestamp("event_at", timezone))
    rows = placed.select("customer_id", "start").join(orders.withColumn("day", day), "customer_id")
    after = F.datediff("day", "start")
    within = (after >= 0) & (after < days)
    is_sale = F.coalesce(F.col("kind"), F.lit("sale")) == "sale"
    amount = F.coalesce(F.col("order_amount").cast("double"), F.lit(0.0))
    return rows.groupBy("customer_id").agg(
        F.bool_or(within & is_sale).alias("has_bought"),
        F.sum(F.when(within, amount)).alias("spend"),
        F.sum(F.when((after < 0) & (after >= -BEFORE_DAYS), amount)).alias("spend_before"),
    )


def _with_contacts(placed: DataFrame, messages: DataFrame | None, *, days: int, timezone: str) -> DataFrame:
    """The rows with how many messages each customer was sent in the window; null where messages are not asked."""
    if messages is None:
        return placed.withColumn("contacts", F.lit(None).cast("bigint"))
    day = F.to_date(F.from_utc_timestamp("event_at", timezone))
    sent = messages.where("kind = 'sent'").select("customer_id", day.alias("day"))
    after = F.datediff("day", "start")
    within = placed.select("customer_id", "start").join(sent, "customer_id").where((after >= 0) & (after < days))
    counted = within.groupBy("customer_id").agg(F.count("*").alias("contacts"))
    return placed.join(counted, "customer_id", "left").fillna(0, "contacts")


def _cost(told: pa.Table, is_sent: Array, price: float | None) -> ContactCost | None:
    """None without a price, and where nobody who was to be sent is known to have got a message."""
    if price is None:
        return None
    contacts = np.nan_to_num(told["contacts"].to_numpy().astype(float))
    sides = (contacts[is_sent], contacts[np.logical_not(is_sent)])
    sent, held_out = (float(side.mean()) if len(side) else 0.0 for side in sides)
    return ContactCost(price, sent, held_out) if sent else None


def _side(bought: Array, spend: Array) -> Side:
    return Side(len(bought), int(bought.sum()), float(spend.mean()) if len(spend) else 0.0)


def _estimates(
    sent: tuple[Array, Array], held_out: tuple[Array, Array]
) -> tuple[Estimate | None, Estimate | None, float]:
    """Of spend, of spend less what spend before foretold, and how much of the variance that was."""
    if not (len(sent[0]) and len(held_out[0])):
        return None, None, 0.0
    adjusted, foretold = lift.adjusted_spend_difference(sent, held_out, seed=SEED)
    return lift.spend_difference(sent[0], held_out[0], seed=SEED), adjusted, foretold


def _conversion(sent: Side, held_out: Side) -> Estimate | None:
    if not (sent.customers and held_out.customers):
        return None
    return lift.conversion_difference((sent.buyers, held_out.buyers), (sent.customers, held_out.customers))


def _left_out(seen: pa.Table) -> dict[str, int]:
    counted = pa.compute.value_counts(seen["why"].drop_null()).to_pylist()
    return {one["values"]: one["counts"] for one in sorted(counted, key=lambda one: str(one["values"]))}
