"""Who looks after a source or a table, as the retailer file says."""

import pytest
from pydantic import ValidationError

from quality.owners import Owners

OWNERS = Owners.model_validate(
    {"default": "data", "sources": {"crm": "crm-team@shop.example"}, "tables": {"conformed.orders": "Store systems"}}
)


@pytest.mark.parametrize(
    ("table", "source", "owner"),
    [
        ("conformed.orders", None, "Store systems"),
        ("conformed.orders_rejected", None, "Store systems"),
        ("raw.crm_contacts", "crm", "crm-team@shop.example"),
        ("raw.till_tickets", "till", "data"),
        ("unified.customers", None, "data"),
    ],
)
def test_the_line_of_a_table_goes_before_its_source_and_the_default(table: str, source: str | None, owner: str) -> None:
    assert OWNERS.of(table, source=source) == owner


def test_nobody_named_is_the_data_engineers() -> None:
    assert Owners().of("unified.customers") == "data-engineering"


@pytest.mark.parametrize("owner", ["", "a@b", "two\nlines", "@team", "<b>team</b>", "ann@shop.museum-of-modern-art"])
def test_an_owner_that_dagster_or_a_mail_would_refuse_is_refused_when_loaded(owner: str) -> None:
    with pytest.raises(ValidationError, match="default"):
        Owners(default=owner)
