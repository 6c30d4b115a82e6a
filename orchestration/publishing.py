"""publish, as every step calls it: with all rules of the table and the tables that they look into."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import date
from threading import Event

from pyspark.sql import DataFrame

from lakehouse.change import Change
from lakehouse.delta import Lakehouse
from lakehouse.table import Table, by_name
from orchestration.night import NightRun
from orchestration.retailer import Retailer
from orchestration.tables import all_tables
from quality.gates import rules_for
from quality.publish import Published, publish
from quality.rejects import Again


def publish_tonight(run: NightRun, table: Table, given: DataFrame | Change) -> Published:
    """The table as this night publishes it.

    Raises: GateBlocked before the write.
    """
    return publish_by_rules(run.lake, run.retailer, table, given, night=run.night)


def publish_together(works: Sequence[Callable[[], Published]], *, threads: int) -> Sequence[Published]:
    """What publishing several tables of one step gave, so many of them at the same time.

    Raises: GateBlocked of the first table that was stopped; those that had not begun by then stay as they were.
    """
    stopped = Event()
    with ThreadPoolExecutor(threads, thread_name_prefix="publish") as pool:
        begun = [pool.submit(_unless, stopped, work) for work in works]
        return [each.result() for each in begun]


def _unless(stopped: Event, work: Callable[[], Published]) -> Published:
    """What the work gave; works begin in their order, so the one that stopped the others is met before them."""
    if stopped.is_set():
        raise CancelledError
    is_done = False
    try:
        published = work()
        is_done = True
        return published
    finally:
        if not is_done:
            stopped.set()


def publish_by_rules(
    lake: Lakehouse,
    retailer: Retailer,
    table: Table,
    given: DataFrame | Change,
    *,
    night: date,
    rejected: Table | None = None,
    again: Again | None = None,
    unchanged: int = 0,
) -> Published:
    """The table, published by the built-in rules and those of the retailer file.

    Raises: GateBlocked before the write.
    """
    rules = rules_for(table, retailer.rules)
    others = by_name(all_tables(retailer)) if any(rule.other for rule in rules) else {}
    return publish(
        lake,
        table,
        given,
        rules=rules,
        night=night,
        rejected=rejected,
        again=again,
        others=others,
        unchanged=unchanged,
    )
