"""A night as its steps see it, without Dagster and without a lock."""

from datetime import date

from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse, NightStart
from models.registry import Registry
from orchestration.night import NightRun, Place
from orchestration.record import NightRecord
from orchestration.retailer import load_retailer


def night_run(spark: SparkSession, place: Place, night: date) -> NightRun:
    """A night of a lake where no table stood when it began."""
    return NightRun(
        place=place,
        retailer=load_retailer(place.retailer_file),
        lake=Lakehouse(place.lake, spark).for_night(NightStart(night)),
        night=night,
        key="secret",
        registry=Registry(place.state),
        send=False,
        rebuild_from=None,
        record=NightRecord(),
    )
