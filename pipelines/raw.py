"""The raw tables: every delivery exactly as it came, beside where each row stood."""

import re
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Column, Table, columns, personal, required

FILES = Table(
    name="raw.files",
    grain="one row per delivery, content and file name that was taken, and per night on which one was refused",
    key=("source", "delivery", "sha256", "file_name", "status", "night"),
    columns=columns(
        required("night", "date", "night that took or refused the file"),
        required("source", "string", "source of the retailer file"),
        required("delivery", "string", "delivery of that source"),
        required("file_name", "string", "path below the landing folder, or the table that was read"),
        required("sha256", "string", "what the raw rows of the file bear as _file_sha256"),
        required("content_sha256", "string", "hash of the content; another one only where an old snapshot came back"),
        required("status", "string", "new, repeated (same content under another name) or refused"),
        Column("rows", "bigint", "data rows; null where refused or repeated"),
        Column("bytes", "bigint", "size of the file; null for a database or table"),
        Column("modified_ns", "bigint", "when the file was last changed, nanoseconds since 1970"),
        Column("repeated_as", "string", "name under which the same content was taken before"),
        Column("reason", "string", "why it was refused"),
    ),
    write="append_once",
)
WHERE_FROM = columns(
    required("_night", "date", "night that took the row"),
    required("_file_name", "string", "path below the landing folder, or the table that was read"),
    required("_file_sha256", "string", "hash of the content of the delivered file"),
    required("_row_number", "bigint", "1-based data row in the file"),
    personal("_corrupt", "string", "the row as it came, where it has a wrong number of columns; else null"),
)
"""What every raw row has beside the delivered columns. Delivered rows are personal, whatever they hold."""


def raw_table(source: str, delivery: str) -> Table:
    """`raw.<source>_<delivery>`: the delivered columns are added as they come."""
    return Table(
        name=f"raw.{source}_{delivery}",
        grain="one row per data row of a delivered file",
        key=("_file_sha256", "_row_number"),
        columns=WHERE_FROM,
        write="append_once",
        open_columns=True,
        night_column="_night",
    )


def raw_rows(lake: Lakehouse, source: str, delivery: str) -> DataFrame:
    """Every row ever delivered, under the delivered column names, and the columns of WHERE_FROM.

    Reads:  rows whose hash `raw.files` does not list as new were left by a night that was killed: leave them out.
    """
    stored = lake.read(raw_table(source, delivery))
    return reduce(lambda frame, name: frame.withColumnRenamed(name, delivered_name(name)), stored.columns, stored)


def new_rows(lake: Lakehouse, source: str, delivery: str, night: date) -> DataFrame:
    """The rows that this night took."""
    return raw_rows(lake, source, delivery).where(F.col("_night") == F.lit(night))


def stored_name(delivered: str) -> str:
    """A delivered column's name as Delta can store it: signs that it refuses, percent-encoded.

    Source: Delta refuses the signs ` ,;{}()=` and tabs without column mapping, which small readers do not know.
    """
    encoded = re.sub(r"[ ,;{}()=\n\t\r%.`\"'\\/]", lambda sign: f"%{ord(sign[0]):02X}", delivered)
    return f"delivered{encoded}" if encoded.lower() in {column.name for column in WHERE_FROM} else encoded


def delivered_name(stored: str) -> str:
    """The inverse of stored_name; our own columns, which begin with an underscore, stay as they are."""
    return re.sub("%([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), stored)
