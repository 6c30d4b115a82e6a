"""The JSON of a night: what was done, in counts and names, never a personal value."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from orchestration.night import NightRun
from orchestration.record import NightRecord
from orchestration.retailer import Retailer
from pipelines.tables import ORDERS
from quality.gate import GateOutcome


def summary(run: NightRun, tables: Iterable[Table]) -> dict[str, Any]:
    """The object that `habitue night --json` prints.

    Units: tables holds the rows of every table after the night, unchanged by a rerun; seconds by step;
           without_customer counts orders, and what they brought, that name nobody who can be told.
    """
    record = run.record
    return {
        "retailer": run.retailer.retailer,
        "night": run.night.isoformat(),
        "as_of": run.as_of.isoformat(),
        "timezone": run.retailer.timezone,
        "currency": run.retailer.currency,
        "tables": total_rows(run.lake, tables),
        "without_customer": without_customer(run.lake),
        "files": [_file(file) for file in record.files],
        "rejected": {name: dict(table.rejected) for name, table in record.published.items() if table.rejected},
        "scores": record.scores,
        "gates": [_gate(gate, run.retailer) for gate in record.gates],
        "who_is_who": asdict(record.who_is_who) if record.who_is_who else None,
        "models": record.models,
        "warnings": record.warnings,
        "alerts": record.alerts,
        "audiences": record.audiences,
        "deliveries": record.deliveries,
        "adoption": record.adoption,
        "seconds": record.seconds,
    }


def total_rows(lake: Lakehouse, tables: Iterable[Table]) -> dict[str, int]:
    """Rows of every table that exists, by name."""
    return {table.name: lake.rows(table) for table in tables if lake.exists(table)}


def without_customer(lake: Lakehouse) -> dict[str, Any]:
    """Orders that are revenue and nobody's history: how many, and their amount in the retailer's currency."""
    nobodys = lake.read(ORDERS).where("customer_id is null")
    count, amount = nobodys.agg(F.count("*"), F.sum("order_amount")).collect()[0]
    return {"orders": count, "amount": float(amount or 0)}


def failure(record: NightRecord, retailer: Retailer) -> dict[str, Any]:
    """What a stopped night can still say."""
    gates = [_gate(gate, retailer) for gate in record.gates]
    files = [_file(file) for file in record.files]
    return {"gates": gates, "seconds": record.seconds, "files": files, "alerts": record.alerts}


def by_status(record: NightRecord) -> Counter[str]:
    """Files of the night by what became of them."""
    return Counter(file.status for file in record.files)


def _gate(gate: GateOutcome, retailer: Retailer) -> dict[str, Any]:
    return (
        {
            "table": gate.table,
            "rule": gate.rule,
            "severity": gate.severity,
            "failed": gate.failed,
            "limit": gate.limit,
            "outcome": gate.outcome,
            "owner": retailer.owner(gate.table),
        }
        | ({} if gate.observed is None else {"observed": gate.observed})
        | _sample(gate)
    )


def _sample(gate: GateOutcome) -> dict[str, Any]:
    return {"sample": list(gate.sample)} if gate.sample else {}


def _file(file: Any) -> dict[str, Any]:
    return {
        "source": file.source,
        "delivery": file.delivery,
        "file": file.file_name,
        "status": file.status,
        "rows": file.rows,
        "reason": file.reason,
    }
