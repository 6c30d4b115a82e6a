"""`habitue customer`: golden fields with their record and date, ids of before, and who lives in the same home."""

from datetime import UTC, date, datetime
from typing import Any

from lakehouse.delta import Lakehouse
from orchestration.customer import household, in_words
from pipelines.tables import CUSTOMERS, HOUSEHOLDS
from tests.pipelines.conformed_rows import NIGHT, Values, of_table

GOLDEN: dict[str, Any] = dict.fromkeys(CUSTOMERS.column_names) | {
    "customer_id": "c_1",
    "first_name": "Anna",
    "last_name": "Smit",
    "name_source": "crm",
    "name_record": "1001",
    "name_updated_at": datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
    "street": "Nieuwstraat 2",
    "city": "Brussels",
    "address_source": "loyalty",
    "address_record": "L-7",
    "born_on": date(1980, 1, 2),
    "born_on_source": "web",
    "born_on_record": "w9",
    "records_count": 3,
    "sources": ["crm", "loyalty", "web"],
    "previous_ids": ["c_0", "c_8"],
}


def test_each_group_is_told_with_its_record_and_date_and_what_nobody_says_is_not() -> None:
    told = in_words({"customer_id": "c_1", "unified.customers": [GOLDEN], "unified.consents": []})
    assert told.splitlines() == [
        "customer c_1",
        "",
        "unified.customers: 1",
        "  name: Anna Smit (from crm:1001, changed 2026-02-03)",
        "  address: Nieuwstraat 2, Brussels (from loyalty:L-7)",
        "  born_on: 1980-01-02 (from web:w9)",
        "  records 3, sources crm; loyalty; web",
        "  previous ids c_0; c_8",
        "",
        "unified.consents: 0",
    ]


def test_id_that_never_had_another_has_no_line_about_it() -> None:
    told = in_words({"customer_id": "c_1", "unified.customers": [GOLDEN | {"previous_ids": None}]})
    assert "previous ids" not in told


def member(household: str, customer: str) -> Values:
    return {"household_id": household, "customer_id": customer, "evidence": "name_address", "since": NIGHT}


def test_household_names_everybody_in_it_by_id_and_nobody_of_another(lake: Lakehouse) -> None:
    rows = [member("h_1", "c_3"), member("h_1", "c_1"), member("h_2", "c_2"), member("h_2", "c_4")]
    lake.replace_all(HOUSEHOLDS, of_table(lake.spark, HOUSEHOLDS, rows))
    found = household(lake, "c_1")
    assert [row["customer_id"] for row in found] == ["c_1", "c_3"]
    told = in_words({"customer_id": "c_1", HOUSEHOLDS.name: found})
    assert f"household_id h_1, customer_id c_3, evidence name_address, since {NIGHT}" in told
    assert household(lake, "c_5") == []
