"""What the quality page shows, read from the lake: figures, names of rules and places of rows, never a value of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from pipelines.canonical import ENTITIES, Entity
from pipelines.reconciliation import RECONCILIATION
from quality.critical import DIMENSIONS, OF_ALL
from quality.measurements import Figure, History, measured_before

NIGHTS = 60
"""How many nights the plots show."""


@dataclass(frozen=True)
class SetAside:
    """Rows of one source that one rule set aside on a night, with one of them as an example.

    Units: rows of the night; before are those of the night before; since is the first night that set one of them aside.
    """

    source: str
    entity: str
    rule: str
    rows: int
    before: int
    file: str
    row_number: int
    since: date


@dataclass(frozen=True)
class Course:
    """Delivered rows, and rows set aside, by source and night."""

    delivered: Mapping[str, Mapping[date, int]]
    rejected: Mapping[str, Mapping[date, int]]

    @property
    def nights(self) -> list[date]:
        """Every night that delivered something, in order."""
        return sorted({night for known in self.delivered.values() for night in known})


@dataclass(frozen=True)
class Element:
    """A critical column of a source on the newest night that measured it, and the night before that.

    Units: values by dimension (shares 0 to 1, freshness in days).
    """

    source: str
    column: str
    values: Mapping[str, float]
    before: Mapping[str, float]


def figures(lake: Lakehouse, night: date) -> History:
    """The figures of the last nights, this one included."""
    return measured_before(lake, night + timedelta(days=1), since=night - timedelta(days=NIGHTS))


def course(lake: Lakehouse, night: date) -> Course:
    """What the sources delivered over the last nights; a file that feeds two entities counts once."""
    recent = F.col("night").between(F.lit(night - timedelta(days=NIGHTS)), F.lit(night))
    files = lake.read(RECONCILIATION).where(recent).groupBy("night", "source", "delivery", "file_sha256")
    once = files.agg(F.max("delivered").alias("delivered"), F.sum("rejected").alias("rejected"))
    rows = once.groupBy("night", "source").agg(*(F.sum(name).alias(name) for name in ("delivered", "rejected")))
    found: dict[str, dict[str, dict[date, int]]] = {"delivered": {}, "rejected": {}}
    for row in rows.collect():
        for what, known in found.items():
            known.setdefault(row["source"], {})[row["night"]] = row[what]
    return Course(found["delivered"], found["rejected"])


def set_aside(lake: Lakehouse, night: date) -> list[SetAside]:
    """Rows set aside tonight or the night before, by source and rule, the most frequent first."""
    entities = [entity for entity in ENTITIES.values() if lake.exists(entity.rejected)]
    if not entities:
        return []
    rows = reduce(DataFrame.unionByName, (_broken(lake, entity, night) for entity in entities))
    tonight = F.col("night") == F.lit(night)
    grouped = rows.groupBy("source", "entity", "rule").agg(
        F.count_if(tonight).alias("rows"),
        F.count_if(~tonight).alias("before"),
        F.min(F.struct(~tonight, "file_name", "row_number")).alias("example"),
        F.min("first_night").alias("since"),
    )
    found = [
        SetAside(
            row["source"], row["entity"], row["rule"], row["rows"], row["before"],
            row["example"]["file_name"], row["example"]["row_number"], row["since"],
        )
        for row in grouped.collect()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.rows, one.source, one.entity, one.rule))


def scores(history: History) -> dict[str, dict[date, float]]:
    """The score of every source over all its critical columns, by night; points from 0 to 100."""
    own = {place[1]: found for place, found in history.items() if place[0] == ""}
    return {
        source: {night: figure.value for night, figure in found.get("score", {}).get(OF_ALL, {}).items()}
        for source, found in sorted(own.items())
    }


def elements(history: History) -> list[Element]:
    """Every critical column of every source, as it was measured last."""
    found = []
    for (table, source, _), measures in sorted(history.items()):
        named = {column for name in DIMENSIONS for column in measures.get(name, {})} if table else ()
        for column in sorted(named):
            known = {name: measures.get(name, {}).get(column, {}) for name in DIMENSIONS}
            nights = sorted({night for values in known.values() for night in values})[-2:]
            newest, before = (_values(known, night) for night in (nights[-1], nights[0]))
            found.append(Element(source, f"{table.split('.')[1]}.{column}", newest, before if len(nights) > 1 else {}))
    return found


def age(elements: Iterable[Element], source: str) -> float | None:
    """Days since the newest event of the entity of the source that has been silent longest."""
    days = [element.values.get("freshness_days") for element in elements if element.source == source]
    return max((one for one in days if one is not None), default=None)


def last_delivery(course: Course, sources: Iterable[str]) -> dict[str, date | None]:
    """The last night that brought rows of each source, as far back as the plots look."""
    return {
        source: max((night for night, rows in course.delivered.get(source, {}).items() if rows), default=None)
        for source in sources
    }


def _values(known: Mapping[str, Mapping[date, Figure]], night: date) -> dict[str, float]:
    return {name: values[night].value for name, values in known.items() if night in values}


def _broken(lake: Lakehouse, entity: Entity, night: date) -> DataFrame:
    nights: Sequence[date] = (night, night - timedelta(days=1))
    rows = lake.read(entity.rejected).where(F.col("night").isin(*nights))
    return rows.select(
        *("night", "source", "file_name", "row_number"),
        F.coalesce("first_night", "night").alias("first_night"),
        F.lit(entity.name).alias("entity"),
        F.explode("rules").alias("rule"),
    )
