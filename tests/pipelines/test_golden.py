"""The golden record: whole, agreed, trusted and recent values first, groups never mixed, deleted records silent."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from pipelines.golden import FIELDS, golden_records
from pipelines.identity.records import records
from tests.pipelines.conformed_rows import KEY, Values, at, conformed
from tests.pipelines.test_customers import TRUST, links

NOON, LATER = (at(day).replace(tzinfo=None) for day in (1, 20))
"""As Spark hands over moments, in the session's time zone UTC."""
BORN: tuple[Values, ...] = tuple({"born_on": date(1980, 1, day)} for day in (1, 2))
OLD: Values = {"street": "12 bd St Michel", "postcode": "F-75005", "city": "PARIS", "country": "FR"}
SAME: Values = {"street": "12 Boulevard Saint-Michel", "postcode": "75005", "city": "Paris", "country": "France"}
NEW: Values = {"street": "Nieuwstraat 2", "postcode": "1000", "city": "Brussels", "country": "BE"}
STORIES: dict[str, tuple[list[Values], tuple[str, object]]] = {
    "two sources overrule the trusted one on a birth date": (
        [BORN[0] | {"updated_at": at(9)}, BORN[1] | {"source": "loyalty"}, BORN[1] | {"source": "web"}],
        ("born_on", date(1980, 1, 2)),
    ),
    "two records of one source are one voice": (
        [BORN[0], BORN[1] | {"source": "web"}, BORN[1] | {"source": "web"}],
        ("born_on", date(1980, 1, 1)),
    ),
    "two sources overrule the trusted one on an address": (
        [NEW, OLD | {"source": "web"}, SAME | {"source": "loyalty", "updated_at": at(9)}],
        ("street", "12 Boulevard Saint-Michel"),
    ),
    "two old sources do not overrule a move": (
        [NEW | {"updated_at": at(9)}, OLD | {"source": "web"}, SAME | {"source": "loyalty"}],
        ("street", "Nieuwstraat 2"),
    ),
    "a move that only the least trusted source knows waits for the others": (
        [OLD, SAME | {"source": "loyalty"}, NEW | {"source": "web", "updated_at": at(9)}],
        ("street", "12 bd St Michel"),
    ),
    "an address without a street agrees with nobody's whole one": (
        [{"postcode": "1000"}, {"source": "loyalty", "postcode": "1000"}, OLD | {"source": "web"}],
        ("street", "12 bd St Michel"),
    ),
    "a name is one name in any order": (
        [
            {"first_name": "Ana", "last_name": "Smit"},
            {"source": "web", "full_name": "SMIT Zo\u00eb"},
            {"source": "loyalty", "first_name": "Zoe", "last_name": "Smit"},
        ],
        ("first_name", "Zoe"),
    ),
    "a name of punctuation and titles is none": (
        [{"first_name": "-", "last_name": "Mrs."}, {"source": "web", "full_name": "Anna Smit"}],
        ("first_name", "Anna"),
    ),
    "a phone written otherwise is the same phone": (
        [
            {"phone": "02 555 12 34"},
            {"source": "web", "phone": "+32475123456"},
            {"source": "pos", "phone": "0475/123456"},
        ],
        ("phone", "+32475123456"),
    ),
}


def golden(owned: DataFrame, contacts: DataFrame, heirs: Sequence[tuple[str, str]] = ()) -> DataFrame:
    """The golden records of contacts in Belgium; heirs are (old id, living id)."""
    made = records(contacts, key=KEY, region="BE")
    old = frame_of(owned.sparkSession, heirs, "old_customer_id string, customer_id string")
    return golden_records(owned, contacts, made, old, trust=TRUST, region="BE")


