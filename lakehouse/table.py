"""Tables as typed contracts: each folder declares its own, the docs and the gates derive from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import types as T

Write = Literal["append_once", "merge", "replace_night", "replace_all"]


@dataclass(frozen=True)
class Column:
    """One column of a table: its Spark type, its meaning, its unit and whether it tells who a person is."""

    name: str
    type: str
    meaning: str
    unit: str | None = None
    personal: bool = False
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A contract: what one row is, what identifies it, how it is written and what its columns mean.

    Units: keep_nights is the number of nights of partitions kept (None: for ever);
           fresh_days is the age in days after which the table counts as stale.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    write: Write
    fresh_days: int | None = 1
    keep_nights: int | None = None
    open_columns: bool = False
    """True where the delivery decides the columns (raw tables): those not declared are kept as they come."""
    night_column: str = "night"

    @property
    def layer(self) -> str:
        """The part of the name before the dot."""
        return self.name.split(".")[0]

    @property
    def has_personal_columns(self) -> bool:
        """Whether a column tells who a person is."""
        return any(column.personal for column in self.columns)

    @property
    def folder(self) -> str:
        """The table's folder inside the lake; analysts may be let in to `pseudonymous` alone."""
        side = "personal" if self.has_personal_columns else "pseudonymous"
        return f"{side}/{self.name.replace('.', '/')}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The declared columns in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> T.StructType:
        """The Spark schema of the declared columns; needs no running Spark."""
        return T.StructType([T.StructField(column.name, spark_type(column.type)) for column in self.columns])

    def column(self, name: str) -> Column:
        """The declared column of this name."""
        return next(column for column in self.columns if column.name == name)


def columns(*rows: tuple[str, str, str] | Column) -> tuple[Column, ...]:
    """Columns from (name, type, meaning) triples; a Column stands for itself."""
    return tuple(row if isinstance(row, Column) else Column(*row) for row in rows)


def personal(name: str, spark_type: str, meaning: str) -> Column:
    """A column that tells who a person is."""
    return Column(name, spark_type, meaning, personal=True)


def required(name: str, spark_type: str, meaning: str, unit: str | None = None) -> Column:
    """A column that is never null."""
    return Column(name, spark_type, meaning, unit=unit, required=True)


def spark_type(text: str) -> T.DataType:
    """The Spark type that a contract writes as text, for example `decimal(18,2)` or `array<string>`."""
    if text.startswith("array<"):
        return T.ArrayType(spark_type(text[len("array<") : -1]))
    if text.startswith("decimal("):
        precision, scale = text[len("decimal(") : -1].split(",")
        return T.DecimalType(int(precision), int(scale))
    return ATOMIC[text]()


ATOMIC: dict[str, type[T.DataType]] = {
    "string": T.StringType,
    "int": T.IntegerType,
    "bigint": T.LongType,
    "double": T.DoubleType,
    "boolean": T.BooleanType,
    "date": T.DateType,
    "timestamp": T.TimestampType,
}


def by_name(tables: Iterable[Table]) -> dict[str, Table]:
    """The tables by name; two tables of one name are a programming error."""
    listed = list(tables)
    found = {table.name: table for table in listed}
    if len(found) != len(listed):
        raise ValueError("two tables share a name: " + ", ".join(sorted(table.name for table in listed)))
    return found
