"""No gate brings rows to the driver, however many are bad: counts leave Spark, from aggregates, and a few places."""

from datetime import date

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from quality.publish import publish
from quality.rules import between, exists_in, in_set, matches, not_null, rejected_share
from quality.structure import structure_rules
from tests.quality.brought import watched
from tests.quality.frames import NOTES, NOTES_REJECTED, notes

NIGHT = date(2026, 3, 1)
RULES = (
    *structure_rules(NOTES),
    between("amount", minimum=0, severity="reject"),
    in_set("note_id", "1", severity="warn"),
    matches("note_id", "^x", severity="warn"),
    not_null("amount", severity="warn"),
    exists_in(["source"], "conformed.sources", severity="warn"),
    rejected_share(0.9),
)


def many(lake: Lakehouse, rows: int) -> DataFrame:
    """So many notes; every second one has a negative amount."""
    numbers = lake.spark.range(1, rows + 1).select(F.col("id").cast("string").alias("_number"))
    note = notes(lake.spark, ("a", "1")).drop("note_id", "amount", "row_number")
    amount = F.expr("if(_number % 2 = 0, -1, 1)").cast("decimal(18,2)")
    given = {"note_id": F.col("_number"), "amount": amount, "row_number": F.col("_number").cast("bigint")}
    return note.crossJoin(numbers).withColumns(given).drop("_number")


def test_a_gate_fetches_counts_alone_from_a_table_of_which_half_is_bad(
    lake: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.replace_all(NOTES, notes(lake.spark, ("a", "1")).select(*NOTES.column_names))
    with watched(monkeypatch) as brought:
        published = publish(
            lake,
            NOTES,
            many(lake, 600),
            rules=RULES,
            night=NIGHT,
            rejected=NOTES_REJECTED,
            others={"conformed.sources": NOTES},
        )
    assert published.rejected_rows == 300
    assert brought.rows, "nothing was watched"
    assert brought.plain == []
    assert max(brought.rows) <= len(RULES)
