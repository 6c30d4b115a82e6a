"""The profile: the golden record's bands, and places and flags by trusted and recent records."""

from datetime import date

from pyspark.sql import SparkSession

from lakehouse.rows import frame_of
from pipelines.customers import profiles
from pipelines.tables import CUSTOMERS, IDENTITY_LINKS, ORDERS
from tests.pipelines.conformed_rows import NIGHT, Values, at, conformed, of_table

TRUST = ("crm", "loyalty")


def links(spark: SparkSession, **owners: str):  # type: ignore[no-untyped-def]
    """Links by `source_id="customer"`."""
    rows: list[Values] = []
    for name, customer in owners.items():
        source, number = name.split("_")
        rows.append({"record_key": f"contact:{source}:{number}", "source": source, "source_contact_id": number})
        rows[-1] |= {"customer_id": customer, "evidence": "email", "since": NIGHT}
    guest: Values = {"record_key": "email:x", "customer_id": "guest", "evidence": "alone", "since": NIGHT}
    return of_table(spark, IDENTITY_LINKS, [*rows, guest])


def order(order_id: str, when: object, **other: object) -> Values:
    """An order of the customer c at the till."""
    return {"source": "pos", "order_id": order_id, "customer_id": "c", "event_at": when, "known_from": NIGHT, **other}


GOLDEN: list[Values] = [
    {"customer_id": "c", "born_on": date(1996, 3, 1)},
    {"customer_id": "t", "born_on": date(1996, 3, 2), "gender": "female"},
    {"customer_id": "d"},
    {"customer_id": "guest"},
]


def test_profile_holds_bands_flags_and_the_first_day(spark: SparkSession) -> None:
    contacts: list[Values] = [
        {
            "source_contact_id": "1",
            "is_staff": True,
            "event_at": at(5, 23),
            "store_id": "S1",
        },
        {"source_contact_id": "2", "is_deleted": True},
        {"source": "web", "source_contact_id": "3", "is_test": True, "is_deceased": True, "country": "france"},
    ]
    orders: list[Values] = [
        order("A", at(4, 23), store_id="S7", channel="store"),
        order("B", at(6, 9), store_id=" ", channel="web"),
        order("C", at(7, 9), store_id="S9", kind="return"),
    ]
    objections = frame_of(spark, [("t",)], "customer_id string")
    found = profiles(
        links(spark, crm_1="c", crm_2="d", web_3="t"),
        conformed(spark, "contacts", contacts),
        of_table(spark, ORDERS, orders),
        objections,
        of_table(spark, CUSTOMERS, GOLDEN),
        night=NIGHT,
        trust=TRUST,
        timezone="Europe/Brussels",
    )
    shown = ("age_band", "gender_group", "country", "store_id", "customer_since", "is_staff", "is_test", "is_deceased")
    rows = {
        row["customer_id"]: tuple(row[name] for name in (*shown, "objects_to_profiling")) for row in found.collect()
    }
    assert rows == {
        "c": ("30_44", "unknown", None, "S1", date(2026, 2, 5), True, False, False, False),
        "d": ("unknown", "unknown", None, None, None, False, False, False, False),
        "t": ("18_29", "female", "FR", None, date(2026, 2, 1), False, True, True, True),
        "guest": ("unknown", "unknown", None, None, None, False, False, False, False),
    }
    assert [row["customer_id"] for row in found.where("is_deleted").collect()] == ["d"]
    [last] = found.where("last_order_on is not null").collect()
    assert (last["customer_id"], last["last_order_on"], last["last_store"]) == ("c", date(2026, 2, 6), "web")
