"""What a night changes in a table: from Arrow tables of before and now to frames that a merge writes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.arrow_writes import InArrow
from lakehouse.change import Change
from lakehouse.table import Table
from pipelines.identity.handover import Handover
from pipelines.identity.workbench import workbench


@dataclass(frozen=True)
class Frames:
    """Makes frames of Arrow tables, to be read until the hand-over ends."""

    folder: Handover
    spark: SparkSession

    def whole(self, rows: pa.Table, table: Table) -> DataFrame:
        """The rows, with the columns and types of the table."""
        return typed(self.folder.frame(rows, f"new_{table.name}", self.spark), table)

    def rows(self, rows: pa.Table, table: Table) -> Change:
        """The same, beside the rows in Arrow."""
        return Change(self.whole(rows, table), in_arrow=InArrow(rows))

    def gone(self, keys: pa.Table, table: Table) -> DataFrame:
        """The keys of rows that the table is to lose."""
        return self.folder.frame(keys, f"gone_{table.name}", self.spark)

    def change(self, before: pa.Table, now: pa.Table, table: Table, *, among: pa.Table) -> Change:
        """What makes the rows of before those of now, among all rows of the table.

        Units: that every key is new is left to the merge to see: the table may hold more than before.
        """
        new, gone = differences(before, now, table.key)
        mixed = bool(gone.num_rows) or _meet(before, new, table.key)
        in_arrow = InArrow(new, gone, among)
        return Change(self.whole(new, table), self.gone(gone, table), False if mixed else None, in_arrow)


def _meet(before: pa.Table, new: pa.Table, key: Sequence[str]) -> bool:
    """Whether a key of the new rows was there before."""
    with workbench() as engine:
        engine.register("held", before)
        engine.register("found", new)
        return bool(engine.sql(f"from found semi join held using ({', '.join(key)}) limit 1").fetchall())


def differences(before: pa.Table, now: pa.Table, key: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    """The rows that are not as before, and the keys of rows that are no more."""
    keys = ", ".join(key)
    with workbench() as engine:
        engine.register("held", before)
        engine.register("found", now)
        names = ", ".join(now.column_names)
        new = engine.sql(f"select {names} from found except select {names} from held").to_arrow_table()
        gone = engine.sql(f"select {keys} from held anti join found using ({keys})").to_arrow_table()
        return new, gone


def typed(frame: DataFrame, table: Table) -> DataFrame:
    """The frame with the columns and types of the table."""
    return frame.select(*(F.col(column.name).cast(column.type) for column in table.columns))
