"""`habitue catalogue`: pages and a JSON about every table and column of a retailer's lake."""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, fields
from datetime import date

from pyspark.sql import functions as F

from lakehouse.delta import NOT_THERE, Lakehouse
from lakehouse.lineage import ColumnName
from lakehouse.nights import last_started
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from orchestration.lineage import lineage_of
from orchestration.retailer import Retailer, load_retailer
from orchestration.tables import all_tables
from pipelines.canonical import ENTITIES
from quality.critical import DIMENSIONS
from quality.gates import rules_for
from quality.measurements import MEASUREMENTS, Figure
from quality.rule_check import is_gated
from report.catalogue import Contents, write_catalogue


def write(asked: argparse.Namespace) -> int:
    """Write the catalogue; with a lake it also tells rows and what the last night measured."""
    retailer = load_retailer(asked.retailer)
    known = _last_night(asked, retailer) if asked.lake else LastNight()
    contents = contents_of(retailer, known)
    index = write_catalogue(contents, asked.out)
    facts = {"index": str(index), "json": str(asked.out / "catalogue.json"), "tables": len(contents.tables)}
    print(json.dumps(facts) if asked.json else f"{len(contents.tables)} tables: {index}")
    return 0


@dataclass(frozen=True)
class LastNight:
    """What a lake tells of its last night: rows by table and figures by column; nothing without a lake."""

    night: date | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()


def contents_of(retailer: Retailer, known: LastNight | None = None) -> Contents:
    """What the catalogue of this retailer tells; tables of entities that no source is mapped to are left out."""
    known = known or LastNight()
    mapped = {entity for source in retailer.sources.values() for entity in source.entities}
    empty = {t.name for name, e in ENTITIES.items() if name not in mapped for t in (e.conformed, e.rejected)}
    tables = [table for table in all_tables(retailer) if table.name not in empty]
    rules = {table.name: rules_for(table, retailer.rules) for table in tables if is_gated(table)}
    own = {name: frozenset(r.as_rule().name for r in retailer.rules if r.table == name) for name in rules}
    return Contents(
        retailer.retailer,
        tables,
        lineage_of(retailer),
        rules,
        own_rules=own,
        owners={table.name: retailer.owner(table.name) for table in tables},
        rows=known.rows,
        measured=measured(known.figures),
        night=known.night.isoformat() if known.night else None,
    )


def measured(figures: Iterable[Figure]) -> dict[ColumnName, dict[str, str]]:
    """What was measured of each critical column, of each source, in words."""
    found: dict[ColumnName, dict[str, str]] = {}
    for figure in sorted(figures, key=astuple):
        said = f"{figure.value:.0f} d" if figure.measure == "freshness_days" else f"{figure.value:.1%}"
        what = f"{figure.measure.removesuffix('_days')} of {figure.source}"
        found.setdefault(ColumnName(figure.name, figure.part), {})[what] = said
    return found


def _last_night(asked: argparse.Namespace, retailer: Retailer) -> LastNight:
    # Here, as it brings Dagster with it, which a catalogue without a lake does not need.
    from orchestration.running import place_of

    lake = Lakehouse(place_of(asked).lake, spark_session(settings()))
    written = [table for table in all_tables(retailer) if lake.version(table) != NOT_THERE]
    night = last_started(lake) if written else None
    if night is None:
        return LastNight()
    of_columns = lake.read(MEASUREMENTS).where(F.col("measure").isin(*DIMENSIONS) & (F.col("night") == F.lit(night)))
    figures = tuple(Figure(*row) for row in of_columns.select(*(one.name for one in fields(Figure))).collect())
    return LastNight(night, {table.name: lake.rows(table) for table in written}, figures)
