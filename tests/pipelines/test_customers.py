"""The golden record and the profile: trusted and recent values first, groups never mixed, deleted records silent."""

from datetime import date

from pyspark.sql import SparkSession

from pipelines.customers import golden_records, profiles
from pipelines.tables import IDENTITY_LINKS, ORDERS
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


def test_each_group_comes_whole_from_the_most_trusted_valid_record(spark: SparkSession) -> None:
    contacts: list[Values] = [
        {
            "source_contact_id": "1",
            "first_name": "Anna",
            "last_name": "Smit",
            "email": "info@x.example",
            "street": "Old 1",
        },
        {"source": "loyalty", "source_contact_id": "2", "full_name": "VAN DAM Anna", "email": " Anna@Mail.example"},
        {
            "source": "web",
            "source_contact_id": "3",
            "email": "other@mail.example",
            "phone": "0475 12 34 56",
            "gender": "W",
        },
    ]
    contacts[1] |= {"street": "New 2", "postcode": "1000", "city": "Brussels", "country": "Belgium"}
    contacts[2] |= {"born_on": date(1970, 1, 1), "street": "Web 3", "postcode": "2000", "updated_at": at(20)}
    frame = conformed(spark, "contacts", contacts)
    found = golden_records(links(spark, crm_1="c", loyalty_2="c", web_3="c"), frame, trust=TRUST, region="BE")
    rows = {row["customer_id"]: row.asDict() for row in found.collect()}
    expected = {"first_name": "Anna", "last_name": "Smit", "name_source": "crm", "street": "New 2", "city": "Brussels"}
    expected |= {"email": "anna@mail.example", "email_source": "loyalty", "phone": "+32475123456", "country": "BE"}
    assert expected.items() <= rows["c"].items()
    assert (rows["c"]["born_on"], rows["c"]["gender"], rows["c"]["records_count"]) == (None, "female", 3)
    assert rows["c"]["sources"] == ["crm", "loyalty", "web"]
    assert (rows["guest"]["last_name"], rows["guest"]["email"], rows["guest"]["records_count"]) == (None, None, 1)


def test_deleted_record_gives_no_personal_value(spark: SparkSession) -> None:
    gone: Values = {"source_contact_id": "1", "first_name": "Anna", "last_name": "Smit", "is_deleted": True}
    frame = conformed(spark, "contacts", [gone | {"email": "anna@mail.example", "postcode": "1000"}])
    row = golden_records(links(spark, crm_1="c"), frame, trust=TRUST).where("customer_id = 'c'").first()
    assert row is not None
    assert {name for name, value in row.asDict().items() if value is not None} == {
        "customer_id",
        "records_count",
        "sources",
    }


def test_newest_record_of_one_source_wins(spark: SparkSession) -> None:
    old: Values = {"source_contact_id": "1", "last_name": "Smit", "first_name": "Anna", "updated_at": at(1)}
    new: Values = {"source_contact_id": "2", "last_name": "Jansen", "first_name": "Anna", "updated_at": at(2)}
    frame = conformed(spark, "contacts", [old, new])
    row = golden_records(links(spark, crm_1="c", crm_2="c"), frame, trust=TRUST).where("customer_id = 'c'").first()
    assert row is not None
    assert row["last_name"] == "Jansen"


def test_profile_holds_bands_flags_and_the_first_day(spark: SparkSession) -> None:
    contacts: list[Values] = [
        {
            "source_contact_id": "1",
            "born_on": date(1996, 3, 1),
            "is_staff": True,
            "event_at": at(5, 23),
            "store_id": "S1",
        },
        {"source_contact_id": "2", "is_deleted": True, "gender": "m"},
        {"source": "web", "source_contact_id": "3", "born_on": date(1996, 3, 2), "is_test": True, "country": "france"},
    ]
    orders: list[Values] = [
        {"source": "pos", "order_id": "A", "customer_id": "c", "event_at": at(4, 23), "known_from": NIGHT}
    ]
    objections = spark.createDataFrame([("t",)], "customer_id string")
    found = profiles(
        links(spark, crm_1="c", crm_2="d", web_3="t"),
        conformed(spark, "contacts", contacts),
        of_table(spark, ORDERS, orders),
        objections,
        night=NIGHT,
        trust=TRUST,
        timezone="Europe/Brussels",
    )
    shown = ("age_band", "gender_group", "country", "store_id", "customer_since", "is_staff", "is_test", "is_deleted")
    rows = {
        row["customer_id"]: tuple(row[name] for name in (*shown, "objects_to_profiling")) for row in found.collect()
    }
    assert rows == {
        "c": ("30_44", "unknown", None, "S1", date(2026, 2, 5), True, False, False, False),
        "d": ("unknown", "unknown", None, None, None, False, False, True, False),
        "t": ("18_29", "unknown", "FR", None, date(2026, 2, 1), False, True, False, True),
        "guest": ("unknown", "unknown", None, None, None, False, False, False, False),
    }
