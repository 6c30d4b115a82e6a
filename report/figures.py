"""What the page shows, counted in Spark: only sums and names of groups leave it, never a row about a person."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from models import MODELS
from models import tables as models
from models.churn import CHURN
from models.moves import ENTERED
from pipelines.reconciliation import RECONCILIATION
from report.plots import round_step

BANDS = ("high", "medium", "low")


@dataclass(frozen=True)
class Delivered:
    """What became of the rows of one delivery as one entity.

    Units: delivered rows.
    """

    source: str
    delivery: str
    entity: str
    files: int
    delivered: int
    repeats: int
    left_out: int
    rejected: int
    published: int


@dataclass(frozen=True)
class Segment:
    """A segment with its size and what is expected of it.

    Units: value is the mean expected net spend; actual the mean of what was spent in as many days before, and orders
           that of the expected orders, None where no score of the night tells it.
    """

    name: str
    description: str
    customers: int
    churn_probability: float
    value: float
    actual: float | None = None
    orders: float | None = None


@dataclass(frozen=True)
class Moves:
    """How customers changed segment on the nights up to this one.

    Units: moves counts customers by (from, to), who stayed left out, over `nights` nights whose segments were the same
           as the night before; stayed and moved are those of this night alone; relearned is the last night on which
           segments were learned anew.
    """

    moves: tuple[tuple[str, str, int], ...] = ()
    nights: int = 0
    stayed: int = 0
    moved: int = 0
    relearned: str = ""


@dataclass(frozen=True)
class Scores:
    """The scores of a night in groups.

    Units: bands counts customers by (churn band, value band); step is the width of a column of values, of which the
           last holds everything above; versions as VERSION names them.
    """

    scored: int = 0
    segments: tuple[Segment, ...] = ()
    bands: tuple[tuple[str, str, int], ...] = ()
    values: tuple[int, ...] = ()
    step: float = 0.0
    versions: tuple[tuple[Any, ...], ...] = ()
    without: tuple[tuple[str, int], ...] = ()


def files_in(lake: Lakehouse, night: str) -> list[Row]:
    """Every file of the night by entity, with what became of its rows; as many rows as files and mappings."""
    table = _of_night(lake, RECONCILIATION, night)
    sums = [F.sum(name).alias(name) for name in ("delivered", "repeats", "left_out", "rejected", "published")]
    return table.groupBy("source", "delivery", "entity", "file_sha256").agg(*sums).collect()


def by_delivery(files: Iterable[Row]) -> list[Delivered]:
    """What the files held, by delivery and entity."""
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for file in files:
        found[file["source"], file["delivery"], file["entity"]].append(file)
    names = ("delivered", "repeats", "left_out", "rejected", "published")
    return [
        Delivered(*key, len(of), *(sum(f[name] for f in of) for name in names)) for key, of in sorted(found.items())
    ]


def rows_in(files: Iterable[Row]) -> dict[str, int]:
    """Delivered rows by source; a file that feeds two entities counts once."""
    once = {(file["source"], file["delivery"], file["file_sha256"]): file["delivered"] for file in files}
    found: dict[str, int] = defaultdict(int)
    for (source, _, _), rows in sorted(once.items()):
        found[source] += rows
    return dict(found)


def scores(lake: Lakehouse, night: str) -> Scores:
    """The night's scores in groups; empty where there are none."""
    table = _of_night(lake, models.CUSTOMER_SCORES, night)
    step = _step(table)
    groups = _groups(table, step)
    scored = [row for row in groups if row["no_score_reason"] is None]
    return Scores(
        scored=sum(row["customers"] for row in scored),
        segments=_segments(lake, scored) if scored else (),
        bands=tuple((*bands, rows) for bands, rows in _counts(scored, "churn_band", "value_band").items()),
        values=_columns(scored),
        step=step,
        versions=tuple(dict.fromkeys(tuple(row[name] for name in VERSION) for row in scored)),
        without=tuple(
            (reason, rows) for (reason,), rows in _counts(groups, "no_score_reason").items() if reason is not None
        ),
    )


def moves(lake: Lakehouse, night: str) -> Moves:
    """Moves between segments in the MOVES_NIGHTS nights up to this one."""
    last = F.lit(night).cast("date")
    within = F.col("night").between(F.date_sub(last, MOVES_NIGHTS - 1), last)
    rows = lake.read(models.SEGMENT_MOVES).where(within).orderBy("night", "from_segment_id", "to_segment_id").collect()
    anew = {row["night"] for row in rows if row["is_new_version"]}
    # A first night, on which everybody enters, moved nobody.
    comparable = {row["night"] for row in rows if row["from_segment_id"] != ENTERED} - anew
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["night"] in comparable and row["from_segment_id"] != row["to_segment_id"]:
            counted[row["from_segment"], row["to_segment"]] += row["customers_count"]
    tonight = [row for row in rows if str(row["night"]) == night and row["night"] in comparable]
    stayed = sum(row["customers_count"] for row in tonight if row["from_segment_id"] == row["to_segment_id"])
    return Moves(
        tuple((*pair, count) for pair, count in sorted(counted.items())),
        len(comparable),
        stayed,
        sum(row["customers_count"] for row in tonight) - stayed,
        str(max(anew)) if anew else "",
    )


