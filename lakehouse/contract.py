"""Whether a frame fits a table, and which columns a table may gain."""

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from lakehouse.errors import ContractBroken
from lakehouse.table import Table


def checked(table: Table, frame: DataFrame) -> DataFrame:
    """The frame with the table's columns in their order.

    Raises: ContractBroken if a column is missing, unknown or of another type.
    """
    wanted, given = _types(table.schema), _types(frame.schema)
    problems = [f"column {name} is missing" for name in wanted if name not in given]
    problems += [f"{n} is {given[n]}, not {wanted[n]}" for n in wanted if n in given and given[n] != wanted[n]]
    extra = [name for name in given if name not in wanted]
    if extra and not table.open_columns:
        problems += [f"column {name} is not declared" for name in extra]
    if problems:
        raise _broken(table, "; ".join(problems), "Change the step that makes the frame, or the table's contract.")
    return frame.select(*wanted, *(f"`{name}`" for name in extra))


def widening(table: Table, stored: T.StructType, new: T.StructType) -> list[T.StructField]:
    """The fields that the stored table has to gain.

    Raises: ContractBroken if a stored column has another type than the new one: that is a migration.
    """
    held = _types(stored)
    changed = [
        f"{f.name} is stored as {held[f.name]} and comes as {f.dataType.simpleString()}"
        for f in new.fields
        if f.name in held and held[f.name] != f.dataType.simpleString()
    ]
    if changed:
        raise _broken(table, "; ".join(changed), "Write a migration in lakehouse/migrations/, or map the column anew.")
    return [field for field in new.fields if field.name not in held]


def _types(schema: T.StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema.fields}


def _broken(table: Table, what: str, next_step: str) -> ContractBroken:
    return ContractBroken(what, where=table.name, still_true="The table is unchanged.", next_step=next_step)
