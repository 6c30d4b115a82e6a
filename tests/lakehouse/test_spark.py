"""How Spark plans the queries of a night follows from how much it reads, and what the user set stays."""

import pytest
from pyspark.sql import SparkSession

from lakehouse import spark as built
from lakehouse.spark import CONFIGURATION, SMALL_BYTES, plan_for

PARTITIONS = "spark.sql.shuffle.partitions"


@pytest.fixture
def own_session(spark: SparkSession) -> SparkSession:
    """A session whose settings no other test sees."""
    return spark.newSession()


@pytest.mark.parametrize(("size", "partitions"), [(SMALL_BYTES, "1"), (SMALL_BYTES + 1, "2"), (None, "2")])
def test_only_a_night_known_to_be_small_is_planned_in_one_partition(
    own_session: SparkSession, monkeypatch: pytest.MonkeyPatch, size: int | None, partitions: str
) -> None:
    began = dict(own_session.sparkContext.getConf().getAll())
    monkeypatch.setattr(built, "CONFIGURATION", CONFIGURATION | {PARTITIONS: began[PARTITIONS]})
    plan_for(own_session, size)
    assert own_session.conf.get(PARTITIONS) == partitions


def test_a_large_night_after_a_small_one_is_planned_as_large(
    own_session: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "CONFIGURATION", CONFIGURATION | {PARTITIONS: "2"})
    plan_for(own_session, 0)
    plan_for(own_session, None)
    assert own_session.conf.get(PARTITIONS) == "2"


def test_what_the_user_set_stays(own_session: SparkSession) -> None:
    assert own_session.sparkContext.getConf().get(PARTITIONS) != CONFIGURATION[PARTITIONS]
    plan_for(own_session, 0)
    assert own_session.conf.get(PARTITIONS) == "2"
