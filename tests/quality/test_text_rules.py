"""Rules about text and order: both readings count alike, and count what an independent judge counts."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import product
from typing import Any

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lakehouse.rows import frame_of
from quality.rules import Rule, length, ordered, reads_as, valid_email, valid_phone, valid_postcode
from quality.rules.contact_points import EMAIL
from quality.rules.postcodes import POSTCODES
from tests.quality.readings import by_gate, by_predicate

SOUND_EMAILS = (
    "anna@example.com",
    "a.b+news@mail.example.co.uk",
    "o'neil_1@xn--bcher-kva.example",
    "x@3m.com",
    "a" * 64 + "@example.org",
)
BROKEN_EMAILS = (
    "",
    "anna",
    "anna@",
    "@example.com",
    "anna@example",
    "anna@@example.com",
    "anna@example..com",
    ".anna@example.com",
    "anna.@example.com",
    "an na@example.com",
    "anna@example.com\n",
    "anna@-example.com",
    "anna@192.168.0.1",
    "anna@example.com, ben@example.com",
    "a" * 65 + "@example.org",
    "a@" + "b" * 64 + ".org",
    "a@" + ".".join(["b" * 60] * 5) + ".org",
)
PHONES = (
    *(None, "", "0", "12", "abc", "+49 30 901820", "030 901820", "0171 1234567", "+44 20 7946 0018", "020 7946 0018"),
    *("+1 650-253-0000", "650 253 0000", "000000", "+999 123", "0171 123", "(030) 90 18 20", "0049 30 901820"),
)
CODES = (
    None,
    "",
    "10115",
    "1011",
    "D-10115",
    "SW1A 1AA",
    "sw1a1aa",
    "1012 AB",
    "1012 SS",
    "75 001",
    "10115\n",
    "00-950",
)
COUNTRIES = (None, "", "DE", "gb", " NL ", "FR", "PL", "XX", "Germany", "uk")
TEXTS = (None, "", "a", "ab", "abc", "äö", "🙂🙂🙂", "a\nb", "12", "-3", "1.5", "1e5", ".5", ".", "1,5", "２")
DAYS = ("2026-02-28", "2026-02-30", "2026-2-8", "2026", "2026-02-28T10", "28.02.2026", "2024-02-29", "2023-02-29")
IDS = (
    "123e4567-e89b-12d3-a456-426614174000",
    "123E4567-E89B-12D3-A456-426614174000",
    "123e4567e89b12d3a456426614174000",
)
MOMENTS = (None, date(2026, 1, 1), date(2026, 1, 2))


def _counts(spark: SparkSession, rows: list[tuple[Any, ...]], schema: str, *rules: Rule) -> list[int]:
    """What both readings count, which must be the same, of the rows and of no row at all."""
    frame = frame_of(spark, rows, schema).persist()
    found = by_gate(frame, rules, rows=len(rows))
    assert dict(zip([rule.name for rule in rules], found, strict=True)) == dict(
        zip([rule.name for rule in rules], by_predicate(frame, rules), strict=True)
    )
    frame.unpersist()
    assert by_predicate(frame_of(spark, [], schema), rules) == [0] * len(rules)
    return found


def _broken(values: Iterable[Any], is_sound: Callable[[Any], bool]) -> int:
    return sum(value is not None and not is_sound(value) for value in values)


def test_texts_are_judged_alike_by_both_readings_and_by_python(spark: SparkSession) -> None:
    texts = (*TEXTS, *DAYS, *IDS, *SOUND_EMAILS, *BROKEN_EMAILS)
    rules = (
        length("text", minimum=2, maximum=3),
        length("text", minimum=1),
        reads_as("text", "whole_number"),
        reads_as("text", "number"),
        reads_as("text", "day"),
        reads_as("text", "uuid"),
        valid_email("text"),
    )
    assert _counts(spark, [(text,) for text in texts], "text string", *rules) == [
        _broken(texts, lambda text: 2 <= len(text) <= 3),
        _broken(texts, lambda text: len(text) >= 1),
        _broken(texts, lambda text: re.fullmatch("[+-]?[0-9]+", text) is not None),
        _broken(texts, lambda text: text in {"12", "-3", "1.5", "1e5", ".5", "2026"}),
        _broken(texts, lambda text: text in {"2026-02-28", "2024-02-29"}),
        _broken(texts, lambda text: text in IDS[:2]),
        _broken(texts, lambda text: text in SOUND_EMAILS),
    ]


@given(user=st.from_regex(r"\A[a-z0-9_+-]{1,10}(\.[a-z0-9]{1,10}){0,3}\Z"), host=st.from_regex(r"\A[a-z]{1,9}\Z"))
def test_an_ordinary_address_is_valid_and_its_damaged_forms_are_not(user: str, host: str) -> None:
    """Java's pattern read by Python, which writes the end of a text another way."""
    form = re.compile(EMAIL.replace(r"\z", r"\Z"), re.ASCII)
    whole = f"{user}@{host}.example"
    assert form.match(whole)
    damaged = (user, f"@{host}.example", f"{user}@{host}", f"{whole} ", f"{user}@@{host}.example", f"{whole}.")
    assert not any(map(form.match, damaged))


