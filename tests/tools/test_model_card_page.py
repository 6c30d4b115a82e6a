"""The model card as a browser shows it, at a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from report.model_card import write_card
from tests.report.card_rows import empty_card, full_card
from tests.tools.chromium import Chromium
from tests.tools.test_report_page import CUT_OFF, OVERFLOW, SIZES

CARDS = {
    "churn": (full_card(), 11),
    "lifetime_value": (full_card("lifetime_value"), 10),
    "with_nothing_known": (empty_card(), 1),
}


@pytest.fixture(params=[(name, width) for name in CARDS for width in (1200, 420)], ids=str)
def shown(request: pytest.FixtureRequest, chromium: Chromium, tmp_path: Path) -> Iterator[tuple[Page, int]]:
    """A card in a window of this width with all that it folds away, a picture of it for a person, and its plots."""
    name, width = request.param
    card, plots = CARDS[name]
    with chromium.page(write_card(card, "demo", tmp_path / f"{name}.html", currency="EUR"), width=width) as page:
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        page.screenshot(path=tmp_path / f"{name}_{width}.png", full_page=True)
        yield page, plots


def test_every_plot_is_there_nothing_is_wider_than_the_window_and_no_word_is_lost(shown: tuple[Page, int]) -> None:
    page, plots = shown
    assert page.evaluate(OVERFLOW) <= 0
    assert page.eval_on_selector_all("svg text", CUT_OFF) == []
    sizes = page.eval_on_selector_all("svg", SIZES)
    assert len(sizes) == plots
    assert all(width > 100 and height > 20 for width, height in sizes)
