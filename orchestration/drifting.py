"""models.drift: is tonight like the training, and did what was predicted come true? Told once, as warnings."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features import CUSTOMER_FEATURES
from features.build import History
from features.point_in_time import Snapshot
from models.drift import Finding, drifted, judged, warnings
from models.eligibility import to_score
from models.model import Fitted
from models.realised import came_true, estimated
from models.silence import SOURCES, silent_sources
from models.tables import CUSTOMER_SCORES, DRIFT
from models.training_set import order_feed
from orchestration.night import NightRun
from orchestration.record import NightRecord
from pipelines.tables import CUSTOMER_PROFILE
from quality.gate import GateOutcome


def tonights_drift(
    run: NightRun, history: History, snapshot: Snapshot, scores: DataFrame, models: Mapping[str, Fitted]
) -> tuple[Finding, ...]:
    """Everything that was looked at tonight, the verdict on each champion at the end.

    Reads: scores are tonight's, not written yet; those of earlier nights, and the features of both, from the lake.
    """
    features = run.lake.read(CUSTOMER_FEATURES)
    tonight = features.where(F.col("night") == F.lit(run.night))
    tonight = to_score(tonight, run.lake.read(CUSTOMER_PROFILE), run.retailer.churn)
    found = (
        *silent_sources(history, snapshot),
        *drifted(tonight, scores, models, night=run.night),
        *estimated(scores, night=run.night),
        *_came_true(run, history, snapshot, features, models),
    )
    return (*found, *judged(found, models, SOURCES, night=run.night))


def tell(record: NightRecord, found: Iterable[Finding]) -> None:
    """Note what people must hear: in the night's warnings, and as outcomes that its message tells once."""
    for words, value in warnings(found):
        record.warnings.append(words)
        record.gates.append(GateOutcome(DRIFT.name, words, "warn", 1, 0, "warned", observed=value))


def _came_true(
    run: NightRun, history: History, snapshot: Snapshot, features: DataFrame, models: Mapping[str, Fitted]
) -> Iterator[Finding]:
    """What came true, once any night was scored a horizon ago; those who were merged into others are left out."""
    horizons = {name: fitted.horizon_days for name, fitted in models.items() if name in ("churn", "lifetime_value")}
    oldest = run.night - timedelta(days=min(horizons.values()))
    scored = run.lake.read(CUSTOMER_SCORES).where(F.col("night") <= F.lit(oldest))
    feed = None if scored.isEmpty() else order_feed(history.orders, snapshot)
    if feed is None:
        return
    living = scored.join(run.lake.read(CUSTOMER_PROFILE).select("customer_id"), "customer_id", "left_semi")
    closed = min(feed.end, run.night)
    yield from came_true(
        living, features, history.orders, snapshot, closed=closed, horizons=horizons, churn=run.retailer.churn
    )
