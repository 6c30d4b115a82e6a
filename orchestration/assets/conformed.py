"""conformed.*: one shape per entity; rows that break a rule are set aside; every delivered row is accounted for."""

from collections.abc import Iterable, Sequence
from functools import partial

import dagster as dg
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from orchestration.assets.arrivals_gate import check_usual
from orchestration.assets.step import Step, Steps, Told, spec, tables_asset
from orchestration.conforming import conform_and_publish, unreconciled
from orchestration.measuring import quality_figures
from orchestration.night import NightRun
from orchestration.publishing import publish_tonight
from orchestration.retailer import Retailer
from pipelines.arrivals import TakenFiles
from pipelines.canonical import ENTITIES, EXCHANGE_RATES, Entity
from pipelines.raw import raw_table
from pipelines.reconciliation import RECONCILIATION, FileCounted, forgotten, reconcile, unbalanced
from quality.measurements import MEASUREMENTS, as_frame
from quality.publish import Published


def mapped_entities(retailer: Retailer) -> list[Entity]:
    """The canonical entities that some source of this retailer feeds."""
    mapped = {name for source in retailer.sources.values() for name in source.entities}
    return [entity for name, entity in ENTITIES.items() if name in mapped]


def conformed_assets(retailer: Retailer, steps: Steps) -> list[dg.AssetsDefinition]:
    """One step per entity, and the reconciliation of all."""
    entities = mapped_entities(retailer)
    conformed = [entity.conformed.name for entity in entities]
    return [
        *(_entity_asset(entity, retailer, steps) for entity in entities),
        tables_asset(
            "ops__reconciliation",
            [spec(table, after=conformed, group="conformed") for table in (RECONCILIATION, MEASUREMENTS)],
            _reconciled,
            steps,
            tells=_scores,
        ),
    ]


def _entity_asset(entity: Entity, retailer: Retailer, steps: Steps) -> dg.AssetsDefinition:
    fed_by = [
        raw_table(name, mapping.delivery).name
        for name, source in retailer.sources.items()
        for mapping in source.entities.get(entity.name, ())
    ]
    rates = [EXCHANGE_RATES.conformed.name] if entity.money and EXCHANGE_RATES in mapped_entities(retailer) else []
    made, aside = (spec(table, after=[*fed_by, *rates]) for table in (entity.conformed, entity.rejected))
    step: Step = partial(_conformed, entity)
    return tables_asset(f"conformed__{entity.name}", [made], step, steps, beside={entity.rejected: aside})


def _conformed(entity: Entity, run: NightRun) -> Sequence[Published]:
    """Publish the entity; files that were conformed again after this night are so in every later try of it too."""
    taken = {file[2] for files in _taken(run).values() for file in files}

    def tonights(counted: Iterable[FileCounted]) -> tuple[FileCounted, ...]:
        return tuple(file for file in counted if file.file_sha256 in taken)

    published, counted = conform_and_publish(
        run.lake,
        entity,
        run.retailer,
        night=run.night,
        from_raw=run.rebuild_from == "raw",
        since=run.lake.start.reprocessed.get(entity.conformed.name) if run.lake.start else None,
        files=run.files,
        check=lambda counted, measures: check_usual(run, entity, tonights(counted), measures),
    )
    run.record.counted.extend(tonights(counted))
    return [published]


def _reconciled(run: NightRun) -> Sequence[Published]:
    missed = forgotten(_taken(run), run.record.counted, run.retailer.sources)
    if missed:
        raise unreconciled(run.night, f"delivered files were not conformed: {'; '.join(missed[:3])}")
    published = {name.split(".")[1]: table.counts for name, table in run.record.published.items() if table.counts}
    frame = reconcile(run.lake.spark, run.record.counted, published, night=run.night)
    found = unbalanced(frame).limit(3).collect()
    if found:
        files = "; ".join(f"{row['file_name']} as {row['entity']}: {row['delivered']} delivered" for row in found)
        raise unreconciled(run.night, f"delivered rows are not all accounted for: {files}")
    return [publish_tonight(run, RECONCILIATION, frame), publish_tonight(run, MEASUREMENTS, _measured(run))]


def _measured(run: NightRun) -> DataFrame:
    """The night's figures; a rebuilt night keeps those of its deliveries, which it conforms with all others."""
    if run.rebuild_from is not None:
        return run.lake.read(MEASUREMENTS).where(F.col("night") == F.lit(run.night))
    return as_frame(run.lake.spark, quality_figures(run), run.night)


def _scores(run: NightRun) -> Told:
    """A number per source, which Dagster draws over the nights."""
    return {MEASUREMENTS.name: {f"score of {source}": points for source, points in run.record.scores.items()}}


def _taken(run: NightRun) -> TakenFiles:
    """The files of this night; every file there ever was when all are conformed anew."""
    taken = run.files.taken(run.night)
    every = run.rebuild_from == "raw"
    return {place: [file for file in files if every or file[0] == run.night] for place, files in taken.items()}
