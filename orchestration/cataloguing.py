"""`habitue catalogue`: pages and a JSON about every table and column of a retailer's lake."""

import argparse
import json

from lakehouse.delta import NOT_THERE, Lakehouse
from lakehouse.nights import last_started
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from orchestration.lineage import lineage_of
from orchestration.retailer import Retailer, load_retailer
from orchestration.tables import all_tables
from pipelines.canonical import ENTITIES
from quality.gates import rules_for
from quality.rule_check import UNGATED
from report.catalogue import Contents, write_catalogue


def write(asked: argparse.Namespace) -> int:
    """Write the catalogue; with a lake it also tells how many rows each table has."""
    retailer = load_retailer(asked.retailer)
    rows, night = _counted(asked, retailer) if asked.lake else ({}, None)
    contents = contents_of(retailer, rows=rows, night=night)
    index = write_catalogue(contents, asked.out)
    facts = {"index": str(index), "json": str(asked.out / "catalogue.json"), "tables": len(contents.tables)}
    print(json.dumps(facts) if asked.json else f"{len(contents.tables)} tables: {index}")
    return 0


def contents_of(retailer: Retailer, *, rows: dict[str, int], night: str | None) -> Contents:
    """What the catalogue of this retailer tells; tables of entities that no source is mapped to are left out."""
    mapped = {entity for source in retailer.sources.values() for entity in source.entities}
    empty = {t.name for name, e in ENTITIES.items() if name not in mapped for t in (e.conformed, e.rejected)}
    tables = [table for table in all_tables(retailer) if table.name not in empty]
    gated = [t for t in tables if not {t.layer, t.name} & set(UNGATED) and not t.name.endswith("_rejected")]
    rules = {table.name: rules_for(table, retailer.rules) for table in gated}
    own = {name: frozenset(r.as_rule().name for r in retailer.rules if r.table == name) for name in rules}
    return Contents(retailer.retailer, tables, lineage_of(retailer), rules, own_rules=own, rows=rows, night=night)


def _counted(asked: argparse.Namespace, retailer: Retailer) -> tuple[dict[str, int], str | None]:
    # Here, as it brings Dagster with it, which a catalogue without a lake does not need.
    from orchestration.running import place_of

    lake = Lakehouse(place_of(asked).lake, spark_session(settings()))
    written = [table for table in all_tables(retailer) if lake.version(table) != NOT_THERE]
    night = last_started(lake) if written else None
    return {table.name: lake.rows(table) for table in written}, night.isoformat() if night else None
