"""Critical columns are measured per source and night; a silent source keeps its shares and grows old."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.measuring import elements
from orchestration.retailer import Retailer, load_retailer
from pipelines.verdicts import SAME_KEY
from quality.critical import Element
from quality.measurements import Figure, History, history
from tests.end_to_end.small_shop import write_shop

NIGHT = date(2024, 6, 3)
TODAY = (NIGHT - date(1970, 1, 1)).days
ORDERS, CONTACTS = "conformed.orders", "conformed.contacts"
TONIGHT = [
    Figure(ORDERS, "till", "tickets", "rows", "", 100, 100),
    Figure(ORDERS, "till", "tickets", "complete", "ordered_at", 1.0, 80),
    Figure(ORDERS, "till", "tickets", "complete", "person", 0.5, 80),
    Figure(ORDERS, "till", "tickets", "newest", "", TODAY - 1, 80),
]
BROKEN: Mapping[str, Mapping[tuple[str, str], int]] = {
    ORDERS: {("till", "ordered_at could not be parsed"): 20, ("till", SAME_KEY): 5, ("web", SAME_KEY): 90}
}
BEFORE: History = history(
    (NIGHT - timedelta(days=9), figure)
    for figure in (
        Figure(CONTACTS, "crm", "contacts", "rows", "", 30, 30),
        Figure(CONTACTS, "crm", "", "completeness", "email", 0.8, 30),
    )
)


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    return load_retailer(write_shop(tmp_path))


@pytest.fixture
def measured(shop: Retailer) -> dict[str, Element]:
    found = elements(shop, TONIGHT, BEFORE, BROKEN, night=NIGHT)
    return {f"{one.source} {one.column}": one for one in found}


def test_delivered_columns_are_measured_with_the_rows_that_were_set_aside_for_them(
    measured: dict[str, Element],
) -> None:
    sold, number = measured["till ordered_at"], measured["till order_id"]
    assert (sold.completeness, sold.validity, sold.uniqueness, sold.freshness_days) == (1.0, 0.8, None, 1.0)
    assert (number.validity, number.uniqueness) == (1.0, 0.95)
    assert measured["till person"].completeness == 0.5


def test_silent_source_keeps_what_it_last_was_and_grows_old(measured: dict[str, Element]) -> None:
    email = measured["crm email"]
    assert (email.completeness, email.freshness_days, email.rows) == (0.8, 9.0, 0)
    assert email.score == pytest.approx(100 * (0.8 + 2 / 9) / 2)


def test_columns_that_no_use_case_needs_or_no_source_maps_are_not_measured(measured: dict[str, Element]) -> None:
    assert sorted(measured) == [
        "crm channel", "crm email", "crm purpose", "crm source_contact_id", "crm status",
        "till order_amount", "till order_id", "till ordered_at", "till person",
    ]  # fmt: skip
