"""Phone numbers in E.164 and countries as ISO codes. `phonenumbers` sees each distinct value once."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import pandas as pd
import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt")
OTHER_NAMES = {"usa": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "holland": "NL", "uae": "AE"}


def with_phone_form(frame: DataFrame, region: str | None) -> DataFrame:
    """The frame with `phone_form`: the phone in E.164 without its extension, null for placeholders.

    Reads: phone and, where there is one, country (ISO code or name); `region` is the ISO code for records without.
    """
    country = country_code(F.col("country")) if "country" in frame.columns else F.lit(None).cast("string")
    located = frame.withColumn("_country", F.coalesce(country, F.lit(region)))
    distinct = located.select("phone", "_country").where("phone is not null").distinct()
    forms = distinct.mapInPandas(_forms, "phone string, _country string, phone_form string")
    seen = forms.withColumnRenamed("phone", "_phone").withColumnRenamed("_country", "_region")
    same = (F.col("phone") == F.col("_phone")) & F.col("_country").eqNullSafe(F.col("_region"))
    return located.join(seen, same, "left").drop("_phone", "_region", "_country")


def phone_form(phone: str, region: str | None) -> str | None:
    """One phone number in E.164; None where it is no number that anybody could have."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) < 6 or len(set(digits.lstrip("0"))) <= 1 or digits.lstrip("0") in "1234567890":
        return None
    try:
        parsed = phonenumbers.parse(re.sub(r"^\s*00", "+", phone), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed) or len(set(str(parsed.national_number))) == 1:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def country_code(country: Column) -> Column:
    """The ISO 3166 code of a country given as code or as name in LANGUAGES; null where unknown."""
    plain = F.lower(F.trim(country))
    names = F.from_json(F.lit(_names_as_json()), "map<string,string>")
    return F.when(plain.rlike("^[a-z]{2}$") & (plain != "uk"), F.upper(plain)).otherwise(F.try_element_at(names, plain))


def _forms(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        forms = [phone_form(phone, region) for phone, region in zip(batch["phone"], batch["_country"], strict=True)]
        yield batch.assign(phone_form=pd.Series(forms, dtype=object, index=batch.index))


@lru_cache(maxsize=1)
def _names_as_json() -> str:
    spoken = [
        (code, by_language.get(language, "*")) for code, by_language in LOCALE_DATA.items() for language in LANGUAGES
    ]
    return json.dumps({name.lower(): code for code, name in spoken if not name.startswith("*")} | OTHER_NAMES)