def evaluations(lake: Lakehouse) -> list[Row]:
    """The newest training's tests of every model, window by window and rival by rival."""
    newest = F.max("trained_on").over(Window.partitionBy("model"))
    table = lake.read(models.EVALUATIONS).withColumn("newest", newest).where("trained_on = newest")
    return table.orderBy("model", "test_night", "rival").collect()


def suitability(lake: Lakehouse) -> dict[str, list[Row]]:
    """What the newest training found about its data, by model; the worst first."""
    table = lake.read(models.SUITABILITY)
    newest = table.withColumn("newest", F.max("night").over(Window.partitionBy("model"))).where("night = newest")
    rank = F.array_position(F.array(F.lit("not fit"), F.lit("limited"), F.lit("fit")), F.col("verdict"))
    found: dict[str, list[Row]] = {}
    for row in newest.orderBy("model", rank, "check").collect():
        found.setdefault(row["model"], []).append(row)
    return found


def against_baseline(lake: Lakehouse) -> dict[str, dict[str, Any]]:
    """By model: its newest test against its named baseline, as `terminal_summary` reads it; nothing before a training.

    Units: score and baseline_score in the metric named; the gain with its 95 % interval.
    """
    baselines = {model.name: model.baseline for model in MODELS}
    named = [test for test in evaluations(lake) if test["rival"] == baselines.get(test["model"])]
    return {test["model"]: _against(test) for test in named}


def calibration(lake: Lakehouse) -> list[Row]:
    """Predicted and seen rates of the newest churn version and its baseline in its newest test, bin by bin."""
    table = lake.read(models.CALIBRATION).where(F.col("model") == CHURN.name)
    # Versions are numbers as text: 10 is newer than 9.
    order = F.struct("trained_on", F.col("version").try_cast("int").alias("number"), "test_night")
    newest = table.withColumn("place", order).withColumn("newest", F.max("place").over(Window.partitionBy("model")))
    return newest.where("place = newest").orderBy("predictor", "bin").select(*models.CALIBRATION.column_names).collect()


VERSION = (
    "churn_grade", "churn_version", "churn_horizon_days", "value_grade", "value_version", "value_horizon_days",
    "valid_until",
)  # fmt: skip
MOVES_NIGHTS = 30
COLUMNS = 24
"""Columns of the plot of values; the last is open."""


def _step(table: DataFrame) -> float:
    """A round width of the columns, so that all but the last few values find one."""
    usual = table.select(F.percentile_approx(F.col("value_amount").cast("double"), 0.97)).collect()[0][0]
    return round_step(usual, COLUMNS - 1) if usual else 1.0


def _groups(table: DataFrame, step: float) -> list[Row]:
    """Customers of a night by everything that the page tells apart: some thousand groups at most."""
    place = F.least(F.floor(F.col("value_amount").cast("double") / step), F.lit(COLUMNS - 1)).cast("int")
    grouped = table.withColumn("place", place).groupBy(
        "segment", "churn_band", "value_band", "place", "no_score_reason", *VERSION
    )
    return grouped.agg(
        F.count(F.lit(1)).alias("customers"),
        F.sum("churn_probability").alias("churn_probability"),
        F.sum(F.col("value_amount").cast("double")).alias("value"),
        F.sum(F.col("actual_amount").cast("double")).alias("actual"),
        F.sum("expected_orders").alias("orders"),
    ).collect()


def _counts(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], int]:
    """Customers by the values of some columns, the most frequent first."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        found[tuple(row[name] for name in names)] += row["customers"]
    return dict(found.most_common())


def _columns(scored: list[Row]) -> tuple[int, ...]:
    places = {place: rows for (place,), rows in _counts(scored, "place").items()}
    return tuple(places.get(place, 0) for place in range(max(places) + 1)) if places else ()


def _segments(lake: Lakehouse, scored: list[Row]) -> tuple[Segment, ...]:
    described = {row["segment"]: row for row in lake.read(models.SEGMENTS).collect()}
    names = [name for (name,) in _counts(scored, "segment")]
    names.sort(key=lambda name: described[name]["position"] if name in described else len(described))
    return tuple(
        _segment(
            name,
            described[name]["description"] if name in described else "",
            [row for row in scored if row["segment"] == name],
        )
        for name in names
    )


def _segment(name: str | None, description: str, rows: list[Row]) -> Segment:
    customers = sum(row["customers"] for row in rows)
    probability, value = (sum(row[what] for row in rows) / customers for what in ("churn_probability", "value"))
    told = {what: [row[what] for row in rows if row[what] is not None] for what in ("actual", "orders")}
    actual, orders = (sum(known) / customers if known else None for known in told.values())
    return Segment(name or "none", description, customers, probability, value, actual, orders)


def _against(test: Row) -> dict[str, Any]:
    facts = {name: test[name] for name in ("metric", "score", "gain_low", "gain_high", "verdict")}
    return facts | {"baseline": test["rival"], "baseline_score": test["rival_score"]}


def _of_night(lake: Lakehouse, table: Table, night: str) -> DataFrame:
    return lake.read(table).where(F.col("night") == F.lit(night).cast("date"))
