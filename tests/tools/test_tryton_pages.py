"""A marketing user sees scores in Tryton's web client."""

from tests.tools.chromium import Chromium
from tests.tools.test_tryton import batch, record
from tests.tools.tryton import Crm
from tests.tools.tryton_pages import customers, open_tab


def test_scores_stand_in_the_list_and_on_the_form_where_nobody_types(crm: Crm, chromium: Chromium) -> None:
    crm.add("K1")
    crm.destination().send(batch(record("K1")))
    with customers(chromium, crm.url, login="marketing", password=crm.password) as page:
        page.wait_for_selector("td:has-text('Fidèles')")
        shown = page.inner_text("tr:has-text('Customer K1') >> visible=true")
        assert {"Fidèles", "High", "61.23", "1,234.50", "B"} <= set(shown.split())
        open_tab(page, "Customer K1")
        assert "0.43" in [field.input_value() for field in page.query_selector_all("input:visible")]
        texts = page.query_selector_all("textarea:visible")
        assert texts[0].input_value() == "Last bought in May\nBuys half as often"
        assert [text.get_attribute("readonly") is not None for text in texts] == [True, True]
