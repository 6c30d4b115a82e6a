"""Deliveries that are tables: a database through JDBC, a Delta table. Their rows as a numbered frame with a hash."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from pipelines.mapping import Jdbc
from pipelines.raw import WHERE_FROM, stored_name
from pipelines.readers.refusal import refused
from pipelines.staging import localised

OURS = frozenset(column.name for column in WHERE_FROM)
Credentials = Callable[..., str]
"""Gives the value of an environment variable: credentials(name, where=...)."""


def database_rows(spark: SparkSession, jdbc: Jdbc, *, credentials: Credentials, where: str) -> DataFrame:
    """The rows of the table or query, not read yet; times without zone stay so.

    Raises: DeliveryRefused if the database does not answer or does not know the table; MissingCredentials.
    """
    address = jdbc.url or credentials(jdbc.url_env, where=where)
    options = {"url": address, "preferTimestampNTZ": "true", "fetchsize": "10000"}
    # The driver's archive comes with `spark.jars`, where Java's DriverManager does not look by itself.
    options |= {"driver": "org.postgresql.Driver"} if address.startswith("jdbc:postgresql:") else {}
    options |= {"dbtable": jdbc.table} if jdbc.table else {"query": jdbc.query or ""}
    options |= {"user": jdbc.user} if jdbc.user else {}
    if jdbc.credentials:
        options["password"] = credentials(jdbc.credentials, where=where)
    try:
        return spark.read.format("jdbc").options(**options).load()
    except (Py4JJavaError, PySparkException) as failure:
        raise unreadable(failure, where=where) from None


def delta_rows(spark: SparkSession, location: str, *, landing: Path, where: str) -> DataFrame:
    """The rows of the Delta table, not read yet; a relative path lies below the landing folder.

    Raises: DeliveryRefused if there is no Delta table.
    """
    path = location if "://" in location or location.startswith("/") else str(landing / location)
    try:
        return spark.read.format("delta").load(path)
    except AnalysisException:
        fix = "Correct `delta`, or let the source write its table first."
        raise refused(f"there is no Delta table at {location}", file_name=where, fix=fix) from None


def not_taken(frame: DataFrame, jdbc: Jdbc, *, taken: DataFrame | None, timezone: str) -> DataFrame:
    """The rows above the highest watermark that was taken, and those equal to it that were not.

    A row may be written with the very watermark that was the highest when the table was last read. So rows are read
    from that value on, and of those with the same content in every column as many are left out as were taken. A row
    that was changed under that watermark has another content and comes again. One without a watermark, or written
    later with a lower one, is not seen: that is what `whole: true` is for.

    Reads:  frame without the columns that are dropped; taken under the delivered names.
    Units:  what was taken holds instants; the database's own time without zone is compared in the source's zone.
    """
    if jdbc.watermark is None or taken is None:
        return frame
    name, kind = jdbc.watermark, frame.select(f"`{jdbc.watermark}`").schema[0].dataType
    highest = F.max(f"`{name}`")
    local = F.from_utc_timestamp(highest, timezone) if kind.typeName() == "timestamp_ntz" else highest
    found = taken.select(highest.cast("string").alias("stored"), local.cast("string").alias("there")).first()
    if found is None or found["there"] is None:
        return frame
    from_there_on = frame.where(F.col(f"`{name}`") >= F.lit(found["there"]).cast(kind))
    at_the_edge = taken.where(F.col(f"`{name}`") == F.lit(found["stored"]).cast(taken.schema[name].dataType))
    return _without(from_there_on, at_the_edge, timezone=timezone)


def _without(frame: DataFrame, taken: DataFrame, *, timezone: str) -> DataFrame:
    """The rows of the frame, each content less often by as often as it was taken."""
    rows = localised(frame, timezone=timezone)
    rows = rows.withColumn("_content", _content(rows))
    times = taken.groupBy(_content(taken).alias("_content")).agg(F.count("*").alias("_times"))
    nth = F.row_number().over(Window.partitionBy("_content").orderBy("_content"))
    counted = rows.withColumn("_nth", nth).join(times, "_content", "left")
    return counted.where(F.col("_nth") > F.coalesce("_times", F.lit(0))).drop("_content", "_nth", "_times")


def _content(rows: DataFrame) -> Column:
    """The delivered values of a row as text; a column that a table gained later counts once it has a value."""
    delivered = sorted((stored_name(name).lower(), name) for name in rows.columns if name not in OURS)
    values = F.struct(*(F.col(f"`{name}`").alias(stored) for stored, name in delivered))
    return F.to_json(values, {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"})


def numbered(frame: DataFrame, *, timezone: str) -> DataFrame:
    """The frame under the names that Delta can store, times as instants, with `_row_number` from 1 and `_corrupt`.

    Reads:  a persisted frame: the numbers follow its partitions.
    """
    kept = localised(frame.toDF(*map(stored_name, frame.columns)), timezone=timezone)
    counts = kept.groupBy(F.spark_partition_id().alias("partition")).count().orderBy("partition").collect()
    before, offsets = 0, []
    for row in counts:
        offsets += [F.lit(row["partition"]), F.lit(before)]
        before += row["count"]
    offset = F.create_map(*offsets)[F.spark_partition_id()] if offsets else F.lit(0)
    within = F.monotonically_increasing_id().bitwiseAND(F.lit(2**33 - 1))
    number = (within + offset + 1).cast("bigint")
    return kept.withColumns({"_row_number": number, "_corrupt": F.lit(None).cast("string")})


def content_hash(frame: DataFrame) -> tuple[str, int]:
    """A hash of the rows that does not depend on their order, and their number."""
    digest = F.xxhash64(*[F.to_json(F.struct(F.col(f"`{name}`"))) for name in sorted(frame.columns)])
    total = frame.select(digest.cast("decimal(38,0)").alias("digest"))
    row = total.agg(F.count("*").alias("rows"), F.sum("digest").alias("sum"), F.expr("bit_xor(cast(digest as bigint))"))
    found = row.collect()[0]
    return hashlib.sha256(repr((sorted(frame.columns), *found)).encode()).hexdigest(), int(found["rows"])


def unreadable(failure: Exception, *, where: str) -> Exception:
    """The refusal for a database that does not answer as asked; its own words without values."""
    cause = str(failure).splitlines()[0][:200]
    with suppress(AttributeError):
        cause = str(failure.java_exception.getMessage()).splitlines()[0][:200]  # type: ignore[attr-defined]
    fix = "Check address, user, table and watermark of `jdbc`, and that the database runs; then run the night again."
    return refused(f"the database does not answer as asked ({cause})", file_name=where, fix=fix)
