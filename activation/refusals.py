"""What tools report of people who refused there: asked each night, kept as changes in activation.tool_refusals."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from activation import DESTINATIONS
from activation.circuit import reason
from activation.deliver import destinations
from activation.destination import Refusal, TellsRefusals
from activation.settings import Activation
from activation.tables import TOOL_REFUSALS
from lakehouse.rows import frame_of

REPORTED = "source_contact_id string, channel string, status string, refused_at timestamp"


def reported(activation: Activation, folder: Path) -> Iterator[tuple[str, frozenset[Refusal] | str]]:
    """By destination that can tell it: everybody who stands refused there now, or why that is not known.

    Raises: MissingCredentials.
    """
    telling = {
        name: settings
        for name, settings in activation.destinations.items()
        if issubclass(DESTINATIONS[settings.type], TellsRefusals)
    }
    for name, destination in destinations(activation.model_copy(update={"destinations": telling}), folder).items():
        if isinstance(destination, TellsRefusals):
            try:
                yield name, frozenset(destination.suppressions())
            except Exception as error:  # noqa: BLE001 - the edge: one dead tool does not hold up the night
                yield name, reason(error)


def changed(
    spark: SparkSession, said: Collection[Refusal], known: DataFrame, *, destination: str, source: str, night: date
) -> DataFrame:
    """What is new tonight: who refuses since, and who is not reported any more.

    Grain: as activation.tool_refusals. One that is reported anew after it was lifted is a new refusal.
    Reads: known: activation.tool_refusals, complete.
    """
    rows = [(one.contact_id, one.channel, one.status, one.at) for one in said]
    now = frame_of(spark, rows, REPORTED).withColumn("is_reported", F.lit(True))
    subject = ["source_contact_id", "channel", "status"]
    mine = known.where((F.col("destination") == destination) & (F.col("source") == source))
    newest = mine.groupBy(*subject).agg(F.max_by("is_standing", "night").alias("is_standing"))
    both = now.join(newest, subject, "full")
    stands, told = (F.coalesce(name, F.lit(False)) for name in ("is_standing", "is_reported"))
    columns = {
        "night": F.lit(night),
        "destination": F.lit(destination),
        "source": F.lit(source),
        "is_standing": told,
    }
    return both.where(stands != told).withColumns(columns).select(*TOOL_REFUSALS.column_names)
