"""Who is who as Dagster shows it: figures of the night beside the tables that they are about."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import dagster as dg

from orchestration.assets.gate_check import markdown_table
from orchestration.assets.step import Told
from orchestration.night import NightRun
from pipelines import tables
from pipelines.identity.blocking import KeyYield
from pipelines.identity.figures import IdentityFigures, SourceFigures
from pipelines.identity.suspicion import REASONS

BLOCKING = "pairs by key, and what was too frequent"
BAR = 10
"""Characters of the longest bar of a histogram."""


def identity_metadata(run: NightRun) -> Told:
    """Metadata by table name; nothing where the figures were not counted in this run."""
    found = run.record.who_is_who
    return {} if found is None else _metadata(found)


def _metadata(found: IdentityFigures) -> Told:
    """All figures beside the households, which this step makes; and again beside the tables that they are about.

    What is told of a table that another step made is an observation, which Dagster shows among its events alone.
    """
    reasons = [(REASONS[reason], customers) for reason, customers in found.reasons]
    suspicious = {
        "suspicious customers": found.suspicious,
        "that fall apart cleanly": found.splits,
        "reasons": markdown_table(("reason", "customers"), reasons),
    }
    events = {"events of the night": markdown_table(("event", "ids", "records"), found.events)}
    links = {
        "people": found.people,
        "records per person": markdown_table(("records", "people"), found.records_per_person),
        "links by kind of evidence": markdown_table(("evidence", "records"), found.evidence),
        "sources that overlap": _overlap(found.sources),
    }
    homes = {
        "households": sum(count for _, count in found.people_per_household),
        "people per household": markdown_table(("people", "households"), found.people_per_household),
    }
    pairs = _pairs(found)
    return {
        tables.IDENTITY_LINKS.name: links,
        tables.IDENTITY_EVENTS.name: events,
        tables.IDENTITY_PAIRS.name: pairs,
        tables.HOUSEHOLDS.name: links | homes | events | pairs,
        tables.SUSPICIOUS_CLUSTERS.name: suspicious,
    }


def _pairs(found: IdentityFigures) -> dict[str, Any]:
    """The histogram of match weights with its cut, and what each key gave."""
    most = max((pairs for _, pairs in found.weights), default=0)
    drawn = [(bits, pairs, "█" * ceil(BAR * pairs / most)) for bits, pairs in found.weights]
    cut = {} if found.cut is None else {"cut (bits)": round(found.cut, 2)}
    return {
        "match weights": markdown_table(("bits", "pairs", ""), drawn),
        BLOCKING: _blocking(found.blocking),
        **cut,
    }


def _blocking(keys: Sequence[KeyYield]) -> dg.MetadataValue[Any]:
    """What each key gave and left out: values that too many records share to compare all of them."""
    return markdown_table(
        ("key", "pairs", "values left out", "their pairs", "largest group compared"),
        [(key.key, key.pairs, key.blocks_left_out, key.pairs_left_out, key.largest) for key in keys],
    )


def _overlap(sources: Sequence[SourceFigures]) -> dg.MetadataValue[Any]:
    """How many people of the source in a line are known to the source in a column."""
    names = [source.source for source in sources]
    return markdown_table(
        ("people of", "in all", *(f"also in {name}" for name in names)),
        [(line.source, line.people, *(dict(line.also_in).get(name, 0) for name in names)) for line in sources],
    )
