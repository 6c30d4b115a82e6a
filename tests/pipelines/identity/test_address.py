"""Addresses as each country abbreviates them: one street, one house, one postal code."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from pipelines.identity.address import house_number, postcode_form, street_words

WRITTEN = [
    ("FR", "12, bd St-Michel", "12 Boulevard Saint Michel", "boulevard saint michel", "12"),
    ("FR", "3 bis r. de la Paix", "3 Rue de la Paix", "rue de la paix", "3"),
    ("BE", "Kerkstr. 7 b", "Kerkstraat 7B", "kerkstraat", "7b"),
    ("BE", "St Jansstraat 3", "Sint-Jansstraat 3", "sint jansstraat", "3"),
    ("BE", "Brusselse stwg 10", "Brusselse Steenweg 10", "brusselse steenweg", "10"),
    ("NL", "Prinsen gr 5", "Prinsen Gracht 5", "prinsen gracht", "5"),
    ("DE", "Hauptstr. 7", "Hauptstraße 7", "hauptstrasse", "7"),
    ("DE", "St.-Anna-Pl. 1", "Sankt Anna Platz 1", "sankt anna platz", "1"),
    ("AT", "Lange G. 4", "Lange Gasse 4", "lange gasse", "4"),
    ("ES", "C/ Mayor 2", "Calle Mayor 2", "calle mayor", "2"),
    ("ES", "Avda. de la Paz 9", "Avenida de la Paz 9", "avenida de la paz", "9"),
    ("IT", "V.le Roma 6", "Viale Roma 6", "viale roma", "6"),
    ("IT", "Cso Italia 8", "Corso Italia 8", "corso italia", "8"),
    ("GB", "5 High St", "5 High Street", "high street", "5"),
    ("US", "77 Ocean Blvd", "77 Ocean Boulevard", "ocean boulevard", "77"),
]
"""Country, a street in short and in full, its words, its house number."""
CODES = [
    ("GB", "SW1A 1AA", "sw1a1aa"),
    ("NL", "1234 ab", "1234ab"),
    ("FR", "F-75005", "75005"),
    ("DE", "D 10115", "10115"),
    ("LU", "L-1234", "1234"),
    ("BE", "B-9000", "9000"),
    (None, "B 9000", "9000"),
    ("CH", "CH-8001", "8001"),
    ("US", "10001-1234", "100011234"),
    ("PL", "00-950", "00950"),
    ("BE", "-", None),
    ("BE", "9" * 10_000, None),
]


def test_street_types_are_written_out_as_each_country_means_them(spark: SparkSession) -> None:
    rows = [(country, short, full) for country, short, full, _, _ in WRITTEN]
    frame = frame_of(spark, rows, "country string, short string, full string").coalesce(1)
    forms = [street_words(F.col(name), F.col("country")) for name in ("short", "full")]
    found = frame.select(*forms, *(house_number(F.col(name)) for name in ("short", "full"))).collect()
    assert [tuple(row) for row in found] == [(words, words, house, house) for *_, words, house in WRITTEN]


def test_postal_code_is_one_however_it_is_written(spark: SparkSession) -> None:
    rows = [(country, code) for country, code, _ in CODES]
    frame = frame_of(spark, rows, "country string, code string").coalesce(1)
    found = frame.select(postcode_form(F.col("code"), F.col("country"))).collect()
    assert [row[0] for row in found] == [form for _, _, form in CODES]
