"""Normalised forms: what two sources write differently becomes equal, what stands for nobody becomes null."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.identity.normalise import capitals, card_form, email_form, name_tokens
from pipelines.identity.phones import country_code, phone_form


@pytest.mark.parametrize(
    ("phone", "region", "expected"),
    [
        ("983.566.0706x9509", "US", "+19835660706"),
        ("0475/12.34.56", "BE", "+32475123456"),
        ("0032 475 12 34 56", "US", "+32475123456"),
        ("+32 475 12 34 56", None, "+32475123456"),
        ("0475 12 34 56", None, None),
        ("0000000000", "BE", None),
        ("123456789", "BE", None),
        ("none", "BE", None),
        ("12", "BE", None),
    ],
)
def test_phone_becomes_international_or_nothing(phone: str, region: str | None, expected: str | None) -> None:
    assert phone_form(phone, region) == expected


def test_forms_of_emails_cards_names_and_countries(spark: SparkSession) -> None:
    rows = [
        (" Anna.Smit@Mail.example ", "29-000 12", "Dr. Zoë  O'Brien-Müller", "USA"),
        ("info@shop.example", "0000", "", "Belgique"),
        ("test+7@shop.example", "x1", "SMIT Anna", "be"),
        ("not an address", None, "Anna Smit", "Atlantis"),
    ]
    frame = spark.createDataFrame(rows, "email string, card string, name string, country string").coalesce(1)
    found = frame.select(
        email_form(F.col("email")),
        card_form(F.col("card")),
        name_tokens(F.col("name")),
        capitals(F.col("name")),
        country_code(F.col("country")),
    )
    assert [tuple(row) for row in found.collect()] == [
        ("anna.smit@mail.example", "2900012", ["zoe", "obrien", "muller"], None, "US"),
        (None, None, [], None, "BE"),
        (None, "X1", ["smit", "anna"], "SMIT", "BE"),
        (None, None, ["anna", "smit"], None, None),
    ]
