"""The pages about two records as a browser shows them, at a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pipelines.identity.exact import Shared
from pipelines.identity.known import Side
from pipelines.identity.review import Question
from report.review import review_page
from report.why import why_page
from tests.report.two_people import ANN, ANNA, compared, explanation, found
from tests.tools.chromium import Chromium
from tests.tools.test_report_page import CUT_OFF, OVERFLOW, SIZES

LONG = {"email": "a.very.long.address.of.somebody.who.likes.points@a.long.mail.example", "street": "rue " * 12}


def pages(folder: Path) -> list[Path]:
    """Both pages, with values and ids as long as they come."""
    names = ("first", "last", "rest", "born", "email", "phone", "card", "street", "postcode", "city", "extra_job")
    told = explanation(*(compared(name, 4.0, rarity=-1.0, relatives=2.0) for name in names), shift=1.5)
    left, right = Side("contact:loyalty:0123456789012345", "c_a", {**ANNA, **LONG}), Side("contact:web:2", "c_a", ANN)
    shared = (Shared(left.record_key, right.record_key, "phone", may_be=True, links=False),)
    answer = found(left=left, right=right, explanation=told, shared=shared)
    asked = [Question(left, right, 0.5, 0.49, told)] * 2
    return [why_page(answer, folder / "why.html"), review_page(asked, folder / "review.html")]


@pytest.fixture(params=[(name, width) for name in (0, 1) for width in (1200, 420)], ids=str)
def shown(request: pytest.FixtureRequest, chromium: Chromium, tmp_path: Path) -> Iterator[Page]:
    """A page in a window of this width with all that it folds away, and a picture of it for a person."""
    which, width = request.param
    with chromium.page(pages(tmp_path)[which], width=width) as page:
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        page.screenshot(path=tmp_path / f"records_{which}_{width}.png", full_page=True)
        yield page


def test_nothing_is_wider_than_the_window_and_no_word_is_lost(shown: Page) -> None:
    assert shown.evaluate(OVERFLOW) <= 0
    assert shown.eval_on_selector_all("svg text", CUT_OFF) == []
    assert all(width > 100 and height > 20 for width, height in shown.eval_on_selector_all("svg", SIZES))
