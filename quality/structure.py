"""Rules that follow from a table's contract."""

from lakehouse.table import Table
from quality.rules import Rule, not_null, unique


def structure_rules(table: Table) -> tuple[Rule, ...]:
    """Required columns are given and the key is unique; either stops the table."""
    given = tuple(not_null(column.name) for column in table.columns if column.required)
    return (*given, unique(*table.key)) if table.key else given
