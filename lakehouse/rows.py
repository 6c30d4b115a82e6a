"""Rows that this process holds, as a frame: by Arrow, because a list of tuples is read again by Python workers."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema


def frame_of(spark: SparkSession, rows: Iterable[Sequence[Any]], schema: T.StructType | str) -> DataFrame:
    """The rows, each with a value per column of the schema; moments carry a time zone.

    Units: schema may be written as DDL: `name string, rows bigint`.
    Raises: pyarrow.ArrowInvalid, ArrowTypeError where a value is not of its column's type.
    """
    types = cast("T.StructType", T.StructType.fromDDL(schema)) if isinstance(schema, str) else schema
    fields = to_arrow_schema(types)
    held = list(rows)
    columns = [pa.array([row[place] for row in held], type=field.type) for place, field in enumerate(fields)]
    return spark.createDataFrame(pa.Table.from_arrays(columns, schema=fields), types)
