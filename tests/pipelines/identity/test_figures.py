"""Who is who in figures: every count from a handful of rows, and zeros where nothing is known yet."""

from datetime import date

import pyarrow as pa
import pytest

from pipelines.identity.figures import SourceFigures, identity_figures

NIGHT = date(2026, 3, 1)
TEXTS = pa.list_(pa.string())
LINKS = pa.schema([(name, pa.string()) for name in ("record_key", "source", "customer_id", "evidence")])
EVENTS = pa.schema([("customer_id", pa.string()), ("event", pa.string()), ("records_count", pa.int64())])
PAIRS = pa.schema([("record_a", pa.string()), ("record_b", pa.string()), ("probability", pa.float64())])
HOMES = pa.schema([("household_id", pa.string()), ("customer_id", pa.string())])
SUSPICIOUS = pa.schema([("customer_id", pa.string()), ("reasons", TEXTS), ("part", TEXTS)])


def rows(schema: pa.Schema, *values: tuple[object, ...]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in values], schema)


def test_every_figure_is_counted() -> None:
    figures = identity_figures(
        rows(LINKS, ("1", "crm", "a", "email,match"), ("2", "web", "a", "email"), ("3", "crm", "b", "alone"),
             ("4", "crm", "b", "match"), ("5", None, "c", "alone")),
        rows(EVENTS, ("a", "joined", 1), ("x", "merged_into", 2), ("y", "merged_into", 3)),
        rows(PAIRS, ("1", "2", 1.0), ("3", "4", 0.7), ("1", "3", 0.2), ("2", "3", 0.2)),
        rows(HOMES, ("h", "a"), ("h", "b")),
        rows(SUSPICIOUS, ("a", ["size", "density"], None), ("b", ["density"], ["4"])),
        cut=0.8,
    )  # fmt: skip
    assert figures.people == 3
    assert figures.sources == (
        SourceFigures("crm", records=3, people=2, also_in=(("crm", 2), ("web", 1))),
        SourceFigures("web", records=1, people=1, also_in=(("crm", 1), ("web", 1))),
    )
    assert figures.records_per_person == ((2, 2),)
    assert figures.evidence == (("alone", 2), ("email", 2), ("match", 2))
    assert figures.events == (("joined", 1, 1), ("merged_into", 2, 5))
    assert figures.weights == ((-2, 2), (1, 1), (20, 1))
    assert figures.cut == pytest.approx(2.0)
    assert figures.people_per_household == ((2, 1),)
    assert (figures.suspicious, figures.reasons, figures.splits) == (2, (("density", 2), ("size", 1)), 1)


def test_nothing_known_gives_no_counts_and_no_cut() -> None:
    figures = identity_figures(*(rows(schema) for schema in (LINKS, EVENTS, PAIRS, HOMES, SUSPICIOUS)), cut=1.0)
    assert (figures.people, figures.suspicious, figures.splits, figures.cut) == (0, 0, 0, None)
    assert (figures.sources, figures.records_per_person, figures.weights, figures.people_per_household) == ((),) * 4
