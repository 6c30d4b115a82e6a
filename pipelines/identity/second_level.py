"""What follows from who is who: households, customers that may be two people, and the figures of the night."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from lakehouse.arrow import arrow_as_night_began, arrow_now
from lakehouse.change import Change
from lakehouse.delta import Lakehouse
from pipelines.identity.changes import Frames
from pipelines.identity.figures import IdentityFigures, identity_figures
from pipelines.identity.handover import handover
from pipelines.identity.households import households
from pipelines.identity.resolve import model_behind
from pipelines.identity.suspicion import suspicious_clusters
from pipelines.mapping import IdentitySettings
from pipelines.tables import (
    HOUSEHOLDS,
    IDENTITY_EVENTS,
    IDENTITY_LINKS,
    IDENTITY_MODELS,
    IDENTITY_PAIRS,
    PERSON_RECORDS,
    SUSPICIOUS_CLUSTERS,
)


@dataclass(frozen=True)
class SecondLevel:
    """Changes of households, the customers of the night that are suspicious, and figures for the report."""

    households: Change
    suspicious: Change
    figures: IdentityFigures


@contextmanager
def second_level(lake: Lakehouse, settings: IdentitySettings, *, night: date, key: str) -> Iterator[SecondLevel]:
    """What follows from the links that this night has written; to be written before the block ends.

    Reads: unified.person_records, .identity_links, .identity_pairs, .identity_events and .identity_models as they are
           now, the households as the night began.
    """
    records, links, pairs = (arrow_now(lake, table) for table in (PERSON_RECORDS, IDENTITY_LINKS, IDENTITY_PAIRS))
    before = arrow_as_night_began(lake, HOUSEHOLDS)
    model = model_behind(lake.read(IDENTITY_MODELS), records)
    events = lake.read(IDENTITY_EVENTS).where(F.col("night") == F.lit(night)).toArrow()
    # The learned number is of records; a household is one of customers and of names.
    limit = settings.shared_by_at_most
    found = households(records, links, before, shared_by_at_most=limit, night=night, key=key)
    doubted = suspicious_clusters(records, links, pairs, night=night)
    figures = identity_figures(links, events, pairs, found, doubted, cut=model.cut if model else None)
    with handover(lake.path, f"second-level-{night.isoformat()}") as folder:
        frames = Frames(folder, lake.spark)
        yield SecondLevel(
            frames.change(before, found, HOUSEHOLDS, among=before),
            frames.rows(doubted, SUSPICIOUS_CLUSTERS),
            figures,
        )
