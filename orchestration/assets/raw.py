"""raw.*: each delivery once, exactly as it came."""

from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Any

import dagster as dg

from lakehouse.errors import HabitueError
from orchestration.assets.step import Steps, as_it_stands, asset_key, spec, stopped
from orchestration.night import NightRun
from orchestration.retailer import Retailer
from pipelines.ingest import DeliveredFile, ingest
from pipelines.mapping import Source
from pipelines.raw import FILES, raw_table


def raw_assets(retailer: Retailer, steps: Steps) -> list[dg.AssetsDefinition]:
    """One step per source, one asset per delivery."""
    return [_source_asset(name, source, steps) for name, source in retailer.sources.items()]


def files_asset(retailer: Retailer, steps: Steps) -> dg.AssetSpec:
    """raw.files, which the steps of all sources write: it has none of its own, each of them tells how it stands."""
    deliveries = [
        raw_table(name, delivery) for name, source in retailer.sources.items() for delivery in source.deliveries
    ]
    return spec(FILES, after=[table.name for table in deliveries]).replace_attributes(partitions_def=steps.partitions)


def _source_asset(name: str, source: Source, steps: Steps) -> dg.AssetsDefinition:
    tables = [raw_table(name, delivery) for delivery in source.deliveries]
    specs = [spec(table, after=(), description=f"What {name} delivered, exactly as it came.") for table in tables]
    steps.declare(f"raw__{name}", specs, partial(_taken, name=name, source=source))

    @dg.multi_asset(
        name=f"raw__{name}",
        specs=specs,
        partitions_def=steps.partitions,
        required_resource_keys={"night"},
    )
    def take(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        try:
            files = steps.result(context, f"raw__{name}")
        except HabitueError as error:
            raise stopped(error) from error
        yield from map(partial(_result, files), tables)
        stands = as_it_stands(context.resources.night.lake, FILES)
        context.log_event(
            dg.AssetMaterialization(asset_key(FILES.name), partition=context.partition_key, metadata=stands)
        )

    return take


def _taken(run: NightRun, *, name: str, source: Source) -> list[DeliveredFile]:
    started = monotonic()
    files = ingest(run.lake, name, source, run.place.landing, night=run.night, known=run.known_files)
    run.record.files.extend(files)
    rows = sum(file.rows or 0 for file in files if file.status == "new")
    run.record.step(f"raw.{name}", started, f"{rows:,} rows in {_by_status(files)}")
    return files


def _result(files: list[DeliveredFile], table: Any) -> dg.MaterializeResult[Any]:
    mine = [file for file in files if table.name == f"raw.{file.source}_{file.delivery}"]
    return dg.MaterializeResult(
        asset_key=asset_key(table.name),
        metadata={
            "rows taken": sum(file.rows or 0 for file in mine if file.status == "new"),
            "files": _by_status(mine),
            "refused": dg.MetadataValue.text("; ".join(file.reason or "" for file in mine if file.status == "refused")),
        },
    )


def _by_status(files: list[DeliveredFile]) -> str:
    counts = {status: sum(file.status == status for file in files) for status in sorted({f.status for f in files})}
    return ", ".join(f"{count} {status}" for status, count in counts.items()) or "no file"
