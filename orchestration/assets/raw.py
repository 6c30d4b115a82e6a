"""raw.*: each delivery once, exactly as it came."""

from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Any

import dagster as dg

from lakehouse.errors import HabitueError
from orchestration.assets.keys import asset_key
from orchestration.assets.step import Steps, as_it_stands, spec, stopped
from orchestration.night import NightRun
from orchestration.retailer import Retailer
from pipelines.ingest import DeliveredFile, ingest
from pipelines.mapping import Source
from pipelines.raw import FILES, raw_table


def raw_assets(retailer: Retailer, steps: Steps) -> list[dg.AssetsDefinition]:
    """One step per source, one asset per delivery."""
    return [_source_asset(name, source, steps) for name, source in retailer.sources.items()]


def files_asset(retailer: Retailer, steps: Steps) -> dg.AssetsDefinition:
    """raw.files, written once for all sources; of a night that stops before, when the night is closed."""
    deliveries = [
        raw_table(name, delivery) for name, source in retailer.sources.items() for delivery in source.deliveries
    ]
    declared = spec(FILES, after=[table.name for table in deliveries])
    steps.declare("raw_files", [declared], _files_written)

    @dg.multi_asset(
        name="raw_files", specs=[declared], partitions_def=steps.partitions, required_resource_keys={"night"}
    )
    def write(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        try:
            steps.result(context, "raw_files")
        except HabitueError as error:
            raise stopped(error) from error
        stands = as_it_stands(context.resources.night.lake, FILES)
        yield dg.MaterializeResult(asset_key=declared.key, metadata=stands)

    return write


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

    return take


def _taken(run: NightRun, *, name: str, source: Source) -> list[DeliveredFile]:
    started = monotonic()
    files = ingest(run.lake, name, source, run.place.landing, night=run.night, files=run.files)
    run.record.files.extend(files)
    rows = sum(file.rows or 0 for file in files if file.status == "new")
    run.record.step(f"raw.{name}", started, f"{rows:,} rows in {_by_status(files)}")
    return files


def _files_written(run: NightRun) -> None:
    run.files.write()


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
