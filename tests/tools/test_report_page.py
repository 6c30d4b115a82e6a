"""The page of a night as a browser shows it, at a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from report.night import night_report
from report.quality import quality_page
from tests.tools.busy_night import SOURCES, SUMMARY, busy_drift, busy_months, busy_night
from tests.tools.chromium import Chromium

SECTIONS = [
    "Customers",
    "Can the scores be trusted?",
    "Audiences and what was sent",
    "Who is who",
    "Data quality",
    "Gates",
    "Time",
]
PLOTS = 16
QUALITY_PLOTS = 6
SIZES = "plots => plots.map(plot => plot.getBoundingClientRect()).map(box => [box.width, box.height])"
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
# Letters reach up to two pixels further than their box says.
CUT_OFF = """texts => texts.filter(text => {
    const inside = text.getBoundingClientRect(), plot = text.ownerSVGElement.getBoundingClientRect()
    return inside.left < plot.left - 2 || inside.right > plot.right + 2 || inside.bottom > plot.bottom + 2
}).map(text => text.textContent)"""


@pytest.fixture(scope="module")
def report(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a busy night; no test changes it."""
    folder = tmp_path_factory.mktemp("busy")
    lake = Lakehouse(str(folder / "lake"), spark)
    busy_night(lake)
    return night_report(lake, SUMMARY, folder / "night.html")


@pytest.fixture(scope="module")
def quality(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quality page of the same night and the forty before it; no test changes it."""
    folder = tmp_path_factory.mktemp("quality")
    lake = Lakehouse(str(folder / "lake"), spark)
    busy_night(lake)
    busy_months(lake)
    busy_drift(lake)
    return quality_page(
        lake,
        SUMMARY,
        folder / "quality.html",
        sources=dict.fromkeys((*SOURCES, "marketing"), "customer-data-platform@example.org"),
    )


@pytest.fixture(params=[1200, 420])
def shown_quality(request: pytest.FixtureRequest, chromium: Chromium, quality: Path, tmp_path: Path) -> Iterator[Page]:
    """The quality page in a window of this width, and a picture of it for a person."""
    with chromium.page(quality, width=request.param) as page:
        page.screenshot(path=tmp_path / f"quality_{request.param}.png", full_page=True)
        yield page


def test_the_quality_page_fits_its_window_and_draws_every_course(shown_quality: Page) -> None:
    sizes = shown_quality.eval_on_selector_all("svg", SIZES)
    assert len(sizes) == QUALITY_PLOTS
    assert all(width > 100 and height > 20 for width, height in sizes), sizes
    assert shown_quality.eval_on_selector_all("svg text", CUT_OFF) == []
    assert shown_quality.evaluate(OVERFLOW) <= 0
    assert shown_quality.locator(".empty").all_inner_texts() == ["2 rules were asked, and every one held."]


@pytest.fixture(params=[1200, 420])
def shown(request: pytest.FixtureRequest, chromium: Chromium, report: Path, tmp_path: Path) -> Iterator[Page]:
    """The page in a window of this width with all that it folds away, and a picture of it for a person."""
    with chromium.page(report, width=request.param) as page:
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        page.screenshot(path=tmp_path / f"night_{request.param}.png", full_page=True)
        yield page


def test_the_report_is_complete_without_network_and_without_complaint(chromium: Chromium, report: Path) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    with chromium.page(report) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.reload(wait_until="networkidle")
        assert page.locator("h2").all_inner_texts() == SECTIONS
        assert page.locator(".empty").count() == 0
    assert (asked, complaints) == ([report.as_uri()], [])


def test_every_plot_has_a_size_and_loses_no_word(shown: Page) -> None:
    sizes = shown.eval_on_selector_all("svg", SIZES)
    assert len(sizes) == PLOTS
    assert all(width > 100 and height > 20 for width, height in sizes), sizes
    assert shown.eval_on_selector_all("svg text", CUT_OFF) == []


def test_nothing_is_wider_than_the_window(shown: Page) -> None:
    assert shown.evaluate(OVERFLOW) <= 0
