"""ops.nights_ended: the night ran to its end; housekeeping of the lake."""

from collections.abc import Iterable, Sequence

import dagster as dg

from lakehouse.maintenance import maintain
from lakehouse.nights import NIGHTS_ENDED, end_night
from orchestration.assets.step import Steps, spec, tables_asset
from orchestration.night import NightRun
from orchestration.tables import all_tables
from quality.publish import Published


def ops_assets(after: Iterable[str], steps: Steps) -> list[dg.AssetsDefinition]:
    """The end of the night, after every table but the deliveries: a dead tool must not hold up tomorrow's data."""
    return [tables_asset("ops__nights_ended", [spec(NIGHTS_ENDED, after=after, group="activation")], _ended, steps)]


def _ended(run: NightRun) -> Sequence[Published]:
    maintain(run.lake, all_tables(run.retailer), run.night)
    end_night(run.lake, run.night)
    version, total = run.lake.version(NIGHTS_ENDED), run.lake.rows(NIGHTS_ENDED)
    return [Published(NIGHTS_ENDED.name, 1, {}, 0, (), version, (), total)]
