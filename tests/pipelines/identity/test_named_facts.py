"""Facts that carry a name instead of an identifier: theirs who alone has that name at that postal code."""

from datetime import date

from lakehouse.delta import Lakehouse
from pipelines.canonical import ENTITIES
from pipelines.history import unified_facts
from pipelines.identity.resolve import resolve
from pipelines.mapping import IdentitySettings
from pipelines.tables import ORDERS, TABLES
from tests.pipelines.conformed_rows import KEY, NIGHT, Values, conformed

SETTINGS = IdentitySettings(trust=("crm",), country="BE")
ANNA: Values = {"email": "a@mail.example", "postcode": "9000"}
JAN: Values = {"first_name": "Jan", "last_name": "Maes", "postcode": "9000"}
CONTACTS: list[Values] = [
    ANNA | {"source_contact_id": "1", "first_name": "Anna", "last_name": "Smit"},
    ANNA | {"source": "web", "source_contact_id": "2", "full_name": "SMIT Anna", "postcode": "B-9000"},
    JAN | {"source_contact_id": "3", "born_on": date(1950, 1, 2)},
    JAN | {"source_contact_id": "4", "born_on": date(1985, 8, 9)},
    {"source_contact_id": "5", "first_name": "Zo\u00eb", "last_name": "de Wit", "country": "FR", "postcode": "F-75005"},
]
ORDERS_OF: dict[str, tuple[Values, str | None]] = {
    "name and postal code, written otherwise": ({"person_name": "Mevr. Smit, ANNA", "person_postcode": "B 9000"}, "1"),
    "abroad": ({"person_name": "zoe De Wit", "person_postcode": "75005"}, "5"),
    "a name alone": ({"person_name": "Anna Smit"}, None),
    "one word of a name": ({"person_name": "Anna", "person_postcode": "9000"}, None),
    "father and son": ({"person_name": "Jan Maes", "person_postcode": "9000"}, None),
    "another town": ({"person_name": "Anna Smit", "person_postcode": "1000"}, None),
    "an unknown card": ({"loyalty_id": "", "person_name": "Anna Smit", "person_postcode": "9000"}, "1"),
    "an identifier of somebody else": (
        {"source_contact_id": "3", "person_name": "Anna Smit", "person_postcode": "9000"},
        "3",
    ),
}


def test_named_order_belongs_to_the_only_customer_of_that_name_and_postal_code(lake: Lakehouse) -> None:
    lake.replace_all(ENTITIES["contacts"].conformed, conformed(lake.spark, "contacts", CONTACTS))
    orders = conformed(lake.spark, "orders", (row | {"order_id": told} for told, (row, _) in ORDERS_OF.items()))
    lake.replace_all(ENTITIES["orders"].conformed, orders)
    with resolve(lake, SETTINGS, night=NIGHT, key=KEY) as found:
        owners = {row["source_contact_id"]: row["customer_id"] for row in found.links.rows.collect()}
        frame = unified_facts(ORDERS, orders, found.identifiers.rows, key=KEY, region="BE")
        shown = {row["order_id"]: row["customer_id"] for row in frame.collect()}
    assert owners.keys() == {"1", "2", "3", "4", "5"}
    assert len(set(owners.values())) == 4
    assert shown == {told: owners.get(number or "") for told, (_, number) in ORDERS_OF.items()}


def test_names_of_facts_lie_in_personal_tables_and_in_no_unified_one() -> None:
    named = {entity.conformed.name for entity in ENTITIES.values() if entity.has_name}
    assert named == {"conformed.orders", "conformed.visits", "conformed.messages", "conformed.feedback"}
    assert all(ENTITIES[name.removeprefix("conformed.")].conformed.folder.startswith("personal/") for name in named)
    assert not [table.name for table in TABLES if {"person_name", "person_postcode"} & set(table.column_names)]
