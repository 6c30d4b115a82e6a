"""Tryton's web client as a person sees it: the list of customers and one customer's tab."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.tools.chromium import Chromium

# The first paint of a form asks the server several times, on a busy machine for seconds.
PATIENCE = 20_000


@contextmanager
def customers(chromium: Chromium, address: str, *, login: str, password: str) -> Iterator[Page]:
    """The list of customers after signing in; an error of the page's own code fails the block."""
    host, _, database = address.rpartition("/")
    with chromium.page(f"{host}/#{database}", width=1640, height=860) as page:
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.set_default_timeout(PATIENCE)
        # Until the server has told its databases, the page does not know where to sign in.
        page.wait_for_function(
            "name => [...document.querySelectorAll('#database')].some(e => e.value === name)", arg=database
        )
        page.fill("input#login:visible", login)
        page.keyboard.press("Enter")
        page.fill("input[type=password]:visible", password)
        page.keyboard.press("Enter")
        page.click("tr:has-text('Parties') .expander >> nth=0")
        page.dblclick("text=Parties >> nth=1")
        page.wait_for_selector("th:has-text('Churn risk')")
        yield page
        assert broken == []


def open_tab(page: Page, customer: str) -> None:
    """One customer's form from the list, at the tab `Habitué`."""
    page.dblclick(f"text={customer}")
    page.click("a:has-text('Habitué')")
    page.wait_for_selector("text=Why this churn risk >> visible=true")
