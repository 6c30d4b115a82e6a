"""The quality page: what changed, who is silent, what was set aside, and nothing that a row says."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from lakehouse.table import Table
from pipelines.canonical import ORDERS
from pipelines.reconciliation import RECONCILIATION
from quality.measurements import MEASUREMENTS, Figure, as_frame
from report import plots
from report.quality import quality_page

NIGHT = date(2026, 3, 2)
SECRET = "jane.doe@example.com"
SUMMARY: dict[str, Any] = {
    "retailer": "demo",
    "night": NIGHT.isoformat(),
    "gates": [
        {"table": "conformed.orders", "rule": "pos.tickets is as complete as usual", "severity": "warn", "failed": 1,
         "limit": 0, "outcome": "warned", "owner": "team-orders"},
    ],
}  # fmt: skip
SOURCES = {"crm": "team-crm", "pos": "team-tills", "web": "team-web"}


def score(source: str, value: float) -> Figure:
    return Figure("", source, "", "score", "", value, 3)


def complete(value: float) -> Figure:
    return Figure("conformed.orders", "pos", "", "completeness", "person", value, 100)


def put(lake: Lakehouse, table: Table, night: date, *rows: dict[str, Any]) -> None:
    listed = [tuple((row | {"night": night}).get(name) for name in table.column_names) for row in rows]
    lake.replace_night(table, frame_of(lake.spark, listed, table.schema).coalesce(1), night)


def file(source: str, delivered: int, rejected: int) -> dict[str, Any]:
    rest = dict.fromkeys(("mapping", "repeats", "left_out", "unchanged", "superseded", "grouped"), 0)
    whose = {"source": source, "delivery": "rows", "file_sha256": source, "file_name": f"{source}.csv"}
    return whose | rest | {"entity": "orders", "delivered": delivered, "rejected": rejected, "published": 0}


def aside(rule: str, row_number: int) -> dict[str, Any]:
    place = {"source": "pos", "delivery": "rows", "mapping": 0, "file_name": "pos.csv", "file_sha256": "pos"}
    return place | {"row_number": row_number, "rows_count": 1, "rules": [rule], "delivered_row": SECRET}


@pytest.fixture(scope="module")
def page(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("quality")
    lake = Lakehouse(str(folder / "lake"), spark)
    yesterday = NIGHT - timedelta(days=1)
    figures = {yesterday: (95.0, 99.0, 0.9), NIGHT: (80.0, 99.2, 0.6)}
    for night, (pos, crm, share) in figures.items():
        rows = as_frame(spark, [score("pos", pos), score("crm", crm), complete(share)], night)
        lake.replace_night(MEASUREMENTS, rows, night)
    put(lake, RECONCILIATION, yesterday, file("pos", 100, 1), file("crm", 30, 0))
    put(lake, RECONCILIATION, NIGHT, file("pos", 100, 3))
    put(lake, ORDERS.rejected, yesterday, aside("order_id is missing", 4))
    put(lake, ORDERS.rejected, NIGHT, *(aside("ordered_at could not be parsed", row) for row in (9, 7, 8)))
    return quality_page(lake, SUMMARY, folder / "quality.html", sources=SOURCES).read_text(encoding="utf-8")


def test_the_page_says_what_changed_who_is_silent_and_where_to_look(page: str) -> None:
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for expected in (
        "conformed.orders: pos.tickets is as complete as usual did not hold (warned)",
        "crm delivered nothing tonight; it did the night before",
        "the score of pos went from 95 to 80",
        "completeness of pos orders.person went from 90% to 60%",
        "pos: 3 rows set aside that were not the night before, ordered_at could not be parsed",
        "pos: no row is set aside any more because order_id is missing",
        "row 7 of pos.csv 2026-03-02",
        "warned conformed.orders team-orders pos.tickets is as complete as usual",
        "habitue reprocess --table conformed.&lt;entity&gt; --since 2026-03-02",
        "crm team-crm 2026-03-01 1 night – 0 – 99 +0.2",
        "web team-web none within 60 nights",
        "pos orders.person 60.0 % – – –",
    ):
        assert expected in words, expected
    assert "the score of crm" not in words
    assert SECRET not in page


def test_courses_over_nights_are_drawn(page: str) -> None:
    assert page.count("<svg") == 3
    assert page.count("<polyline") == 6


def test_a_first_night_has_no_course_and_no_change(lake: Lakehouse, tmp_path: Path) -> None:
    page = quality_page(lake, SUMMARY | {"gates": []}, tmp_path / "q.html", sources=SOURCES).read_text("utf-8")
    assert "<svg" not in page
    assert page.count('class="empty"') == 6


def test_line_breaks_where_a_night_has_no_value() -> None:
    drawn = plots.lines(
        [plots.Line("crm", (1.0, None, 3.0, 4.0), plots.BLUE)], places=["a", "b", "c", "d"], title="course"
    )
    assert drawn.count("<polyline") == 2
