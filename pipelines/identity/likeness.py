"""How alike two people are: for every pair the level that each comparison reaches. DuckDB SQL of Splink's settings.

Splink itself keeps levels only together with the compared values; here the levels alone are kept, as small numbers.
"""

from collections.abc import Collection
from typing import Any

import duckdb

from pipelines.identity.comparisons import settings

MISSING = -1
"""The level of a pair of which one has no value."""


def compare(engine: duckdb.DuckDBPyConnection, columns: Collection[str], *, pairs: str, into: str) -> None:
    """Make the table `into`: l, r, pairing, and gamma_<comparison> for each comparison of the columns.

    Grain: one row per row of the table `pairs` (l, r: ids of people).
    Units: gamma counts levels from the least alike (0) up, MISSING without a value; pairing is a row of `pairings`.
    """
    chosen = settings(columns).create_settings_dict("duckdb")
    # A comparison reads columns beside its own, which may be empty: first looks for a name among the rest.
    every = [row[0] for row in engine.execute("select column_name from (describe people)").fetchall()]
    compared = [name for name in every if name not in ("id", "record_key", "source")]
    sides = ", ".join(f"x.{name} as {name}_l, y.{name} as {name}_r" for name in compared)
    levels = ", ".join(_gamma(comparison) for comparison in chosen["comparisons"])
    engine.execute(
        f"create or replace temp table {into} as"
        f" with sides as (select l, r, least(p.number, q.number) * 1000 + greatest(p.number, q.number) as pairing,"
        f" {sides} from {pairs} join people x on x.id = l join people y on y.id = r"
        f" join sources p on p.source = x.source join sources q on q.source = y.source)"
        f" select l, r, cast(pairing as integer) as pairing, {levels} from sides"
    )


def name_sources(engine: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `sources` and `pairings` of the table `people`.

    Grain: one row per source: source, number, people; one per two sources: pairing, name, pairs (all that there are).
    """
    engine.execute(SOURCES)
    engine.execute(PAIRINGS)


SOURCES = """
create or replace temp table sources as
select source, row_number() over (order by source) - 1 as number, count(*) as people from people group by source
"""
PAIRINGS = """
create or replace temp table pairings as
select cast(x.number * 1000 + y.number as integer) as pairing, x.source || ' ' || y.source as name,
    if(x.number = y.number, x.people * (x.people - 1) / 2, x.people * y.people) as pairs
from sources x join sources y on x.number <= y.number
order by pairing
"""


def _gamma(comparison: dict[str, Any]) -> str:
    levels = comparison["comparison_levels"]
    parts = []
    for place, level in enumerate(levels):
        number = MISSING if level.get("is_null_level") else len(levels) - 1 - place
        condition = level["sql_condition"]
        parts.append(f"else {number}" if condition == "ELSE" else f"when {condition} then {number}")
    return f"cast(case {' '.join(parts)} end as tinyint) as gamma_{comparison['output_column_name']}"
