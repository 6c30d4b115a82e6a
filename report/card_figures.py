"""What a model card tells of one version, read from its tables and the registry: figures of groups, never a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from models import tables
from models.predict import gains, is_readable
from models.registry import Registry
from pipelines.tables import MESSAGES, ORDERS
from report import business
from report.business import Coverage, Month
from report.contacts import contacts

NIGHTS = 60
"""Nights of drift that are shown."""


@dataclass(frozen=True)
class Card:
    """One version as the tables and the registry know it.

    Units: gains are shares of what the trees gained, by feature; without counts customers without a score by reason.
    Shape: tests, bins, profit, groups and drift are rows of models.evaluations, .calibration, .profit, .fairness and
           .drift of this version alone; suits of models.suitability on the night of its training. months is the figure
           that the model should move; started is the first night of which anything was sent; unpriced are channels
           without a price that messages were sent on, None where no channel has one.
    """

    model: str
    version: str
    night: date
    about: Mapping[str, str]
    notes: Mapping[str, Any]
    parameters: Mapping[str, str]
    gains: Mapping[str, float]
    tests: Sequence[Row] = ()
    bins: Sequence[Row] = ()
    profit: Sequence[Row] = ()
    groups: Sequence[Row] = ()
    suits: Sequence[Row] = ()
    drift: Sequence[Row] = ()
    without: Mapping[str, int] = field(default_factory=dict)
    months: Sequence[Month] = ()
    started: date | None = None
    coverage: Coverage = field(default_factory=Coverage)
    unpriced: tuple[str, ...] | None = None

    @property
    def horizon_days(self) -> int:
        """How far ahead the version looks."""
        return int(self.about["horizon_days"])

    def newest(self, rows: Sequence[Row]) -> list[Row]:
        """The rows of the newest test."""
        last = max((row["test_night"] for row in rows), default=None)
        return [row for row in rows if row["test_night"] == last]


def read_card(
    lake: Lakehouse,
    registry: Registry,
    model: str,
    version: str,
    *,
    night: date,
    prices: Mapping[str, float] = MappingProxyType({}),
) -> Card:
    """All that is known of a version on this night.

    Units: prices of a contact, by channel.
    Raises: ModelUnusable if the registry does not hold it, or its file is damaged.
    """
    fitted = registry.load(model, version)
    about = next(row for row in registry.versions(model) if row["version"] == version)
    trained = date.fromisoformat(about["night"])

    def tested(table: Table, *order: str) -> list[Row]:
        # With the night, because the versions of a registry that was lost begin at 1 again.
        mine = (F.col("model") == model) & (F.col("version") == version) & (F.col("trained_on") == F.lit(trained))
        return lake.read(table).where(mine).orderBy(F.col("test_night").desc(), *order).collect()

    known = Card(
        model,
        version,
        trained,
        about,
        registry.notes(model, version),
        registry.parameters(model, version),
        gains(fitted) if is_readable(fitted) else {},
        tests=tested(tables.EVALUATIONS, "rival"),
        bins=tested(tables.CALIBRATION, "predictor", "bin"),
        profit=tested(tables.PROFIT, "predictor", "share_contacted"),
        groups=tested(tables.FAIRNESS, "attribute", "customer_group"),
        suits=_suits(lake, model, trained),
        drift=_drift(lake, model, version, trained, night),
        without=_without(lake, night),
    )
    return _with_business(known, lake, night, prices)


def _with_business(card: Card, lake: Lakehouse, night: date, prices: Mapping[str, float]) -> Card:
    """The card with the figure that its model should move, what contacts cost, and how far scores reach."""
    paid = contacts(lake.read(MESSAGES), prices, night)
    return replace(
        card,
        months=business.course(lake.read(ORDERS), card.model, night, paid),
        started=business.started(lake),
        coverage=business.coverage(lake, night),
        unpriced=paid.unpriced if paid else None,
    )


def _suits(lake: Lakehouse, model: str, trained: date) -> list[Row]:
    mine = (F.col("model") == model) & (F.col("night") == F.lit(trained))
    return lake.read(tables.SUITABILITY).where(mine).orderBy("check").collect()


def _drift(lake: Lakehouse, model: str, version: str, trained: date, night: date) -> list[Row]:
    since = max(trained, night - timedelta(days=NIGHTS))
    mine = (F.col("model") == model) & (F.col("version") == version) & F.col("night").between(since, night)
    return lake.read(tables.DRIFT).where(mine).orderBy("night").collect()


def _without(lake: Lakehouse, night: date) -> dict[str, int]:
    tonight = lake.read(tables.CUSTOMER_SCORES).where(
        (F.col("night") == F.lit(night)) & F.col("no_score_reason").isNotNull()
    )
    counted = tonight.groupBy("no_score_reason").count().orderBy(F.col("count").desc()).collect()
    return {row["no_score_reason"]: row["count"] for row in counted}
