"""How Spark plans the queries of a night follows from how much it reads, and what the user set stays."""

from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse import spark as built
from lakehouse.spark import CONFIGURATION, SMALL_BYTES, plan_for

PARTITIONS = "spark.sql.shuffle.partitions"


@pytest.fixture
def own_session(spark: SparkSession) -> SparkSession:
    """A session whose settings no other test sees."""
    return spark.newSession()


@pytest.fixture
def began(own_session: SparkSession, monkeypatch: pytest.MonkeyPatch) -> str:
    """The partitions that the session began with, as if nobody had set them."""
    partitions = own_session.sparkContext.getConf().get(PARTITIONS)
    assert partitions is not None
    monkeypatch.setattr(built, "CONFIGURATION", CONFIGURATION | {PARTITIONS: partitions})
    monkeypatch.setattr(built, "ONE_PLAN", {PARTITIONS: f"{partitions}00"})
    return partitions


def test_only_a_night_known_to_be_small_is_planned_in_one_piece(own_session: SparkSession, began: str) -> None:
    for size, partitions in ((SMALL_BYTES, f"{began}00"), (SMALL_BYTES + 1, began), (0, f"{began}00"), (None, began)):
        plan_for(own_session, size)
        assert own_session.conf.get(PARTITIONS) == partitions


def test_what_the_user_set_stays(own_session: SparkSession) -> None:
    set_by_the_user = own_session.sparkContext.getConf().get(PARTITIONS)
    assert set_by_the_user != CONFIGURATION[PARTITIONS]
    for size in (0, None):
        plan_for(own_session, size)
        assert own_session.conf.get(PARTITIONS) == set_by_the_user


def test_column_functions_and_delta_tables_are_looked_up_in_java_once(
    own_session: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def named() -> None:
        F.coalesce(F.col("a"), F.lit(1)).isNull()
        own_session.range(1).select("id", "id")
        DeltaTable.isDeltaTable(own_session, str(tmp_path))

    named()
    asked: list[str] = []
    client = type(own_session.sparkContext._gateway._gateway_client)  # type: ignore[union-attr]
    send = client.send_command

    def heard(self: object, command: str, *more: object) -> object:
        asked.append(command)
        return send(self, command, *more)

    monkeypatch.setattr(client, "send_command", heard)
    named()
    assert asked
    assert [command for command in asked if command.startswith("r\n")] == []
