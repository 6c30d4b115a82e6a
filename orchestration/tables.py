"""Every table of a lake: each folder declares its own, here they are put together."""

from typing import TYPE_CHECKING

from activation.tables import TABLES as ACTIVATION
from features import TABLES as FEATURES
from lakehouse.nights import NIGHTS, NIGHTS_ENDED
from lakehouse.table import Table, by_name
from models.tables import TABLES as MODELS
from pipelines.canonical import ENTITIES
from pipelines.raw import FILES, raw_table
from pipelines.reconciliation import RECONCILIATION
from pipelines.tables import TABLES as UNIFIED
from quality.accepted import ACCEPTED
from quality.measurements import MEASUREMENTS

if TYPE_CHECKING:
    from orchestration.retailer import Retailer


def fixed_tables() -> tuple[Table, ...]:
    """The tables that every lake may have, whoever the retailer is."""
    conformed = [table for entity in ENTITIES.values() for table in (entity.conformed, entity.rejected)]
    return (
        NIGHTS,
        NIGHTS_ENDED,
        ACCEPTED,
        MEASUREMENTS,
        FILES,
        RECONCILIATION,
        *conformed,
        *UNIFIED,
        *FEATURES,
        *MODELS,
        *ACTIVATION,
    )


def all_tables(retailer: "Retailer") -> tuple[Table, ...]:
    """The tables of this retailer's lake, its raw deliveries included."""
    raw = [raw_table(name, delivery) for name, source in retailer.sources.items() for delivery in source.deliveries]
    tables = (*raw, *fixed_tables())
    by_name(tables)
    return tables
