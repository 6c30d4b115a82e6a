"""Subscriptions: the terms that orders sell or renew, and the cancellations that end them sooner.

A cancellation is an order of its own (kind `cancellation`), dated when notice was given: it names the first day of the
term that it ends and the day on which that now ends. So a night before the notice sees the term as it was agreed.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import counted, days_ahead

CANCELLATION = "cancellation"
GRACE_DAYS = 7
"""So many days without a term are no end yet: renewals are dated on the day after, or entered late."""


def is_cancellation() -> Column:
    """Whether an order is the end of a subscription, not the sale of one."""
    return F.coalesce(F.col("kind") == CANCELLATION, F.lit(False))


def days_to_end() -> Column:
    """Days to the last day of the subscription that runs, as the night knows it; in days of grace below 0, then null.

    Units: of several that which ends last.
    """
    left, ends_here = days_ahead("contract_ends_on"), is_cancellation()
    may_run = (days_ahead("contract_starts_on") <= 0) & (left >= -GRACE_DAYS)
    told = F.struct("contract_starts_on", ends_here.alias("ends_here"), "event_at", left.alias("left"))
    terms = F.collect_list(F.when(may_run | (ends_here & left.isNotNull()), told))
    sold = F.filter(terms, lambda term: ~term["ends_here"])

    def as_known(term: Column) -> Column:
        notices = F.filter(
            terms,
            lambda other: (
                other["ends_here"]
                & (other["contract_starts_on"] == term["contract_starts_on"])
                & (other["event_at"] >= term["event_at"])
            ),
        )
        newest = F.array_max(F.transform(notices, lambda notice: F.struct(notice["event_at"], notice["left"])))
        return F.coalesce(newest["left"], term["left"])

    last = F.array_max(F.transform(sold, as_known))
    return F.when(last >= -GRACE_DAYS, last)


def begun_or_renewed() -> Column:
    """How many orders sold a term."""
    return counted(F.col("contract_ends_on").isNotNull() & ~is_cancellation())
