"""Small conformed frames for the tests of quality."""

from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from lakehouse.table import Column, Table, columns, required
from pipelines.canonical import REJECTED

NOTES = Table(
    name="conformed.notes",
    grain="one row per note",
    key=("source", "note_id"),
    columns=columns(
        required("source", "string", "source"),
        required("delivery", "string", "delivery"),
        required("file_sha256", "string", "hash"),
        required("row_number", "bigint", "row"),
        required("note_id", "string", "note"),
        Column("amount", "decimal(18,2)", "amount"),
    ),
    write="merge",
)
NOTES_REJECTED = Table(
    name="conformed.notes_rejected",
    grain="one row per note set aside",
    key=("night", "source", "delivery", "file_sha256", "row_number", "mapping"),
    columns=REJECTED,
    write="replace_night",
)


def notes(spark: SparkSession, *rows: tuple[str | None, str | None] | tuple[str | None, str | None, str]) -> DataFrame:
    """Notes of one file, from (note_id, amount[, rule that conform saw broken]), as conform hands them over."""
    listed = [
        ("crm", "notes", "f00d", number, row[0], row[1], 0, "notes.csv", 1, "{}", list(row[2:]))
        for number, row in enumerate(rows, start=1)
    ]
    schema = (
        "source string, delivery string, file_sha256 string, row_number bigint, note_id string, amount string, "
        "_mapping int, _file_name string, _rows bigint, _delivered_row string, _broken array<string>"
    )
    frame = frame_of(spark, listed, schema)
    return frame.withColumn("amount", frame["amount"].cast("decimal(18,2)"))
