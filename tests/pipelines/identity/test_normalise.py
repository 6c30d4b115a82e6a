"""Normalised forms: what two sources write differently becomes equal, what stands for nobody becomes null."""

from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from pipelines.identity.normalise import birth_date, capitals, card_form, email_form, mailbox_form, name_tokens
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
    frame = frame_of(spark, rows, "email string, card string, name string, country string").coalesce(1)
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


def test_addresses_of_one_mailbox_are_one_by_the_rules_of_their_provider(spark: SparkSession) -> None:
    addresses = {
        "Anna.Smit+shop@gmail.com": "annasmit@gmail.com",
        "annasmit@googlemail.com": "annasmit@gmail.com",
        "anna.smit+news@outlook.com": "anna.smit@outlook.com",
        "anna.smit+news@mail.example": "anna.smit+news@mail.example",
        "none@gmail.com": None,
        "noreply+7@shop.example": None,
        "No.Email@shop.example": None,
        "geenmail@shop.example": None,
        f"{'a' * 10_000}@gmail.com": None,
    }
    frame = frame_of(spark, [(address,) for address in addresses], "email string").coalesce(1)
    found = frame.select("email", mailbox_form(email_form(F.col("email")))).collect()
    assert {row[0]: row[1] for row in found} == addresses


def test_year_of_two_digits_is_of_the_last_century_in_which_somebody_was_born_by_then(spark: SparkSession) -> None:
    dates = {
        "0075-06-05": date(1975, 6, 5),
        "2075-06-05": date(1975, 6, 5),
        "0012-06-05": date(2012, 6, 5),
        "2012-06-05": date(2012, 6, 5),
        "2072-02-29": date(1972, 2, 29),
        "1850-01-02": date(1850, 1, 2),
        "2945-06-05": date(2945, 6, 5),
        "1900-01-01": None,
        "9999-12-31": None,
        "0850-01-02": None,
    }
    frame = frame_of(spark, [(text,) for text in dates], "text string").coalesce(1)
    known_on = F.lit("2026-03-01").cast("date")
    found = frame.select("text", birth_date(F.col("text").cast("date"), known_on)).collect()
    assert {row[0]: row[1] for row in found} == dates


def test_words_of_other_scripts_stay_words_and_a_text_that_strayed_into_a_name_is_cut(spark: SparkSession) -> None:
    names = {
        "МАРИЯ Иванова-Петрова": ["мария", "иванова", "петрова"],
        "山田 花子": ["山田", "花子"],
        "فاطمة حسن": ["فاطمة", "حسن"],
        "Łukasz Đorđević": ["lukasz", "dordevic"],
        "Νίκος Παπαδόπουλος": ["νίκος", "παπαδόπουλος"],
    }
    texts = [*names, "x" * 10_000, "ab " * 5_000]
    frame = frame_of(spark, [(text,) for text in texts], "name string").coalesce(1)
    found = [row[0] for row in frame.select(name_tokens(F.col("name"))).collect()]
    assert found[: len(names)] == list(names.values())
    assert [(len(words), len(words[0])) for words in found[len(names) :]] == [(1, 200), (67, 2)]
