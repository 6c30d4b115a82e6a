"""One Spark session for the whole run, built by production code; a fresh lake for each test that asks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.settings import settings
from lakehouse.spark import spark_session

# Five rows are read before a query is compiled: interpreted, the same suite takes half the time.
SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
# A busy machine is no reason to fail, and two runs of one commit try the same examples.
hypothesis_settings.register_profile(
    "habitue", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("habitue")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """The session of the run."""
    small = replace(settings(), spark_master="local[2]", spark_memory="2g")
    session = spark_session(small, SMALL)
    yield session
    session.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lakehouse:
    """An empty lake in a folder of its own."""
    return Lakehouse(str(tmp_path / "lake"), spark)