def test_customer_names_the_ids_that_were_merged_into_it(spark: SparkSession) -> None:
    people = conformed(spark, "contacts", [{"source_contact_id": "1"}, {"source_contact_id": "2"}])
    found = golden(links(spark, crm_1="c", crm_2="d"), people, [("old", "c"), ("older", "c"), ("lost", "gone")])
    assert {row["customer_id"]: row["previous_ids"] for row in found.collect()} == {
        "c": ["old", "older"],
        "d": None,
        "guest": None,
    }


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
    found = golden(links(spark, crm_1="c", loyalty_2="c", web_3="c"), frame)
    rows = {row["customer_id"]: row.asDict() for row in found.collect()}
    expected = {"first_name": "Anna", "last_name": "Smit", "name_source": "crm", "street": "New 2", "city": "Brussels"}
    expected |= {"email": "anna@mail.example", "email_source": "loyalty", "phone": "+32475123456", "country": "BE"}
    assert expected.items() <= rows["c"].items()
    assert (rows["c"]["born_on"], rows["c"]["gender"], rows["c"]["records_count"]) == (None, "female", 3)
    assert rows["c"]["sources"] == ["crm", "loyalty", "web"]
    told = {group: (rows["c"][f"{group}_record"], rows["c"][f"{group}_updated_at"]) for group in FIELDS}
    assert told == {
        "name": ("1", NOON), "email": ("2", NOON), "address": ("2", NOON),
        "phone": ("3", LATER), "gender": ("3", LATER), "born_on": (None, None),
    }  # fmt: skip
    assert (rows["guest"]["last_name"], rows["guest"]["email"], rows["guest"]["records_count"]) == (None, None, 1)


def test_deleted_record_gives_no_personal_value(spark: SparkSession) -> None:
    gone: Values = {"source_contact_id": "1", "first_name": "Anna", "last_name": "Smit", "is_deleted": True}
    frame = conformed(spark, "contacts", [gone | {"email": "anna@mail.example", "postcode": "1000"}])
    row = golden(links(spark, crm_1="c"), frame).where("customer_id = 'c'").first()
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
    row = golden(links(spark, crm_1="c", crm_2="c"), frame).where("customer_id = 'c'").first()
    assert row is not None
    assert row["last_name"] == "Jansen"


def test_what_two_sources_say_alike_goes_before_trust_unless_it_may_have_changed_since(spark: SparkSession) -> None:
    owners: dict[str, str] = {}
    contacts: list[Values] = []
    for story, (told, _) in STORIES.items():
        for record in told:
            contacts.append({"source_contact_id": str(len(contacts)), **record})
            owners[f"{record.get('source', 'crm')}_{len(contacts) - 1}"] = story
    frame = conformed(spark, "contacts", contacts)
    found = golden(links(spark, **owners), frame).collect()
    values = {row["customer_id"]: row.asDict() for row in found}
    shown = {story: (field, values[story][field]) for story, (_, (field, _)) in STORIES.items()}
    assert shown == {story: expected for story, (_, expected) in STORIES.items()}


def test_fields_of_an_address_never_come_from_two_sources(spark: SparkSession) -> None:
    contacts: list[Values] = [
        {"source_contact_id": "1", "street": "Nieuwstraat 2", "postcode": "1000"},
        {"source": "web", "source_contact_id": "2", "city": "Paris", "country": "FR", "region": "Seine"},
    ]
    frame = conformed(spark, "contacts", contacts)
    found = golden(links(spark, crm_1="c", web_2="c"), frame).where("customer_id = 'c'")
    row = found.collect()[0]
    assert tuple(row[field] for field in FIELDS["address"]) == ("Nieuwstraat 2", "1000", None, None, "BE")
    assert row["address_source"] == "crm"


def test_ten_thousand_identical_records_are_one_voice(spark: SparkSession) -> None:
    anna: Values = {"first_name": "Anna", "last_name": "Smit", "email": "anna@mail.example", "postcode": "1000"}
    contacts = conformed(spark, "contacts", [anna]).crossJoin(spark.range(10_000))
    numbered = contacts.withColumn("source_contact_id", F.col("id").cast("string")).drop("id")
    owned = numbered.select("source", "source_contact_id").withColumn("customer_id", F.lit("c"))
    row = golden(owned, numbered).collect()[0]
    assert (row["first_name"], row["email"], row["records_count"]) == ("Anna", "anna@mail.example", 10_000)
