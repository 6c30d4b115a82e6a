"""Whether every table has the night that it should have by now: a check per table, asked every morning.

Shape: Dagster's own freshness policies look at the latest event of an asset, so that catching up an old night would
       turn them green; its partition checks are superseded. What counts here is the newest night of the table.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.retailer import Retailer

FRESH = "fresh"
FRESHNESS = "freshness"
NEWEST_NIGHTS = "newest_nights"
"""The op beside the job FRESHNESS: Dagster refuses one name for both."""
HOUR = 6
"""By this hour of the retailer's day the night that begins at two has ended."""


def freshness_check(keys: Iterable[dg.AssetKey], retailer: Retailer) -> dg.AssetChecksDefinition:
    """The check `fresh` of every table that a night makes; it warns, and starts nothing."""
    asked = sorted(keys)

    @dg.multi_asset_check(
        name=NEWEST_NIGHTS,
        specs=[
            dg.AssetCheckSpec(FRESH, asset=key, description="The newest night is the last one due") for key in asked
        ],
        # A run that makes a few assets by hand asks for the checks of these alone.
        can_subset=True,
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        due = due_night(datetime.now(ZoneInfo(retailer.timezone)), first=retailer.first_night)
        for key in sorted(one.asset_key for one in context.selected_asset_check_keys):
            yield _judged(key, max(context.instance.get_materialized_partitions(key), default=None), due)

    return check


def due_night(now: datetime, *, first: date) -> date:
    """The newest night that should be there at a moment of the retailer's day."""
    today = now.date() if now.hour >= HOUR else now.date() - timedelta(days=1)
    return max(today, first)


def _judged(key: dg.AssetKey, newest: str | None, due: date) -> dg.AssetCheckResult:
    is_fresh = newest is not None and newest >= due.isoformat()
    behind = (due - date.fromisoformat(newest)).days if newest and not is_fresh else 0
    late = f"the newest night is {newest}, {behind} before the one due" if newest else "no night was ever made"
    return dg.AssetCheckResult(
        passed=is_fresh,
        severity=dg.AssetCheckSeverity.WARN,
        asset_key=key,
        check_name=FRESH,
        description=f"the night of {newest} is there" if is_fresh else f"{late}: run `habitue night --date {due}`",
        metadata={"newest night": newest or "none", "night due": due.isoformat(), "nights behind": behind},
    )
