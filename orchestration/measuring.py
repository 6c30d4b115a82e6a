"""How good each source's critical columns are tonight: what the deliveries brought, and what they last brought."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.night import NightRun
from orchestration.retailer import Retailer
from pipelines.canonical import CONTACTS, ENTITIES, Entity
from pipelines.measures import ANYBODY, critical_columns
from pipelines.verdicts import IN_FUTURE, SAME_KEY, SAME_KEY_MAPPED, WRONG_WIDTH
from quality.critical import OF_ALL, Element, scores
from quality.measurements import Figure, History, Known

NOTHING: Mapping[str, Known] = {}


def quality_figures(run: NightRun) -> list[Figure]:
    """Tonight's figures of every delivery, of the critical columns, and the scores of the sources.

    Reads: what the steps of conform noted in the night's record, where the scores are noted too.
    """
    delivered = [figure for figures in run.record.figures.values() for figure in figures]
    broken = {name: table.broken for name, table in run.record.published.items()}
    found = elements(run.retailer, delivered, run.past.history, broken, night=run.night)
    points = scores(found, run.retailer.critical)
    run.record.scores = {figure.source: round(figure.value, 1) for figure in points if figure.part == OF_ALL}
    return [*delivered, *(figure for one in found for figure in one.figures()), *points]


def elements(
    retailer: Retailer,
    delivered: Sequence[Figure],
    history: History,
    broken: Mapping[str, Mapping[tuple[str, str], int]],
    *,
    night: date,
) -> list[Element]:
    """Every critical column that a source maps; what came last stands where nothing came tonight.

    Units: broken counts rows set aside tonight, by table and by (source, rule).
    """
    asked = {name for names in retailer.critical.values() for name in names}
    return [
        _Side(entity, name, delivered, history, broken.get(entity.conformed.name, {}), night).element(column)
        for name, source in retailer.sources.items()
        for entity in map(ENTITIES.__getitem__, source.entities)
        for column in critical_columns(entity)
        if f"{entity.name}.{column}" in asked
        and (column == ANYBODY or any(column in mapping.columns for mapping in source.entities[entity.name]))
    ]


@dataclass(frozen=True)
class _Side:
    """One entity of one source."""

    entity: Entity
    source: str
    delivered: Sequence[Figure]
    history: History
    broken: Mapping[tuple[str, str], int]
    night: date

    def element(self, column: str) -> Element:
        rows = sum(round(figure.value) for figure in self._tonight("rows", ""))
        return Element(
            self.entity.name,
            column,
            self.source,
            completeness=self._or_last("completeness", column, self._complete(column)),
            validity=self._or_last("validity", column, self._valid(column, rows)),
            uniqueness=self._or_last("uniqueness", column, self._unique(column, rows)),
            freshness_days=self._freshness(),
            rows=rows,
        )

    def _complete(self, column: str) -> float | None:
        found = self._tonight("complete", column)
        rows = sum(figure.rows for figure in found)
        return sum(figure.value * figure.rows for figure in found) / rows if rows else None

    def _valid(self, column: str, rows: int) -> float | None:
        wrong = sum(count for rule, count in self._set_aside() if _is_about(rule, column, self.entity))
        return max(1 - wrong / rows, 0.0) if rows else None

    def _unique(self, column: str, rows: int) -> float | None:
        """Of a key: rows that no other shares it with; of what a contact is reached by: different values per value."""
        found = self._tonight("distinct", column)
        if found:
            return sum(figure.value * figure.rows for figure in found) / sum(figure.rows for figure in found)
        if column not in self.entity.key or not rows:
            return None
        return 1 - sum(count for rule, count in self._set_aside() if rule in (SAME_KEY, SAME_KEY_MAPPED)) / rows

    def _freshness(self) -> float | None:
        """Days since the newest event; of contacts, and of what is undated, since the last delivery."""
        days = [figure.value for figure in (*self._tonight("newest", ""), *self._before("newest"))]
        if days and self.entity is not CONTACTS:
            return max(float((self.night - date(1970, 1, 1)).days - max(days)), 0.0)
        nights = [self.night] if self._tonight("rows", "") else []
        came = [*nights, *(night for known in self._parts("rows") for night in known.get("", {}))]
        return float((self.night - max(came)).days) if came else None

    def _tonight(self, measure: str, part: str) -> list[Figure]:
        of = (self.entity.conformed.name, self.source, measure, part)
        return [figure for figure in self.delivered if (figure.name, figure.source, figure.measure, figure.part) == of]

    def _before(self, measure: str) -> Iterator[Figure]:
        return (figure for known in self._parts(measure) for figure in known.get("", {}).values())

    def _parts(self, measure: str) -> list[Mapping[str, Known]]:
        """What each delivery of the source brought on earlier nights."""
        of = (self.entity.conformed.name, self.source)
        return [found.get(measure, NOTHING) for place, found in self.history.items() if place[:2] == of]

    def _or_last(self, measure: str, column: str, tonight: float | None) -> float | None:
        if tonight is not None:
            return tonight
        own = self.history.get((self.entity.conformed.name, self.source, ""), {}).get(measure, NOTHING).get(column, {})
        return own[max(own)].value if own else None

    def _set_aside(self) -> list[tuple[str, int]]:
        return [(rule, count) for (source, rule), count in self.broken.items() if source == self.source]


def _is_about(rule: str, column: str, entity: Entity) -> bool:
    """Whether a rule, as it is told, says something of the column's value."""
    if rule == WRONG_WIDTH:
        return True
    if rule == IN_FUTURE:
        return column == entity.event
    return re.search(rf"\b{re.escape(column)}\b", rule) is not None
