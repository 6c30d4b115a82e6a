"""How tables become Dagster assets: compute, publish through the gate, report; retry what may pass by itself."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from time import monotonic
from types import MappingProxyType
from typing import Any

import dagster as dg

from lakehouse.delta import NOT_THERE, Lakehouse
from lakehouse.errors import DeliveryFailed, GateBlocked, HabitueError, Transient
from lakehouse.lineage import Lineage
from lakehouse.table import Table
from orchestration.ahead import Work
from orchestration.assets.column_lineage import lineage_told, with_lineage
from orchestration.assets.gate_check import GATE, gate_check, set_aside
from orchestration.assets.keys import OUTSIDE, asset_key, table_name
from orchestration.night import NightRun
from orchestration.unforeseen import step_failed
from quality.gate import PublicationBlocked
from quality.publish import Published

Step = Callable[[NightRun], Sequence[Published]]
Told = dict[str, dict[str, Any]]
"""Metadata by table name."""
ASKED = "Every rule of the table, asked by Great Expectations of the very rows before they are written"


@dataclass(frozen=True)
class Steps:
    """The steps of a night as they are declared; a run begins those of its selection as soon as it can.

    Shape: looked_into are the tables that the rules of a table need beside it, by the table's name; lineage is told
           to Dagster with every table.
    """

    partitions: dg.PartitionsDefinition[str]
    looked_into: Mapping[str, Collection[str]] = field(default_factory=dict)
    lineage: Lineage = field(default_factory=lambda: Lineage({}))
    _declared: dict[str, tuple[Sequence[dg.AssetSpec], Callable[[NightRun], Any]]] = field(default_factory=dict)

    def declare(self, name: str, specs: Sequence[dg.AssetSpec], does: Callable[[NightRun], Any]) -> None:
        """Add a step under the name of its Dagster op."""
        self._declared[name] = (specs, does)

    def after_its_rules(self, made: Sequence[dg.AssetSpec]) -> list[dg.AssetSpec]:
        """The assets of one step, after those that their rules look into as well."""
        others = {asset_key(other) for asset in made for other in self.looked_into.get(table_name(asset.key), ())}
        return [
            asset.replace_attributes(deps=[*asset.deps, *sorted(others - {dep.asset_key for dep in asset.deps})])
            for asset in made
        ]

    def result(self, context: dg.AssetExecutionContext, name: str) -> Any:
        """What the step made in this run.

        Raises: what the step raised.
        """
        run: NightRun = context.resources.night
        if not run.ahead.is_planned:
            run.ahead.plan(self._works(context.run, run))
        return run.ahead.result(name, partial(self._done, name, run))

    def _done(self, name: str, run: NightRun) -> Any:
        label = step_label(name)
        try:
            return self._declared[name][1](run)
        except PublicationBlocked as error:
            blocked = error.told_to(run.retailer.owner(error.gates[0].table)) if error.gates else error
            run.record.failed(label, blocked)
            raise blocked from error
        except HabitueError as error:
            run.record.failed(label, error)
            raise
        except Exception as error:  # noqa: BLE001 - told again without its message, below
            failed = step_failed(error, step=label)
        run.record.failed(label, failed)
        raise failed

    def _works(self, asked: dg.DagsterRun, run: NightRun) -> dict[str, Work]:
        """The steps that this run was asked for, each with those of them that make what it reads."""
        chosen = {name: specs for name, (specs, _) in self._declared.items() if _asked_for(asked, name, specs)}
        made_by = {asset.key: name for name, specs in chosen.items() for asset in specs}
        works = {}
        for name, specs in chosen.items():
            reads = {made_by[dep.asset_key] for asset in specs for dep in asset.deps if dep.asset_key in made_by}
            works[name] = Work(partial(self._done, name, run), frozenset(reads - {name}))
        return works


def _asked_for(asked: dg.DagsterRun, name: str, specs: Sequence[dg.AssetSpec]) -> bool:
    steps, assets = asked.step_keys_to_execute, asked.asset_selection
    return (steps is None or name in steps) and (not assets or any(asset.key in assets for asset in specs))


def step_label(name: str) -> str:
    """How messages call the step of an op: `conformed__orders` is conformed.orders."""
    return name.replace("__", ".")


def spec(
    table: Table,
    *,
    after: Iterable[str],
    description: str | None = None,
    group: str | None = None,
) -> dg.AssetSpec:
    """The asset of a table: its key, layer, contract and what it is made from.

    Units: group is the layer in whose picture it stands, where that is not the table's own.
    """
    return dg.AssetSpec(
        key=asset_key(table.name),
        deps=[asset_key(name) for name in sorted(set(after))],
        group_name=group or table.layer,
        description=description or table.grain[0].upper() + table.grain[1:] + ".",
        kinds={"deltalake", "spark"},
        metadata={
            "dagster/column_schema": _column_schema(table),
            "key": ", ".join(table.key),
            "personal": table.has_personal_columns,
        },
    )


def tables_asset(
    name: str,
    specs: Sequence[dg.AssetSpec],
    step: Step,
    steps: Steps,
    *,
    beside: Mapping[Table, dg.AssetSpec] = MappingProxyType({}),
    tells: Callable[[NightRun], Told] = lambda _run: {},
) -> dg.AssetsDefinition:
    """One step of the night that makes one or more tables, each with its gate as an asset check.

    Units: beside are tables written as well that no gate judges; tells gives more than counts, of any table.
    """
    made = with_lineage(steps.after_its_rules([*specs, *beside.values()]), steps.lineage)
    of_columns = lineage_told(made)
    steps.declare(name, made, partial(timed, name=step_label(name), step=step))

    @dg.multi_asset(
        name=name,
        specs=made,
        check_specs=[dg.AssetCheckSpec(GATE, asset=asset.key, description=ASKED) for asset in specs],
        partitions_def=steps.partitions,
        required_resource_keys={"night"},
    )
    def compute(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
        run: NightRun = context.resources.night
        try:
            published = steps.result(context, name)
        except GateBlocked as error:
            yield from _blocked(run, error)
            yield from _told(run.lake, beside, of_columns)
            raise dg.Failure(str(error), allow_retries=False) from error
        except HabitueError as error:
            _observe(context, tells(run) if isinstance(error, DeliveryFailed) else {})
            raise stopped(error) from error
        yield from _written(context, published, dict(tells(run)), of_columns)
        yield from _told(run.lake, beside, of_columns)

    return compute


def _written(
    context: dg.AssetExecutionContext, published: Iterable[Published], told: Told, of_columns: Mapping[str, Any]
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """What is told of the tables that the step published, and of those of other steps."""
    run: NightRun = context.resources.night
    for table in published:
        yield from results(table, run, told.pop(table.table, {}) | of_columns[table.table])
    _observe(context, told)


def timed(run: NightRun, *, name: str, step: Step) -> Sequence[Published]:
    """Run a step, note what it published and how long it took."""
    started = monotonic()
    published = step(run)
    for table in published:
        run.record.published[table.table] = table
        run.record.gates.extend(table.gates)
    run.record.step(name, started, "; ".join(_in_words(table, len(published)) for table in published))
    return published


def stopped(error: HabitueError) -> Exception:
    """What to raise: a retry for what may pass by itself, a final failure for everything else."""
    if isinstance(error, Transient):
        return dg.RetryRequested(max_retries=3, seconds_to_wait=5)
    return dg.Failure(str(error), allow_retries=False)


def results(
    published: Published, run: NightRun, told: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """The check and the materialisation of one table, with counts and never a personal value.

    Reads: the gates of the night so far, those from before the table was written too.
    """
    key = asset_key(published.table)
    yield gate_check(key, [gate for gate in run.record.gates if gate.table == published.table], night=run.night)
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": published.total_rows,
            "rows written": published.rows,
            **set_aside(published),
            "delta version": published.version,
            **told,
        },
    )


def as_it_stands(lake: Lakehouse, table: Table) -> dict[str, int]:
    """What is told of a table without a gate of its own: its rows and its version, if it was ever written."""
    version = lake.version(table)
    written = {} if version == NOT_THERE else {"delta version": version}
    return {"dagster/row_count": lake.rows(table)} | written


def _observe(context: dg.AssetExecutionContext, told: Told) -> None:
    """Tell what is known of tables that other steps made, and of what stands outside the lake."""
    for name, metadata in told.items():
        event = dg.AssetMaterialization if name.startswith(OUTSIDE) else dg.AssetObservation
        context.log_event(event(asset_key(name), partition=context.partition_key, metadata=metadata))


def _told(lake: Lakehouse, tables: Iterable[Table], of_columns: Told) -> Iterator[dg.MaterializeResult[Any]]:
    for table in tables:
        stands = as_it_stands(lake, table) | of_columns[table.name]
        yield dg.MaterializeResult(asset_key=asset_key(table.name), metadata=stands)


def _blocked(run: NightRun, error: GateBlocked) -> Iterator[dg.AssetCheckResult]:
    gates = getattr(error, "gates", ())
    run.record.gates.extend(gates)
    for table in sorted({gate.table for gate in gates}):
        yield gate_check(asset_key(table), [gate for gate in gates if gate.table == table], night=run.night)


def _in_words(published: Published, tables: int) -> str:
    aside = f", {published.rejected_rows:,} set aside" if published.rejected_rows else ""
    name = f"{published.table.split('.')[1]} " if tables > 1 else ""
    return f"{name}{published.total_rows:,} rows{aside}"


def _column_schema(table: Table) -> dg.TableSchema:
    """The columns for Dagster, which reads their descriptions as Markdown and drops what looks like a tag."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=escape(column.meaning, quote=False),
                constraints=dg.TableColumnConstraints(nullable=not column.required),
                tags={"personal": ""} if column.personal else {},
            )
            for column in table.columns
        ]
    )
