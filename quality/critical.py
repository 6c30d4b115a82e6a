"""Critical data elements: the columns that a use case cannot do without, and how good each source's are.

Source: completeness, validity, uniqueness and timeliness as in DAMA UK (2013), "The Six Primary Dimensions for Data
Quality Assessment"; a score is their plain mean, so that everybody can work it out again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quality.measurements import Figure

CRITICAL: Mapping[str, tuple[str, ...]] = {
    "churn": ("orders.order_id", "orders.ordered_at", "orders.person"),
    "lifetime_value": ("orders.ordered_at", "orders.order_amount", "orders.person"),
    "email_activation": (
        *("contacts.source_contact_id", "contacts.email"),
        *("consents.channel", "consents.purpose", "consents.status"),
    ),
}
"""Columns of canonical entities by use case; `person` is any identifier. A retailer file adds use cases, or its own."""

FRESH_DAYS = 2
"""Up to so many days old a source is on time: what happened yesterday arrives tonight."""
OF_ALL = ""
"""The part of a score that is about every critical element of a source."""


@dataclass(frozen=True)
class Element:
    """How good one critical column of one source is on one night.

    Units: completeness, validity and uniqueness are shares of rows, 0 to 1, None where the night does not say;
           freshness is days from the newest event, or delivery, to the night; rows stand behind the shares.
    """

    entity: str
    column: str
    source: str
    completeness: float | None
    validity: float | None
    uniqueness: float | None
    freshness_days: float | None
    rows: int

    @property
    def score(self) -> float:
        """The mean of what is known of it, in points from 0 to 100; what is old loses by how old it is."""
        timely = None if self.freshness_days is None else min(1.0, FRESH_DAYS / max(self.freshness_days, FRESH_DAYS))
        known = [part for part in (self.completeness, self.validity, self.uniqueness, timely) if part is not None]
        return 100 * sum(known) / len(known) if known else 0.0

    def figures(self) -> list[Figure]:
        """Its rows of quality.measurements."""
        values = {name: getattr(self, name) for name in DIMENSIONS}
        table = f"conformed.{self.entity}"
        return [
            Figure(table, self.source, "", name, self.column, value, self.rows)
            for name, value in values.items()
            if value is not None
        ]


DIMENSIONS = ("completeness", "validity", "uniqueness", "freshness_days")


def scores(elements: Iterable[Element], critical: Mapping[str, Sequence[str]]) -> list[Figure]:
    """The score of every source: of each use case that it has an element of, and of all its elements.

    Units: points from 0 to 100; rows is the number of elements.
    """
    by_source: dict[str, dict[str, float]] = {}
    for element in elements:
        by_source.setdefault(element.source, {})[f"{element.entity}.{element.column}"] = element.score
    return [
        Figure("", source, "", "score", part, sum(points) / len(points), len(points))
        for source, own in sorted(by_source.items())
        for part, names in {OF_ALL: tuple(own), **critical}.items()
        if (points := [own[name] for name in names if name in own])
    ]
