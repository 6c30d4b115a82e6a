"""The lineage of a whole lake: each folder tells what its tables are made of, here it is put together."""

from activation.lineage import activation_lineage, customer_view_of
from features import CUSTOMER_FEATURES
from features.lineage import LINEAGE as FEATURES
from lakehouse.lineage import Lineage, Way, Ways
from lakehouse.table import Table
from models.lineage import LINEAGE as MODELS
from models.tables import CUSTOMER_SCORES
from orchestration.retailer import Retailer
from orchestration.tables import fixed_tables
from pipelines.mapped_lineage import delivered_as, mapped_lineage
from pipelines.raw import FILES
from pipelines.tables import CUSTOMER_PROFILE
from pipelines.unified_lineage import LINEAGE as UNIFIED

ABOUT_NIGHTS = ("ops", "quality")
"""Layers about nights, files and figures, whose every column the lake makes itself; so it does those of raw.files."""
VIEW = customer_view_of(CUSTOMER_PROFILE, CUSTOMER_SCORES, CUSTOMER_FEATURES)


def lineage_of(retailer: Retailer | None) -> Lineage:
    """What every column of the retailer's lake is made of; without a retailer it ends at the conformed columns."""
    sources = retailer.sources if retailer else None
    currency = retailer.currency if retailer else "the retailer's currency"
    return Lineage(
        {
            **mapped_lineage(sources, currency=currency),
            **UNIFIED,
            **FEATURES,
            **MODELS,
            **activation_lineage(retailer, VIEW),
            **{table.name: made_by_the_lake(table) for table in fixed_tables() if _is_about_nights(table)},
        },
        called=delivered_as(sources or {}),
    )


def _is_about_nights(table: Table) -> bool:
    return table.layer in ABOUT_NIGHTS or table is FILES


def made_by_the_lake(table: Table) -> Ways:
    """Every column of a table that no other column goes into."""
    return {column.name: (Way(column.meaning),) for column in table.columns}
