"""publish, as every step of a night calls it: with all rules of the table and the tables that they look into."""

from pyspark.sql import DataFrame

from lakehouse.table import Table, by_name
from orchestration.night import NightRun
from orchestration.tables import all_tables
from quality.gates import rules_for
from quality.publish import Published, publish


def publish_tonight(
    run: NightRun, table: Table, frame: DataFrame, *, rejected: Table | None = None, gone: DataFrame | None = None
) -> Published:
    """The table as this night publishes it.

    Raises: GateBlocked before the write.
    """
    rules = rules_for(table, run.retailer.rules)
    others = by_name(all_tables(run.retailer)) if any(rule.other for rule in rules) else {}
    return publish(run.lake, table, frame, rules=rules, night=run.night, rejected=rejected, gone=gone, others=others)
