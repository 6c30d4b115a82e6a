"""Phone numbers in E.164 and countries as ISO codes. `phonenumbers` sees each distinct value once."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, reduce

import pandas as pd
import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt")
OTHER_NAMES = {"usa": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "holland": "NL", "uae": "AE"}


def with_phone_form(frame: DataFrame, region: str | None, *, phones: DataFrame | None = None) -> DataFrame:
    """The frame with `phone_form`: the phone in E.164 without its extension, null for placeholders.

    Reads: phone and, where there is one, country (ISO code or name); `region` is the ISO code for records without.
           `phones` are the forms of all phones (from `phone_forms`) where the caller has them already.
    """
    forms = phone_forms([frame], region) if phones is None else phones
    seen = forms.withColumnsRenamed({"phone": "_phone", "phone_country": "_seen_country"})
    located = frame.withColumn("_country", _located(frame, region))
    same = (F.col("phone") == F.col("_phone")) & F.col("_country").eqNullSafe(F.col("_seen_country"))
    return located.join(seen, same, "left").drop("_phone", "_seen_country", "_country")


def phone_forms(frames: Iterable[DataFrame], region: str | None) -> DataFrame:
    """One row per distinct phone and country of the frames: phone, phone_country, phone_form."""
    given = [f.select("phone", _located(f, region).alias("phone_country")).where("phone is not null") for f in frames]
    distinct = reduce(DataFrame.unionByName, given).distinct()
    return distinct.mapInPandas(_forms, "phone string, phone_country string, phone_form string")


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
    is_code = plain.rlike("^[a-z]{2}$") & (plain != "uk")
    return F.when(is_code, F.upper(plain)).otherwise(F.try_element_at(F.expr(_country_names()), plain))


def _located(frame: DataFrame, region: str | None) -> Column:
    country = country_code(F.col("country")) if "country" in frame.columns else F.lit(None).cast("string")
    return F.coalesce(country, F.lit(region))


def _forms(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        forms = [
            phone_form(phone, region) for phone, region in zip(batch["phone"], batch["phone_country"], strict=True)
        ]
        yield batch.assign(phone_form=pd.Series(forms, dtype=object, index=batch.index))


@lru_cache(maxsize=1)
def _country_names() -> str:
    """A Spark SQL map of country names to codes; a literal, so that the optimiser folds it."""
    spoken = [(code, _spoken(names, language)) for code, names in LOCALE_DATA.items() for language in LANGUAGES]
    names = {name.lower(): code for code, name in spoken if name} | OTHER_NAMES
    pairs = (f'{json.dumps(name, ensure_ascii=False)}, "{code}"' for name, code in names.items())
    return f"map({', '.join(pairs)})"


def _spoken(names: Mapping[str, str], language: str) -> str:
    """The name in a language; `*xx` in the list stands for the name in language xx."""
    name = names.get(language, "")
    return names.get(name[1:], "") if name.startswith("*") else name
