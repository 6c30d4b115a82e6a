"""models.champions: which version scored from when on, by whose decision."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Literal

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from models.tables import CHAMPIONS

What = Literal["promoted", "rolled_back"]


@dataclass(frozen=True)
class Change:
    """One change of the version in use, in the order of the columns of models.champions."""

    night: date
    model: str
    version: str
    from_version: str
    what: What
    who: str
    why: str
    decided_at: datetime


def record(lake: Lakehouse, changes: Sequence[Change]) -> None:
    """Append the changes; a second time changes nothing."""
    for change in changes:
        frame = frame_of(lake.spark, [astuple(change)], CHAMPIONS.schema)
        batch = f"{change.model} {change.what} {change.version} {change.decided_at.isoformat()}"
        lake.append_once(CHAMPIONS, frame.coalesce(1), batch=batch)


def changes(lake: Lakehouse, model: str) -> tuple[Change, ...]:
    """Every change of that model, the oldest first."""
    rows = lake.read(CHAMPIONS).where(f"model = '{model}'").orderBy("decided_at").collect()
    return tuple(Change(*(row[name] for name in CHAMPIONS.column_names)) for row in rows)


def since(found: Sequence[Change], version: str) -> Change | None:
    """The change by which the version last came into use; None where it was never recorded."""
    return next((change for change in reversed(found) if change.version == version), None)


def before(found: Sequence[Change], version: str) -> str | None:
    """The version that scored before this one was promoted; None where that was never recorded."""
    promoted = [change for change in found if change.what == "promoted" and change.version == version]
    return promoted[-1].from_version if promoted else None


def were_champion(found: Sequence[Change]) -> set[str]:
    """The versions that were ever in use, as far as is recorded."""
    return {version for change in found for version in (change.version, change.from_version) if version}
