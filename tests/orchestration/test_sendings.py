"""Syncs, audiences and destinations in Dagster: one asset each, told by the step that sends, also when it fails."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pyspark.sql import SparkSession

from activation.tables import AUDIENCE_MEMBERS, DELIVERIES, HOLDOUTS
from lakehouse.errors import DeliveryFailed
from lakehouse.nights import NIGHTS_ENDED
from orchestration.assets.activation import selects_strangely
from orchestration.assets.keys import asset_key
from orchestration.assets.sendings import sendings_told, tell_silence
from orchestration.assets.step import Steps, spec, tables_asset
from orchestration.definitions import definitions
from orchestration.night import NightRun, Place
from report.adoption import use_as_json
from tests.activation.builders import rows
from tests.end_to_end.small_shop import FIRST, write_shop
from tests.orchestration.night_runs import night_run
from tests.report.test_adoption import ADOPTED

COUNTS = {
    "destination": "crm", "planned": {"add": 3}, "sent": {"add": 0}, "unchanged": 5, "withheld": 1, "rejected": 0,
    "failed": 3, "dead": 0, "problem": "it does not answer",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake"))


def test_every_sync_audience_and_destination_has_an_asset(place: Place) -> None:
    graph = definitions(place).resolve_asset_graph()
    parents = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
        if key.path[0] in ("syncs", "audiences", "destinations")
    }
    sends = "activation/deliveries"
    assert parents == {
        "syncs/crm_scores": {sends},
        "audiences/everybody": {sends, "activation/audience_members", "activation/holdouts"},
        "destinations/crm": {"syncs/crm_scores"},
        "destinations/newsletter": {"audiences/everybody"},
    }


def test_a_delivery_that_failed_tells_what_the_tool_holds_and_how_old_it_is(spark: SparkSession, place: Place) -> None:
    run = sent_before(spark, place)

    def fails(run: NightRun) -> Any:
        run.record.deliveries["crm_scores"] = COUNTS
        tell_silence(run)
        raise DeliveryFailed("crm: it does not answer", where="here", still_true="All else.", next_step="Repair it.")

    steps = Steps(dg.DailyPartitionsDefinition(start_date=str(FIRST)))
    specs = [spec(DELIVERIES, after=[AUDIENCE_MEMBERS.name, NIGHTS_ENDED.name, HOLDOUTS.name])]
    asset = tables_asset("activation__deliveries", specs, fails, steps, tells=sendings_told)
    known = use_as_json(ADOPTED.audiences["win_back"]) | {"clicked": None}
    run.record.adoption["destinations"] = {"crm": known}
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"night": dg.ResourceDefinition.hardcoded_resource(run)}
        done = dg.materialize(
            [asset], instance=instance, partition_key=str(FIRST), resources=resources, raise_on_error=False
        )
        found = {name: observed(instance, name) for name in ("syncs.crm_scores", "destinations.crm")}
    assert not done.success
    assert {name: found["syncs.crm_scores"][name] for name in ("records held", "failed", "problem")} == {
        "records held": 1,
        "failed": 3,
        "problem": "it does not answer",
    }
    assert [found["destinations.crm"][name] for name in ("records held", "sent", "failed")] == [1, 0, 3]
    used = {"put in within the last 30 days": 500, "messaged": 400, "opened": 200, "unsubscribed": 8}
    assert found["destinations.crm"].items() >= ({"records held": 1} | used).items()
    assert "clicked" not in found["destinations.crm"]
    assert found["destinations.crm"]["last taken"] == "2020-01-01 03:00 UTC"
    assert found["destinations.crm"]["hours since"] > 24
    [warning] = run.record.warnings
    assert warning == "crm is silent: 3 records are due there and none was taken since 2020-01-01"
    assert [gate.rule for gate in run.record.gates if gate.table == DELIVERIES.name] == [warning]


def sent_before(spark: SparkSession, place: Place) -> NightRun:
    """A night of a lake whose CRM took one record years ago."""
    run, at = night_run(spark, place, FIRST), datetime(2020, 1, 1, 3, tzinfo=UTC)
    taken = {
        "delivery_id": "d", "attempt": 1, "night": at.date(), "destination": "crm", "name": "crm_scores",
        "record_key": "contact:crm:1", "operation": "add", "outcome": "acknowledged", "sequence": 1, "sent_at": at,
    }  # fmt: skip
    run.lake.append_once(DELIVERIES, rows(spark, DELIVERIES.schema, [taken]), batch="before")
    return run


def observed(instance: dg.DagsterInstance, name: str) -> dict[str, Any]:
    """What was told of an asset last."""
    told = instance.get_latest_materialization_event(asset_key(name))
    assert told is not None
    assert told.asset_materialization is not None
    assert told.asset_materialization.partition == str(FIRST)
    return {key: value.value for key, value in told.asset_materialization.metadata.items()}


@pytest.mark.parametrize(
    ("refused", "says"),
    [({}, "none of 9 customers: nobody"), ({"staff": 4, "no_consent": 5}, "every one of 9"), ({"staff": 8}, "")],
)
def test_an_audience_of_nobody_or_of_everybody_is_told(refused: dict[str, int], says: str) -> None:
    note = selects_strangely({"members": 0, "held_out": 0, "refused": refused}, 9)
    assert says in note if note else says == ""
