"""Who is who in figures: what a person looks at on the morning after. Counts alone, never a row about a person."""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity.answers import log_odds
from pipelines.identity.blocking import KeyYield
from pipelines.identity.workbench import workbench

Counts = tuple[tuple[str, int], ...]
LIGHTEST, HEAVIEST = -10, 20
"""Match weights outside of these are counted at the ends."""


@dataclass(frozen=True)
class SourceFigures:
    """A source's person records, its people, and how many of these each source knows.

    Units: also_in counts people by source, the source itself among them.
    """

    source: str
    records: int
    people: int
    also_in: Counts


@dataclass(frozen=True)
class IdentityFigures:
    """The figures of one night.

    Units: records_per_person and people_per_household are (number, how many have it); evidence counts records by kind
           of what ties them to others; events are (event, ids, records) of the night; weights are (bits, pairs), bits
           being a whole number of the base 2 logarithm of the odds, rounded down; cut is in bits, None without a model;
           suspicious counts customers by reason, splits those that fall apart cleanly; blocking is what each key of
           tonight's comparison gave and left out, empty where nothing was compared.
    """

    people: int
    sources: tuple[SourceFigures, ...]
    records_per_person: tuple[tuple[int, int], ...]
    evidence: Counts
    events: tuple[tuple[str, int, int], ...]
    weights: tuple[tuple[int, int], ...]
    cut: float | None
    people_per_household: tuple[tuple[int, int], ...]
    suspicious: int
    reasons: Counts
    splits: int
    blocking: tuple[KeyYield, ...] = ()


def identity_figures(
    links: pa.Table,
    events: pa.Table,
    pairs: pa.Table,
    households: pa.Table,
    suspicious: pa.Table,
    *,
    cut: float | None = None,
) -> IdentityFigures:
    """The figures of a night.

    Reads: tables as unified.identity_links, .identity_events (of the night), .identity_pairs, .households and
           .suspicious_clusters (of the night) hold them; cut is a mean probability.
    """
    tables = {"links": links, "events": events, "pairs": pairs, "households": households, "suspicious": suspicious}
    with workbench() as engine:
        for name, table in tables.items():
            engine.register(name, table)
        engine.execute(KNOWN)
        people, suspected, splits = engine.execute(TOTALS).fetchall()[0]
        return IdentityFigures(
            people=people,
            sources=_sources(engine),
            records_per_person=_rows(engine, RECORDS_PER_PERSON),
            evidence=_rows(engine, EVIDENCE),
            events=_rows(engine, EVENTS),
            weights=_rows(engine, WEIGHTS),
            cut=_bits(cut),
            people_per_household=_rows(engine, PEOPLE_PER_HOUSEHOLD),
            suspicious=suspected,
            reasons=_rows(engine, REASONS),
            splits=splits,
        )


def _sources(engine: duckdb.DuckDBPyConnection) -> tuple[SourceFigures, ...]:
    shared: dict[str, list[tuple[str, int]]] = {}
    for source, other, people in engine.execute(OVERLAP).fetchall():
        shared.setdefault(source, []).append((other, people))
    return tuple(
        SourceFigures(source, records, people, also_in=tuple(shared[source]))
        for source, records, people in engine.execute(SOURCES).fetchall()
    )


def _bits(cut: float | None) -> float | None:
    """The match weight of a probability; None where there is none, or where it is certain."""
    return None if cut is None or not 0 < cut < 1 else float(log_odds(np.array([cut]))[0])


def _rows(engine: duckdb.DuckDBPyConnection, statement: str) -> Any:
    return tuple(engine.execute(statement).fetchall())


KNOWN = """
create temp table known as
select source, customer_id, count(*) as records from links where source is not null group by source, customer_id
"""
TOTALS = """
select (select count(distinct customer_id) from links), (select count(*) from suspicious),
    (select count(*) from suspicious where part is not null)
"""
SOURCES = "select source, sum(records)::bigint, count(*) from known group by source order by source"
OVERLAP = """
select x.source, y.source, count(*) from known x join known y using (customer_id) group by all order by all
"""
RECORDS_PER_PERSON = """
select records, count(*) from (select sum(records)::bigint as records from known group by customer_id)
group by records order by records
"""
EVIDENCE = """
select kind, count(*) as records from (select unnest(string_split(evidence, ',')) as kind from links)
group by kind order by records desc, kind
"""
EVENTS = """
select event, count(distinct customer_id), coalesce(sum(records_count), 0)::bigint
from events group by event order by event
"""
WEIGHTS = f"""
select greatest({LIGHTEST}, least({HEAVIEST}, floor(if(probability < 1,
        log2(probability / (1 - probability)), {HEAVIEST}))))::integer as bits, count(*)
from pairs where probability > 0 group by bits order by bits
"""
PEOPLE_PER_HOUSEHOLD = """
select people, count(*) from (select count(*) as people from households group by household_id)
group by people order by people
"""
REASONS = """
select reason, count(*) as customers from (select unnest(reasons) as reason from suspicious)
group by reason order by customers desc, reason
"""
