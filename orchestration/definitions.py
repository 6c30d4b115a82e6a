"""What Dagster sees: one asset per table, by layer; the night at 02:00, its check at 06:05, training on
Sundays and, at most once a week more, where a champion is in doubt. Hours are those of the retailer's time zone."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from activation.tables import DELIVERIES
from lakehouse.errors import WrongCall
from lakehouse.settings import settings
from orchestration.assets.activation import activation_assets
from orchestration.assets.conformed import conformed_assets
from orchestration.assets.freshness import FRESHNESS, HOUR, freshness_check
from orchestration.assets.keys import asset_key, table_name
from orchestration.assets.ops import ops_assets
from orchestration.assets.raw import files_asset, raw_assets
from orchestration.assets.retraining import retraining_sensor
from orchestration.assets.scores import score_assets
from orchestration.assets.sendings import sending_specs
from orchestration.assets.step import Steps
from orchestration.assets.training import MADE, training_assets
from orchestration.assets.unified import unified_assets
from orchestration.lineage import lineage_of
from orchestration.night import Place
from orchestration.record import NightRecord
from orchestration.resources import lake_resource, night_resource
from orchestration.retailer import Retailer, load_retailer
from quality.rule_check import references

NIGHTLY = "nightly"
TRAINING = "training"
CRON = {TRAINING: "0 5 * * 0", FRESHNESS: f"5 {HOUR} * * *"}
TRAINED = dg.AssetSelection.assets(*(asset_key(table.name) for table in MADE))


def definitions(place: Place, record: NightRecord | None = None, *, automatic: bool = False) -> dg.Definitions:
    """Assets, jobs and schedules of one retailer; `record` collects what a run in this process does.

    Units: automatic switches schedules and sensor on where nobody switched them off; else nothing starts by itself.
    """
    retailer = load_retailer(place.retailer_file)
    nights = dg.DailyPartitionsDefinition(
        start_date=retailer.first_night.isoformat(), timezone=retailer.timezone, end_offset=1
    )
    steps = Steps(nights, references(retailer.rules), lineage_of(retailer))
    asked, decided, sent = activation_assets(steps)
    made = [
        asked,
        *raw_assets(retailer, steps),
        files_asset(retailer, steps),
        *conformed_assets(retailer, steps),
        *unified_assets(retailer, steps),
        *score_assets(steps),
    ]
    tables = [table_name(key) for asset in (*made, decided) for key in asset.keys]
    nights_assets = [*made, decided, *ops_assets(tables, steps), sent]
    fresh = freshness_check({key for asset in nights_assets for key in asset.keys}, retailer)
    checked = dg.AssetSelection.checks(fresh)
    jobs = _jobs(checked)
    return dg.Definitions(
        assets=[*owned([*nights_assets, *training_assets()], retailer), *_outside(retailer, nights)],
        asset_checks=[fresh],
        resources={"night": night_resource(place, record), "lake": lake_resource(place, record)},
        jobs=jobs,
        sensors=[retraining_sensor(place, TRAINING, automatic=automatic)],
        schedules=_schedules(jobs[0], timezone=retailer.timezone, automatic=automatic),
    )


def _jobs(checked: dg.AssetSelection) -> list[Any]:
    """The night first, then training and freshness."""
    night = dg.AssetSelection.all() - TRAINED - checked
    parts = (
        (NIGHTLY, night, "One night: from the landing folder to the marketer."),
        (TRAINING, TRAINED, "Learns every model anew; what surely beats its baseline and the champion scores then."),
        (FRESHNESS, checked, "Looks whether every table has the night that it should have by now."),
    )
    return [
        dg.define_asset_job(name, selection, description=words, executor_def=dg.in_process_executor)
        for name, selection, words in parts
    ]


def _schedules(nightly: Any, *, timezone: str, automatic: bool) -> list[Any]:
    """When each job begins by itself."""
    status = dg.DefaultScheduleStatus.RUNNING if automatic else dg.DefaultScheduleStatus.STOPPED
    return [
        dg.build_schedule_from_partitioned_job(nightly, hour_of_day=2, default_status=status),
        *(
            dg.ScheduleDefinition(job_name=job, cron_schedule=cron, execution_timezone=timezone, default_status=status)
            for job, cron in CRON.items()
        ),
    ]


def owned(assets: Iterable[dg.AssetsDefinition], retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets with the owner that the retailer file gives each table."""

    def with_owner(asset: dg.AssetSpec) -> dg.AssetSpec:
        return _owned_by(asset, retailer.owner(table_name(asset.key)))

    return [asset.map_asset_specs(with_owner) for asset in assets]


def _outside(retailer: Retailer, nights: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """What stands in the tools, with the owner of the deliveries."""
    return [_owned_by(one, retailer.owner(DELIVERIES.name)) for one in sending_specs(retailer, nights)]


def _owned_by(asset: dg.AssetSpec, owner: str) -> dg.AssetSpec:
    """The asset with an owner as Dagster writes one."""
    return asset.replace_attributes(owners=[owner if "@" in owner else f"team:{owner}"])


@dg.definitions
def of_environment() -> dg.Definitions:
    """The definitions of the retailer, landing folder and lake that HABITUE_* name: how `habitue ui` loads this page.

    Raises: WrongCall if one of them is not set.
    """
    here = settings()
    if here.retailer_file is None or here.landing is None or here.lake is None:
        raise WrongCall(
            "HABITUE_RETAILER, HABITUE_LANDING and HABITUE_LAKE name what Dagster shows, and one is not set",
            where="orchestration.definitions",
            still_true="Nothing was started.",
            next_step="Start Dagster with `habitue ui --retailer FILE --landing DIR --lake DIR`.",
        )
    return definitions(Place(here.retailer_file, here.landing, here.lake), automatic=here.automatic)
