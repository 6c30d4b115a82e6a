"""The person records of a retailer's landing folder, conformed without the rest of a night."""

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame

from lakehouse.delta import Lakehouse
from orchestration.retailer import Retailer, load_retailer
from pipelines.canonical import ENTITIES
from pipelines.conform import conform
from pipelines.ingest import ingest
from pipelines.mapping import Source

ENTITY_NAMES = ("contacts", "identifier_links")


def conformed_people(lake: Lakehouse, retailer_file: Path, landing: Path, night: date) -> dict[str, DataFrame]:
    """conformed.contacts and conformed.identifier_links as the night `night` would publish them, by entity name."""
    retailer = load_retailer(retailer_file)
    sources = {name: people_only(source) for name, source in retailer.sources.items()}
    sources = {name: source for name, source in sources.items() if source.entities}
    for name, source in sources.items():
        ingest(lake, name, source, landing, night=night)
    return {name: _published(lake, retailer, sources, name, night) for name in ENTITY_NAMES}


def people_only(source: Source) -> Source:
    """The source with its entities of ENTITY_NAMES alone, and the deliveries that feed them."""
    entities = {name: mappings for name, mappings in source.entities.items() if name in ENTITY_NAMES}
    needed = {mapping.delivery for mappings in entities.values() for mapping in mappings}
    deliveries = {name: delivery for name, delivery in source.deliveries.items() if name in needed}
    return source.model_copy(update={"entities": entities, "deliveries": deliveries})


def _published(lake: Lakehouse, retailer: Retailer, sources: dict[str, Source], name: str, night: date) -> DataFrame:
    entity = ENTITIES[name]
    made = conform(
        lake,
        entity,
        sources,
        night=night,
        as_of=datetime.combine(night, time(), ZoneInfo(retailer.timezone)),
        currency=retailer.currency,
        timezone=retailer.timezone,
    )
    # Rows that break a rule carry it in _broken; a night would set them aside.
    sound = made.frame.where("size(_broken) = 0").select(*entity.conformed.column_names)
    lake.merge(entity.conformed, sound)
    made.release()
    return lake.read(entity.conformed)