def test_phones_and_postal_codes_are_judged_by_the_country_of_their_row(spark: SparkSession) -> None:
    phones = [(phone, country, None) for phone, country in product(PHONES[1:], COUNTRIES)]
    codes = [(None, country, code) for code, country in product(CODES[1:], COUNTRIES)]
    rules = (
        valid_phone("phone"),
        valid_phone("phone", country="DE"),
        valid_phone("phone", country_column="country"),
        valid_phone("phone", country="DE", country_column="country"),
        valid_postcode("code", country="GB"),
        valid_postcode("code", country_column="country"),
        valid_postcode("code", country="DE", country_column="country"),
    )
    counted = _counts(spark, [*phones, *codes, (None, "DE", None)], "phone string, country string, code string", *rules)
    assert counted == [
        _broken(phones, lambda row: row[0].startswith("+") and _can_be_dialled(row[0], None)),
        _broken(phones, lambda row: _can_be_dialled(row[0], "DE")),
        _broken(phones, lambda row: _can_be_dialled(row[0], _iso(row[1]), unknown=True)),
        _broken(phones, lambda row: _can_be_dialled(row[0], _iso(row[1]) or "DE", unknown=True)),
        _broken(codes, lambda row: _is_code(row[2], "GB")),
        _broken(codes, lambda row: _is_code(row[2], _iso(row[1]))),
        _broken(codes, lambda row: _is_code(row[2], _iso(row[1]) or "DE")),
    ]


def test_every_country_knows_a_code_that_is_used_there() -> None:
    used = {
        "AT": "1010",
        "BE": "1000",
        "BR": "01310-100",
        "CA": "K1A 0B1",
        "CH": "8001",
        "CZ": "110 00",
        "DE": "10115",
        "DK": "1050",
        "ES": "28013",
        "FI": "00100",
        "FR": "75001",
        "GB": "EC1A 1BB",
        "GR": "104 31",
        "IE": "D02 X285",
        "IT": "00184",
        "JP": "100-0001",
        "LU": "L-1111",
        "LV": "LV-1010",
        "NL": "1012 JS",
        "PL": "00-950",
        "PT": "1000-001",
        "SE": "111 20",
        "SI": "1000",
        "SK": "811 01",
        "US": "20500-0003",
    }
    assert [country for country, code in used.items() if not _is_code(code, country)] == []
    assert not any(_is_code(f"{code}!", country) for country, code in used.items())


def test_two_times_in_order_may_be_equal_or_unknown(spark: SparkSession) -> None:
    pairs = list(product(MOMENTS, MOMENTS))
    found = _counts(spark, pairs, "started_at date, ended_at date", ordered("started_at", "ended_at"))
    assert found == [sum(None not in pair and pair[1] < pair[0] for pair in pairs)]  # type: ignore[operator]


def _can_be_dialled(phone: str, country: str | None, *, unknown: bool = False) -> bool:
    """`unknown` is what holds of a number that needs a country where there is none."""
    if not phone.startswith("+") and country not in phonenumbers.SUPPORTED_REGIONS:
        return unknown and _looks_like_a_number(phone)
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone, country))
    except phonenumbers.NumberParseException:
        return False


def _looks_like_a_number(phone: str) -> bool:
    return sum(map(str.isdigit, phone)) >= 2


def _is_code(code: str, country: str | None) -> bool:
    form = POSTCODES.get(country or "")
    return form is None or re.fullmatch(form, code, re.IGNORECASE | re.ASCII) is not None


def _iso(country: str | None) -> str | None:
    code = (country or "").strip().upper()
    return {"UK": "GB"}.get(code, code) if re.fullmatch("[A-Z]{2}", code) else None
