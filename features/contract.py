"""Subscriptions: the terms that orders sell or renew, and the cancellations that end them sooner.

A cancellation is an order of its own (kind `cancellation`), dated when notice was given: it names the first day of the
term that it ends and the day on which that now ends. So a night before the notice sees the term as it was agreed.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import counted, days_ahead, is_sale

CANCELLATION = "cancellation"
GRACE_DAYS = 7
"""So many days without a term are no end yet: renewals are dated on the day after, or entered late."""


def is_cancellation() -> Column:
    """Whether an order is the end of a subscription, not the sale of one."""
    return F.coalesce(F.col("kind") == CANCELLATION, F.lit(False))


def terms(told: Column) -> Column:
    """The terms that were sold, as an array of their first and last days; one that ended before it began is none.

    Reads: an array of what was told, each with starts, ends, event_at and is_cut; a notice ends what was sold until
           then with the same first day, and the newest counts.
    """

    def as_known(term: Column) -> Column:
        notices = F.filter(
            told,
            lambda other: (
                other["is_cut"] & (other["starts"] == term["starts"]) & (other["event_at"] >= term["event_at"])
            ),
        )
        newest = F.array_max(F.transform(notices, lambda notice: F.struct(notice["event_at"], notice["ends"])))
        return F.struct(term["starts"].alias("starts"), F.coalesce(newest["ends"], term["ends"]).alias("ends"))

    sold = F.filter(told, lambda term: ~term["is_cut"])
    return F.filter(F.transform(sold, as_known), lambda term: term["ends"] >= term["starts"])


def days_to_end() -> Column:
    """Days to the last day of the subscription that runs, as the night knows it; in days of grace below 0, then null.

    Units: of several that which ends last.
    """
    starts, ends, is_cut = days_ahead("contract_starts_on"), days_ahead("contract_ends_on"), is_cancellation()
    may_run = is_sale() & (starts <= 0) & ends.isNotNull()
    told = F.struct(starts.alias("starts"), ends.alias("ends"), "event_at", is_cut.alias("is_cut"))
    known = F.collect_list(F.when(may_run | (is_cut & starts.isNotNull() & ends.isNotNull()), told))
    last = F.array_max(F.transform(terms(known), lambda term: term["ends"]))
    return F.when(last >= -GRACE_DAYS, last)


def begun_or_renewed() -> Column:
    """How many orders sold a term."""
    return counted(F.col("contract_ends_on").isNotNull() & is_sale())
