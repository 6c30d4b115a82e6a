"""Column lineage as Dagster takes it: of definitions, so that it is seen before any night, and of materialisations."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from lakehouse.lineage import ColumnName, Lineage
from orchestration.assets.keys import asset_key, table_name

KEY = "dagster/column_lineage"
"""Source: docs.dagster.io, Column-level lineage: metadata of a materialisation under this key."""


def with_lineage(made: Sequence[dg.AssetSpec], lineage: Lineage) -> list[dg.AssetSpec]:
    """The assets with the columns of other assets that each of their columns is made of."""
    return [asset.merge_attributes(metadata=_told(lineage, table_name(asset.key))) for asset in made]


def lineage_told(made: Sequence[dg.AssetSpec]) -> dict[str, dict[str, Any]]:
    """What the materialisation of each table tells of its columns, by the table's name."""
    return {table_name(asset.key): {KEY: asset.metadata[KEY]} if KEY in asset.metadata else {} for asset in made}


def _told(lineage: Lineage, table: str) -> Mapping[str, dg.TableColumnLineage]:
    names = [ColumnName(table, column) for column in lineage.tables.get(table, {})]
    found = {name.column: lineage.made_elsewhere(name) for name in names}
    deps = {
        column: [dg.TableColumnDep(asset_key(of.table), of.column) for of in sorted(columns)]
        for column, columns in found.items()
        if columns
    }
    return {KEY: dg.TableColumnLineage(deps)} if deps else {}
