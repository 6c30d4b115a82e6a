"""`habitue customer`: of each group of golden fields, the record it was taken from and when that was changed."""

from datetime import UTC, date, datetime
from typing import Any

from orchestration.customer import in_words
from pipelines.tables import CUSTOMERS

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
        "",
        "unified.consents: 0",
    ]
