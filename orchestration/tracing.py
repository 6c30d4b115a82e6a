"""`habitue lineage`: what a column is made of, back to the delivered columns, or who reads it."""

import argparse
import json

from lakehouse.errors import WrongCall
from lakehouse.lineage import ColumnName, Lineage
from lakehouse.names import nearest
from orchestration.lineage import lineage_of
from orchestration.retailer import load_retailer
from orchestration.tables import all_tables, fixed_tables
from report.lineage import as_facts, way_back, way_on


def trace(asked: argparse.Namespace) -> int:
    """Print the way of a column; needs neither lake nor Spark.

    Raises: WrongCall for a column that no table has.
    """
    retailer = load_retailer(asked.retailer) if asked.retailer else None
    lineage = lineage_of(retailer)
    name = wanted(lineage, asked.column)
    tables = all_tables(retailer) if retailer else fixed_tables()
    meanings = {ColumnName(table.name, column.name): column.meaning for table in tables for column in table.columns}
    if asked.json:
        print(json.dumps(as_facts(lineage, name, meanings)))
    else:
        print(way_on(lineage, name) if asked.forward else way_back(lineage, name, with_rows=asked.rows))
    return 0


def wanted(lineage: Lineage, text: str) -> ColumnName:
    """The column that is asked for.

    Raises: WrongCall with the nearest names.
    """
    found = lineage.find(text)
    if found:
        return found
    raise WrongCall(
        _unknown(lineage, text),
        where="habitue lineage",
        still_true="Nothing was read.",
        next_step="Type `habitue lineage scores.customer_scores.churn_probability`; docs/reference/tables.md has all.",
    )


def _unknown(lineage: Lineage, text: str) -> str:
    """What there is none of, with the nearest names."""
    for table in lineage.tables:
        for start in (f"{table}.", f"{lineage.label(table)}:"):
            if text.startswith(start):
                column = text.removeprefix(start).strip()
                return f"{lineage.label(table)} has no column {column}{nearest(column, lineage.tables[table])}"
    named_so = [str(name) for name in lineage if name.column == text]
    if named_so:
        return f"{text} names no table (did you mean {' or '.join(named_so[:3])}?)"
    asked = ".".join(text.split(".")[:2])
    return f"there is no table {asked}{nearest(asked, lineage.tables)}"
