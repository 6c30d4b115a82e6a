"""The figure that each model should move, month by month, before anything was sent with its scores and since.

Counted in Spark from orders, and from messages what contacts cost; only sums per month leave it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from activation.tables import AUDIENCE_MEMBERS, DELIVERIES
from features.feature_group import is_sale
from lakehouse.delta import Lakehouse
from models.tables import CUSTOMER_SCORES
from report.contacts import Contacts, Cost, month_of

AFTER = 3
"""Calendar months in which customers of a month may come again: about the 90 days that churn looks ahead."""
BEFORE = {"churn": 3, "lifetime_value": 12}
"""Calendar months before, in which a customer must have ordered; of value, by whose spend the top fifth is found."""
SHOWN = 24
TOP_FIFTH = 0.8


@dataclass(frozen=True)
class Month:
    """What became of the customers of one month in the three calendar months that begin with it.

    Units: share_again of them ordered again; kept is their net spend over that of the three months before, of the top
           fifth (lifetime_value) over that of everybody; None where nothing was spent. spend is per customer. cost is
           that of contacting them in those months; None where contacts are not known in all of them, or have no price.
    """

    begins: date
    customers: int
    share_again: float
    kept: float | None
    spend: float
    cost: Cost | None = None


@dataclass(frozen=True)
class Coverage:
    """Customers of a night: how many have a score, and how many of those were members or were sent and acknowledged."""

    customers: int = 0
    scored: int = 0
    members: int = 0
    acknowledged: int = 0


def started(lake: Lakehouse) -> date | None:
    """The first night whose scores a destination acknowledged: before it no score can have moved anything."""
    sent = lake.read(DELIVERIES).where("outcome = 'acknowledged' and operation != 'remove'")
    found: date | None = sent.agg(F.min("night")).collect()[0][0]
    return found


def coverage(lake: Lakehouse, night: date) -> Coverage:
    """Who has a score on the night, and whose score was used."""

    def tonight(table: DataFrame) -> DataFrame:
        return table.where(F.col("night") == F.lit(night))

    scores = tonight(lake.read(CUSTOMER_SCORES)).select("customer_id", F.col("no_score_reason").isNull().alias("has"))
    members = tonight(lake.read(AUDIENCE_MEMBERS)).where("decision = 'member'").select("customer_id").distinct()
    sent = tonight(lake.read(DELIVERIES)).where("outcome = 'acknowledged' and operation != 'remove'")
    known = scores.join(members.withColumn("member", F.lit(1)), "customer_id", "left")
    known = known.join(sent.select("customer_id").distinct().withColumn("sent", F.lit(1)), "customer_id", "left")
    counted = ("count(*)", "count_if(has)", "count_if(has and member = 1)", "count_if(has and sent = 1)")
    return Coverage(*known.agg(*(F.expr(one) for one in counted)).collect()[0])


def course(orders: DataFrame, model: str, night: date, contacts: Contacts | None = None) -> tuple[Month, ...]:
    """The months whose customers and whose next three months are both complete, the newest SHOWN of them.

    Reads: customer_id, event_at, kind and order_amount of unified.orders before the night; months are those of UTC;
           contacts: what report.contacts gives.
    """
    look = BEFORE[model]
    known = orders.where("customer_id is not null").where(F.col("event_at") < F.lit(night))
    sales = F.count_if(is_sale()).alias("sales")
    amount = F.sum(F.col("order_amount").cast("double")).alias("amount")
    monthly = known.groupBy("customer_id", month_of("event_at").alias("month")).agg(sales, amount)
    bounds = monthly.agg(F.min("month").alias("first"), F.max("month").alias("newest")).collect()[0]
    if bounds["first"] is None:
        return ()
    first, last = bounds["first"] + look, _now(night, bounds["newest"]) - AFTER
    told = _with(contacts, monthly).withColumn(
        "at", F.explode(F.sequence(F.col("month") - AFTER + 1, F.col("month") + look))
    )
    told = told.where(F.col("at").between(max(first, last - SHOWN + 1), last))
    rows = _of_customers(told, is_top=model == "lifetime_value").orderBy("at").collect()
    return tuple(_month(row.asDict(), contacts, is_top=model == "lifetime_value") for row in rows)


def mean(months: Sequence[Month], *, of: str) -> float | None:
    """The mean of a figure over months, weighted by their customers; None without any."""
    known = [(getattr(month, of), month.customers) for month in months if getattr(month, of) is not None]
    total = sum(customers for _, customers in known)
    return sum(value * customers for value, customers in known) / total if total else None


def cost(months: Iterable[Month]) -> Cost | None:
    """What contacts cost over months, a contact once for every month that tells of it; None where none does."""
    known = [month.cost for month in months if month.cost is not None]
    if not known:
        return None
    return Cost(*(sum(getattr(one, name) for one in known) for name in ("contacts", "amount", "again")))


def parted(months: Iterable[Month], start: date | None) -> tuple[tuple[Month, ...], tuple[Month, ...]]:
    """The twelve months before the start, and those since: a month counts as before if all of it is over by then."""
    held = tuple(months)
    before = tuple(month for month in held if start is None or _over(month) <= start)
    return before[-12:], held[len(before) :]


def _now(night: date, newest: int) -> int:
    """The month that is not over; orders that ended more than a month ago ended in it: later nobody could come."""
    now = night.year * 12 + night.month - 1
    return now if newest >= now - 1 else newest


def _over(month: Month) -> date:
    """The day after the last of the months in which its customers may come again."""
    number = month.begins.year * 12 + month.begins.month - 1 + AFTER
    return date(number // 12, number % 12 + 1, 1)


def _with(contacts: Contacts | None, monthly: DataFrame) -> DataFrame:
    """The months of the customers with what contacting them cost."""
    if contacts is None:
        return monthly.withColumns({"contacts": F.lit(0), "cost": F.lit(0.0)})
    return monthly.unionByName(contacts.monthly, allowMissingColumns=True)


def _of_customers(told: DataFrame, *, is_top: bool) -> DataFrame:
    """Sums by month over the customers who had ordered before it; of the top fifth by spend where asked."""
    was, again = F.col("month") < F.col("at"), F.col("month") >= F.col("at")
    each = told.groupBy("at", "customer_id").agg(
        F.sum(F.when(was, F.col("sales"))).alias("had"),
        F.sum(F.when(again, F.col("sales"))).alias("came"),
        F.coalesce(F.sum(F.when(was, F.col("amount"))), F.lit(0.0)).alias("before"),
        F.coalesce(F.sum(F.when(again, F.col("amount"))), F.lit(0.0)).alias("after"),
        F.sum(F.when(again, F.col("contacts"))).alias("contacts"),
        F.sum(F.when(again, F.col("cost"))).alias("cost"),
    )
    each = each.where("had > 0")
    if is_top:
        edges = each.groupBy("at").agg(
            F.percentile_approx("before", F.lit(TOP_FIFTH)).alias("edge"), F.sum("after").alias("total")
        )
        each = each.join(F.broadcast(edges), "at").where("before >= edge")
    else:
        each = each.withColumn("total", F.lit(0.0))
    return each.groupBy("at").agg(
        F.count("*").alias("customers"), F.expr("count_if(came > 0)").alias("again"), F.sum("before").alias("before"),
        F.sum("after").alias("after"), F.max("total").alias("total"),
        F.coalesce(F.sum("contacts"), F.lit(0)).alias("contacts"), F.coalesce(F.sum("cost"), F.lit(0.0)).alias("cost"),
    )  # fmt: skip


def _month(row: dict[str, float], contacts: Contacts | None, *, is_top: bool) -> Month:
    at, customers, over = int(row["at"]), int(row["customers"]), row["total"] if is_top else row["before"]
    kept = row["after"] / over if over > 0 else None
    is_known = contacts is not None and contacts.are_known(at, AFTER)
    paid = Cost(int(row["contacts"]), row["cost"], int(row["again"])) if is_known else None
    begins = date(at // 12, at % 12 + 1, 1)
    return Month(begins, customers, row["again"] / customers, kept, row["after"] / customers, paid)
