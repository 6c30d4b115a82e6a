"""The Java classes that PySpark names again and again, looked up once."""

from functools import reduce
from typing import Any

from py4j.java_gateway import JavaClass
from pyspark.sql import SparkSession

NAMED_OFTEN = ("functions", "org.apache.spark.sql.functions", "PythonUtils")
"""Names that PySpark asks for as they stand here: for `F.col`, for `F.coalesce`, for a list of columns."""
WALKED_OFTEN = ("io.delta.tables.DeltaTable", "org.apache.spark.sql.delta.DeltaLog")
"""Names that are asked for part by part; Java then looks for a class of every part in every archive."""


def remember_java_names(spark: SparkSession) -> None:
    """Keep what these names mean in Java, for all sessions of the process.

    Source: a second night asked 13,000 times for a class and 9,000 times for one of its functions; the lookups were a
            fifteenth of its processor time in Java. Names set on py4j's view go before its lookup.
    """
    view: Any = spark.sparkContext._jvm
    for name in NAMED_OFTEN:
        _kept(view, name)
    for path in WALKED_OFTEN:
        reduce(_kept, path.split("."), view)


class _Remembered(JavaClass):  # type: ignore[misc]
    """A Java class without static fields, whose functions are looked up once each."""

    def __init__(self, found: JavaClass) -> None:
        super().__init__(found._fqn, found._gateway_client)

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        setattr(self, name, found)
        return found


def _kept(owner: Any, name: str) -> Any:
    """A class or a package of this name, from now on without asking Java."""
    found = getattr(owner, name)
    found = _Remembered(found) if type(found) is JavaClass else found
    setattr(owner, name, found)
    return found
