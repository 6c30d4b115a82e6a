"""A table is fresh by the nights that it has, not by when it was last written."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets.freshness import FRESH, FRESHNESS, NEWEST_NIGHTS, due_night, freshness_check
from orchestration.definitions import NIGHTLY, definitions
from orchestration.night import Place
from orchestration.retailer import load_retailer
from tests.end_to_end.small_shop import RETAILER

MORNING = datetime(2024, 6, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MORNING, date(2024, 6, 3)),
        (MORNING.replace(hour=5), date(2024, 6, 2)),
        (datetime(2024, 1, 1, tzinfo=UTC), date(2024, 6, 1)),
    ],
)
def test_a_night_is_due_by_six_in_the_morning_and_never_before_the_first(now: datetime, due: date) -> None:
    assert due_night(now, first=date(2024, 6, 1)) == due


def test_catching_up_an_old_night_does_not_make_a_table_fresh(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(RETAILER)
    today = datetime.now(UTC).date()
    nights = {"late": [today - timedelta(days=3), today - timedelta(days=30)], "never": [], "fresh": [today, today]}
    keys = {name: dg.AssetKey(["unified", name]) for name in nights}
    with dg.DagsterInstance.ephemeral() as instance:
        for name, made in nights.items():
            for night in made:
                instance.report_runless_asset_event(dg.AssetMaterialization(keys[name], partition=str(night)))
        daily = dg.DailyPartitionsDefinition(start_date="2024-06-01", end_offset=1)
        assets = [dg.AssetSpec(key, partitions_def=daily) for key in keys.values()]
        defs = dg.Definitions(assets=assets, asset_checks=[freshness_check(keys.values(), load_retailer(file))])
        job = defs.resolve_implicit_global_asset_job_def()
        told = job.execute_in_process(instance=instance).get_asset_check_evaluations()
    found = {one.asset_key.path[1]: one for one in told}
    assert {name: one.passed for name, one in found.items()} == {"late": False, "never": False, "fresh": True}
    assert "before the one due: run `habitue night --date" in str(found["late"].description)
    assert found["late"].severity == dg.AssetCheckSeverity.WARN


def test_who_makes_one_table_by_hand_is_told_of_that_one_alone(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(RETAILER)
    keys = [dg.AssetKey(["unified", name]) for name in ("orders", "visits")]
    daily = dg.DailyPartitionsDefinition(start_date="2024-06-01", end_offset=1)
    by_hand = dg.define_asset_job("by_hand", dg.AssetSelection.checks(dg.AssetCheckKey(keys[0], FRESH)))
    defs = dg.Definitions(
        assets=[dg.AssetSpec(key, partitions_def=daily) for key in keys],
        asset_checks=[freshness_check(keys, load_retailer(file))],
        jobs=[by_hand],
    )
    told = defs.resolve_job_def("by_hand").execute_in_process().get_asset_check_evaluations()
    assert [one.asset_key for one in told] == keys[:1]


def test_the_night_does_not_ask_whether_it_is_fresh_and_the_morning_asks_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(RETAILER)
    found = definitions(Place(file, tmp_path, str(tmp_path / "lake")))
    found.get_repository_def().load_all_definitions()
    assert NEWEST_NIGHTS not in {node.name for node in found.resolve_job_def(NIGHTLY).nodes}
    assert [node.name for node in found.resolve_job_def(FRESHNESS).nodes] == [NEWEST_NIGHTS]
