"""Rules about what reaches a person: e-mail, phone, postal code."""

from collections.abc import Iterator

import pandas as pd
import phonenumbers
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from quality.rules.postcodes import POSTCODES
from quality.rules.rule import Rule, Severity, judged_by, judged_rule
from quality.rules.values import matches

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"\A(?=[^@]{{1,64}}@)(?=.{{3,254}}\z){ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+(?!\d+\z){LABEL}\z"
"""An address that a mail server could have: RFC 5321 without quoted names and bare hosts; lengths of its 4.5.3.1."""

PLUS = ("+", "＋")
"""What a number begins with that says its country itself."""


def valid_email(column: str, *, severity: Severity = "block", limit: float | None = None) -> Rule:
    """Text written as an e-mail address is; whether somebody reads it there, no rule can say."""
    written = matches(column, EMAIL, severity=severity, limit=limit)
    name, fault = f"{column} is a valid e-mail address", f"have a {column} that is no valid e-mail address"
    return Rule("valid_email", name, fault, (column,), severity, limit, written.holds, written.expectation)


def valid_phone(
    column: str,
    *,
    country: str | None = None,
    country_column: str | None = None,
    severity: Severity = "block",
    limit: float | None = None,
) -> Rule:
    """A number that can be dialled, by the numbering plan of its country.

    Units:  country is the ISO 3166 code for numbers without `+`, where the row's own country_column gives none; where
            that is no code either, numbers without `+` are passed by. Without both, every number needs its `+`.
    Source: `phonenumbers`, the port of Google's libphonenumber (is_valid_number).
    """
    where = _where(country, country_column)

    def holds() -> Column:
        judged = pandas_udf(_judged, T.BooleanType())  # type: ignore[call-overload]
        dialled: Column = judged(F.col(column), _country(country, country_column))
        return dialled if country_column else F.when(F.col(column).isNotNull(), F.coalesce(dialled, F.lit(False)))

    return judged_rule(
        "valid_phone",
        f"{column} is a valid phone number{where}",
        f"have a {column} that is no valid phone number{where}",
        _columns(column, country_column),
        judged_by(holds),
        severity=severity,
        limit=limit,
    )


def valid_postcode(
    column: str,
    *,
    country: str | None = None,
    country_column: str | None = None,
    severity: Severity = "block",
    limit: float | None = None,
) -> Rule:
    """A postal code as its country writes it; countries without a known form are passed by.

    Units:  country is the ISO 3166 code, where the row's own country_column gives none.
    Raises: KeyError for a country that has no known form.
    """
    where = _where(country, country_column)
    name, fault = f"{column} is a valid postal code{where}", f"have a {column} that is no valid postal code{where}"
    if country_column is None:
        written = matches(column, whole(POSTCODES[country or ""]), severity=severity, limit=limit)
        return Rule("valid_postcode", name, fault, (column,), severity, limit, written.holds, written.expectation)

    def holds() -> Column:
        forms = F.create_map(*(F.lit(text) for code, form in POSTCODES.items() for text in (code, whole(form))))
        return F.rlike(F.col(column), F.try_element_at(forms, _country(country, country_column)))

    columns = _columns(column, country_column)
    return judged_rule("valid_postcode", name, fault, columns, judged_by(holds), severity=severity, limit=limit)


def whole(form: str) -> str:
    """The form as a pattern for the whole text, in upper or lower case."""
    return rf"\A(?i:{form})\z"


def is_phone_number(phone: str, country: str | None) -> bool | None:
    """Whether a number can be dialled, in its country or anywhere; None where that takes a country that is unknown."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone, country))
    except phonenumbers.NumberParseException as error:
        needs_country = error.error_type == error.INVALID_COUNTRY_CODE and not phone.lstrip().startswith(PLUS)
        return None if needs_country else False


def _judged(batches: Iterator[tuple[pd.Series, pd.Series]]) -> Iterator[pd.Series]:
    for phones, countries in batches:
        pairs = zip(phones, countries, strict=True)
        judged = [None if phone is None else is_phone_number(phone, country) for phone, country in pairs]
        yield pd.Series(judged, dtype=object)


def _country(country: str | None, country_column: str | None) -> Column:
    """The ISO code of each row's country."""
    fixed = F.lit(country).cast("string")
    if country_column is None:
        return fixed
    code = F.upper(F.trim(F.col(country_column)))
    return F.coalesce(F.when(code == "UK", F.lit("GB")).when(code.rlike("^[A-Z]{2}$"), code), fixed)


def _where(country: str | None, country_column: str | None) -> str:
    named = [name for name in (country_column, country) if name]
    return f" of {' or '.join(named)}" if named else ""


def _columns(column: str, country_column: str | None) -> tuple[str, ...]:
    return (column,) if country_column is None else (column, country_column)
