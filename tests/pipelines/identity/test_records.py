"""Person records in normalised forms: what sources write differently becomes equal, fillings become null."""

from datetime import UTC, date, datetime

import duckdb
from pyspark.sql import SparkSession

from pipelines.identity.records import MADE_OF, fingerprint, fingerprint_in_sql, records
from tests.pipelines.conformed_rows import Values, conformed

CONTACTS: list[Values] = [
    {"first_name": "Dr. Zoë", "last_name": "O'Brien-Müller", "email": " Zoe@Mail.example", "phone": "0475/12.34.56"},
    {"full_name": "SMIT Anna", "country": "FR", "street": "12 bd St Michel", "postcode": "F-75005", "city": "PARIS 5e"},
    {
        "full_name": "Anna Smit",
        "country": "DE",
        "street": "Hauptstr. 7 b",
        "postcode": "D-10115",
        "phone": "030 901820",
    },
    {"full_name": "Mevr. van den Berg", "street": "St-Jansstraat 3", "postcode": "B 9000", "gender": "Female"},
    {"first_name": "Bob", "country": "GB", "street": "5 High St", "postcode": "sw1a 1aa", "is_test": True},
    {"email": "info@shop.example", "phone": "0000000000", "loyalty_id": "0000", "street": "  ", "postcode": "-"},
    {"email": "none@mail.example", "phone": "none", "loyalty_id": "29-000 12"},
]

DAYS = (date(2024, 5, 1), date(2025, 5, 1))


def test_records_hold_normalised_forms(spark: SparkSession) -> None:
    contacts = conformed(spark, "contacts", [row | {"source_contact_id": str(n)} for n, row in enumerate(CONTACTS)])
    rows = {row["source_contact_id"]: row for row in records(contacts, key="k", region="BE").collect()}

    def found(*names: str) -> list[tuple[object, ...]]:
        return [tuple(rows[str(n)][name] for name in names) for n in range(len(CONTACTS))]

    assert found("given", "family", "tokens") == [
        (["zoe"], ["obrien", "muller"], ["zoe", "obrien", "muller"]),
        (["anna"], ["smit"], ["smit", "anna"]),
        ([], [], ["anna", "smit"]),
        ([], [], ["van", "den", "berg"]),
        (["bob"], [], ["bob"]),
        ([], [], []),
        ([], [], []),
    ]
    assert found("street", "house", "postcode", "city") == [
        (None, None, None, None),
        ("boulevard saint michel", "12", "75005", "paris e"),
        ("hauptstrasse", "7b", "10115", None),
        ("sint jansstraat", "3", "9000", None),
        ("high street", "5", "sw1a1aa", None),
        (None, None, None, None),
        (None, None, None, None),
    ]
    assert found("email", "phone", "card", "gender", "is_test") == [
        ("zoe@mail.example", "+32475123456", None, None, False),
        (None, None, None, None, False),
        (None, "+4930901820", None, None, False),
        (None, None, None, "f", False),
        (None, None, None, None, True),
        (None, None, None, None, False),
        (None, None, "2900012", None, False),
    ]


def test_both_engines_tell_the_same_fingerprint_and_every_value_changes_it(spark: SparkSession) -> None:
    empty: Values = {"source_contact_id": "1", "arrived": None, "event_at": None}
    said: list[Values] = [{name: "é\n'\\ß 東"} for name in ("first_name", "last_name", "email", "phone", "street")]
    said += [{"first_name": ""}, {"last_name": ""}, {"is_test": True}, {"is_test": False}, {"is_deleted": True}]
    said += [{"born_on": date(850, 3, 1)}, {"arrived": date(1960, 1, 2)}, {"arrived": date(1960, 1, 1)}]
    said += [{"event_at": datetime(2024, 5, 1, 12, 30, 0, 1, tzinfo=UTC), "arrived": day} for day in DAYS]
    contacts = conformed(spark, "contacts", [empty, *(empty | row for row in said)]).select(*MADE_OF)
    by_spark = [row[0] for row in contacts.select(fingerprint("BE")).collect()]
    query, values = fingerprint_in_sql("BE")
    with duckdb.connect() as engine:
        engine.register("contacts", contacts.toArrow())
        assert [row[0] for row in engine.execute(f"select {query} from contacts", values).fetchall()] == by_spark
    assert by_spark[-1] == by_spark[-2]
    assert len(set(by_spark)) == len(by_spark) - 1
