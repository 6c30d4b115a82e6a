"""One recorded outcome per record sent: the outbox first, then activation.deliveries and held_addresses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema

from activation.destination import Addresses, Answer, Batch, Record
from activation.held import held_now, takes_addresses
from activation.outbox import COLUMNS, KEPT_APART, Fold, Outbox
from activation.tables import DELIVERIES, HELD_ADDRESSES
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

    def held_addresses(self) -> DataFrame:
        """activation.held_addresses as it stands now."""
        return self.lake.read(HELD_ADDRESSES)

    def announce(self, batch: Batch, *, by_address: bool = False) -> list[int]:
        """Write down, before the call, what is about to be sent; by_address: to a tool that knows people by address."""
        return self.outbox.announce(_row(record, batch, by_address=by_address) for record in batch.records)

    def answer(
        self, sequences: Sequence[int], records: Sequence[Record], answers: Mapping[str, Answer]
    ) -> list[Answer]:
        """Write down the one answer of each announced record."""
        given = [answers.get(record.record_key, UNANSWERED) for record in records]
        rows = zip(given, sequences, strict=True)
        self.outbox.answer(((one.verdict, one.message, sequence) for one, sequence in rows), at=_now())
        return given

    def fold(self) -> None:
        """Move the outbox into its two tables; a crash anywhere and a second call move each row once.

        The outbox forgets a range, its addresses with it, only when both tables hold what it says.
        """
        while (part := self.outbox.next_fold(FOLD_ROWS)) is not None:
            self.lake.append_once(DELIVERIES, _frame(self.lake, part), batch=part.batch)
            if takes_addresses(part):
                new, gone = held_now(self.held_addresses(), part)
                self.lake.outside_nights().merge(HELD_ADDRESSES, new, gone=gone)
            self.outbox.folded()


def _row(record: Record, batch: Batch, *, by_address: bool) -> tuple[object, ...]:
    sent = (by_address and record.addresses) or Addresses()
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
        "email": sent.email,
        "phone": sent.phone,
        "by_address": int(by_address),
    }
    return tuple(values[name] for name in (*COLUMNS, *KEPT_APART))


def _frame(lake: Lakehouse, part: Fold) -> DataFrame:
    table = pa.Table.from_pylist([_typed(row) for row in part.rows], to_arrow_schema(DELIVERIES.schema))
    return lake.spark.createDataFrame(table, DELIVERIES.schema).coalesce(1)


def _typed(row: Mapping[str, object]) -> dict[str, object]:
    """The row with moments as such; pyarrow takes the columns of the schema alone, so no address."""
    return {
        **row,
        "night": date.fromisoformat(str(row["night"])),
        "valid_until": date.fromisoformat(str(row["valid_until"])) if row["valid_until"] else None,
        "sent_at": datetime.fromisoformat(str(row["sent_at"])),
    }


def _last_sequence(deliveries: DataFrame) -> int:
    last: Iterable[int | None] = deliveries.selectExpr("max(sequence)").first() or (None,)
    return next(iter(last)) or 0


def _now() -> str:
    return datetime.now(UTC).isoformat()
