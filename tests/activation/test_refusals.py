"""What tools report becomes changes: each refusal once, and again after it was lifted."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from activation import DESTINATIONS
from activation.destination import DestinationSettings, Refusal
from activation.destinations.csv_file import CsvFile
from activation.refusals import changed, reported
from activation.tables import TOOL_REFUSALS
from lakehouse.errors import DestinationUnavailable
from lakehouse.rows import frame_of
from tests.activation.builders import NIGHT, activation

SAID = datetime(2026, 2, 27, 9, tzinfo=UTC)
ANN, BEN = Refusal("1", "email", "withdrawn", None), Refusal("2", "email", "undeliverable", SAID)


def told(spark: SparkSession, *nights: frozenset[Refusal]) -> list[tuple[date, str, str, datetime | None, bool]]:
    """The changes of nights that follow one another."""
    known: DataFrame = frame_of(spark, [], TOOL_REFUSALS.schema)
    for number, said in enumerate(nights):
        night = NIGHT + timedelta(days=number)
        more = changed(spark, said, known, destination="newsletter", source="crm", night=night)
        known = known.unionByName(more).localCheckpoint()
    rows = known.orderBy("night", "source_contact_id").collect()
    assert {(row["destination"], row["source"], row["channel"]) for row in rows} <= {("newsletter", "crm", "email")}
    return [
        (row["night"], row["source_contact_id"], row["status"], row["refused_at"], row["is_standing"]) for row in rows
    ]


def test_a_refusal_is_kept_once_with_its_time_where_the_tool_has_one(spark: SparkSession) -> None:
    both = frozenset({ANN, BEN})
    assert told(spark, both, both) == [
        (NIGHT, "1", "withdrawn", None, True),
        (NIGHT, "2", "undeliverable", SAID.replace(tzinfo=None), True),
    ]


def test_who_refuses_again_after_it_was_lifted_has_refused_anew(spark: SparkSession) -> None:
    found = told(spark, frozenset({ANN}), frozenset(), frozenset(), frozenset({ANN}))
    assert [(night, standing) for night, *_, standing in found] == [
        (NIGHT, True),
        (NIGHT + timedelta(days=1), False),
        (NIGHT + timedelta(days=3), True),
    ]


def test_another_destination_says_nothing_of_this_one(spark: SparkSession) -> None:
    held = {"night": NIGHT, "destination": "other", "source": "crm", "source_contact_id": "1", "channel": "email"}
    row = held | {"status": "withdrawn", "refused_at": None, "is_standing": True}
    known = frame_of(spark, [tuple(row[name] for name in TOOL_REFUSALS.column_names)], TOOL_REFUSALS.schema)
    assert changed(spark, (), known, destination="newsletter", source="crm", night=NIGHT).count() == 0


class Telling(CsvFile):
    """A destination that reports one refusal."""

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "Telling":
        return cls(folder)

    def suppressions(self) -> Iterable[Refusal]:
        return [ANN]


class Dead(Telling):
    """A destination that does not answer."""

    def suppressions(self) -> Iterable[Refusal]:
        raise DestinationUnavailable("it gives no answer in time", where="tool", still_true="-", next_step="-")


@pytest.mark.parametrize(
    ("kind", "said"),
    [(Telling, {"newsletter": frozenset({ANN})}), (Dead, {"newsletter": "it gives no answer in time"}), (CsvFile, {})],
)
def test_who_can_tell_is_asked_and_a_dead_tool_is_a_reason(
    kind: type[CsvFile], said: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = activation()
    entry = settings.destinations["newsletter"].model_copy(update={"type": "telling"})
    settings = settings.model_copy(update={"destinations": settings.destinations | {"newsletter": entry}})
    monkeypatch.setitem(DESTINATIONS, "telling", kind)
    assert dict(reported(settings, tmp_path)) == said
