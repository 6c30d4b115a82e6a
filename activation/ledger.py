"""One recorded outcome per record sent: the outbox first, then activation.deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema

from activation.destination import Answer, Batch, Record
from activation.outbox import COLUMNS, RESULT, Fold, Outbox
from activation.tables import DELIVERIES
from lakehouse.delta import Lakehouse

FOLD_ROWS = 50_000
UNANSWERED = Answer("failed", "the destination gave no answer for this record")


@dataclass(frozen=True)
class Ledger:
    """The receipts of one lake."""

    lake: Lakehouse
    outbox: Outbox

    @classmethod
    def opened(cls, lake: Lakehouse, state: Path) -> "Ledger":
        """The ledger with everything of earlier runs folded: what a crashed run announced counts as failed."""
        ledger = cls(lake, Outbox(state / "outbox.sqlite"))
        ledger.outbox.abandon(at=_now())
        ledger.fold()
        ledger.outbox.start_after(_last_sequence(ledger.deliveries()))
        return ledger

    def deliveries(self) -> DataFrame:
        """activation.deliveries as it stands now."""
        return self.lake.read(DELIVERIES)

    def announce(self, batch: Batch) -> list[int]:
        """Write down, before the call, what is about to be sent."""
        return self.outbox.announce(_row(record, batch) for record in batch.records)

    def answer(
        self, sequences: Sequence[int], records: Sequence[Record], answers: Mapping[str, Answer]
    ) -> list[Answer]:
        """Write down the one answer of each announced record."""
        given = [answers.get(record.record_key, UNANSWERED) for record in records]
        rows = zip(given, sequences, strict=True)
        self.outbox.answer(((one.verdict, one.message, sequence) for one, sequence in rows), at=_now())
        return given

    def fold(self) -> None:
        """Move the outbox into activation.deliveries; a crash anywhere and a second call move each row once."""
        while (part := self.outbox.next_fold(FOLD_ROWS)) is not None:
            self.lake.append_once(DELIVERIES, _frame(self.lake, part), batch=part.batch)
            self.outbox.folded()


def _row(record: Record, batch: Batch) -> tuple[object, ...]:
    values: dict[str, object] = {
        "delivery_id": batch.keys[record.record_key],
        "attempt": record.attempt,
        "night": batch.night.isoformat(),
        "destination": batch.destination,
        "name": batch.name,
        "record_key": record.record_key,
        "customer_id": record.customer_id,
        "operation": record.operation,
        "payload_hash": record.payload_hash,
        "valid_until": record.valid_until.isoformat() if record.valid_until else None,
        "banded_values": record.banded_values,
    }
    return tuple(values[name] for name in COLUMNS)


def _frame(lake: Lakehouse, part: Fold) -> DataFrame:
    names = (*COLUMNS, *RESULT, "sequence")
    rows = [_typed(dict(zip(names, row, strict=True))) for row in part.rows]
    table = pa.Table.from_pylist(rows, to_arrow_schema(DELIVERIES.schema))
    return lake.spark.createDataFrame(table, DELIVERIES.schema).coalesce(1)


def _typed(row: dict[str, object]) -> dict[str, object]:
    row["night"] = date.fromisoformat(str(row["night"]))
    row["valid_until"] = date.fromisoformat(str(row["valid_until"])) if row["valid_until"] else None
    row["sent_at"] = datetime.fromisoformat(str(row["sent_at"]))
    return row


def _last_sequence(deliveries: DataFrame) -> int:
    last: Iterable[int | None] = deliveries.selectExpr("max(sequence)").first() or (None,)
    return next(iter(last)) or 0


def _now() -> str:
    return datetime.now(UTC).isoformat()
