"""The one place that builds a SparkSession, for production and for tests alike."""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow
from pyspark.sql import SparkSession

from lakehouse.errors import WrongCall
from lakehouse.java_names import remember_java_names
from lakehouse.settings import Settings, prepare_environment

QUIET = f"-Dlog4j2.configurationFile=file:{Path(__file__).with_name('log4j2.properties')}"
"""Java option that keeps Spark's own log to errors."""

JVM = (
    "-XX:+UseParallelGC -XX:MetaspaceSize=768m -XX:ReservedCodeCacheSize=512m"
    " -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
    " -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
    " -XX:MaxInlineLevel=9 -XX:MaxInlineSize=25 -XX:FreqInlineSize=150 -XX:InlineSmallCode=1000 -XX:LoopUnrollLimit=20"
)
"""Java options of a night on few cores: a third of its processor time went into optimising code that ran once.

Later, and with less code copied into other code: measured on 2 cores, a first night took 254 processor seconds instead
of 283, of which the optimising compiler 35 instead of 60.
"""

# Source: measured on 2 to 4 cores; AQE off with 200 partitions was five times slower.
CONFIGURATION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    # One task for a small file or log: every task builds its own projections, which costs more than reading.
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.files.maxPartitionBytes": "32m",
    # Each small sort, hash table and broadcast takes one page: of 64 MB by default on a heap of 4 GB.
    "spark.buffer.pageSize": "4m",
    # A night makes thousands of different small pieces of code; of a thousand kept, each was made again and again.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # What a web page that is off would show of past queries, kept in memory.
    "spark.sql.ui.retainedExecutions": "5",
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "200",
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
    "spark.databricks.delta.schema.autoMerge.enabled": "false",
    # A fifth of a small night went into describing plans to a web page that is off, as much into skipping files.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "1000",
    "spark.databricks.delta.stats.skipping": "false",
    # To name the line of Python behind every column, for error messages: 1.3 ms and seven calls of Java each.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.dataFrameQueryContext.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": f"{QUIET} {JVM}",
}


def spark_session(settings: Settings, extra: Mapping[str, str] | None = None) -> SparkSession:
    """The Spark session of this process with Delta tables; a second call returns the same one.

    Raises: WrongCall if the Delta jars are not in the jars folder.
    """
    jars = _jars(settings.jars_folder)
    prepare_environment(settings.java_home, sys.executable)
    # Arrow's own allocator takes huge pages: to clear them took half of the time of reading a million records.
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    builder = SparkSession.builder.appName("habitue").master(settings.spark_master)
    options = CONFIGURATION | {"spark.driver.memory": settings.spark_memory, "spark.jars": jars}
    for name, value in (options | _from_file(settings.spark_conf_file) | dict(extra or {})).items():
        builder = builder.config(name, value)
    # PySpark logs every refused expression, with its text, beside raising it.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    session: SparkSession = builder.getOrCreate()
    remember_java_names(session)
    return session


SMALL_BYTES = 256 << 20
ONE_PLAN = {"spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": "1"}


def plan_for(spark: SparkSession, size: int | None) -> None:
    """Have the queries of a small night planned once, in one partition, and those of a larger one while they run.

    Units:  size in bytes of all that the night may read; None: not known, which counts as large.
    Source: measured on 2 cores: a second night of 10,000 customers (110 MB) took 173 s planned once and 190 s planned
            while it ran. What HABITUE_SPARK_CONF sets stays.
    """
    began, small = spark.sparkContext.getConf(), size is not None and size <= SMALL_BYTES
    for name, once in ONE_PLAN.items():
        if began.get(name) == CONFIGURATION[name]:
            spark.conf.set(name, once if small else CONFIGURATION[name])


def lenient(spark: SparkSession) -> SparkSession:
    """A child session in which a value that cannot be parsed becomes null instead of stopping the job.

    Source: Spark 4 has ANSI mode on: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html
    """
    child = spark.newSession()
    child.conf.set("spark.sql.ansi.enabled", "false")
    return child


def _jars(folder: Path) -> str:
    found = sorted(str(path) for path in folder.glob("*.jar"))
    if any("delta-spark" in path for path in found):
        return ",".join(found)
    raise WrongCall(
        "the Delta jars are missing",
        where=str(folder),
        still_true="Nothing was started.",
        next_step="Run `make setup` in the project's folder.",
    )


def _from_file(path: Path | None) -> dict[str, str]:
    """Spark properties of a file with one `name value` a line, as spark-defaults.conf."""
    if path is None:
        return {}
    lines = [line.split(None, 1) for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]
    return {name: value.strip() for name, value in lines}
