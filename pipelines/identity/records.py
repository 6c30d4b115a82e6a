"""Canonical person records: what every source says about a person, in normalised forms."""

import hashlib
from functools import lru_cache
from pathlib import Path

import phonenumbers
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.identity import address, keys, normalise, phones
from pipelines.identity.address import house_number, postcode_form, street_words
from pipelines.identity.keys import contact_key, name_birth_key, name_place_key, with_identifier_keys
from pipelines.identity.normalise import LONGEST, birth_date, capitals, card_form, mailbox_form, name_tokens, trimmed
from pipelines.identity.phones import country_code

READ = (
    *("source", "source_contact_id", "first_name", "last_name", "full_name", "born_on", "email", "phone"),
    *("loyalty_id", "cookie_id", "contact_source", "street", "postcode", "city", "country", "gender"),
    *("is_test", "is_deleted"),
)
"""The columns of conformed.contacts that a person record is made of, beside its first day."""
MADE_OF = (*READ, "event_at", "arrived")
MISSING, NEXT = "\x01", "\x1f"
"""A missing value in a fingerprint, which says something too, and what parts the values."""
HEX_DIGITS = 15
"""Of a hash, so that the number fits a bigint."""
MICROSECONDS_PER_DAY = 86_400_000_000


def fingerprint(region: str | None) -> Column:
    """Of all that the person record of a contact is made of, and of how: equal where both are."""
    said = (F.coalesce(F.col(name).cast("string"), F.lit(MISSING)) for name in READ)
    day = F.unix_date("arrived").cast("bigint") * MICROSECONDS_PER_DAY
    seen = F.coalesce(F.coalesce(F.unix_micros("event_at"), day).cast("string"), F.lit(MISSING))
    text = F.concat_ws(NEXT, F.lit(_how(region)), *said, seen)
    return F.conv(F.substring(F.md5(text), 1, HEX_DIGITS), 16, 10).cast("bigint")


def fingerprint_in_sql(region: str | None) -> tuple[str, list[str]]:
    """The same number as DuckDB SQL over contacts, and the values of its parameters."""
    said = (f"coalesce({name}::varchar, ?)" for name in READ)
    day = f"datediff('day', date '1970-01-01', arrived) * {MICROSECONDS_PER_DAY}"
    seen = f"coalesce(coalesce(epoch_us(event_at), {day})::varchar, ?)"
    text = f"concat_ws(?, ?, {', '.join(said)}, {seen})"
    return f"('0x' || md5({text})[:{HEX_DIGITS}])::bigint", [NEXT, _how(region), *[MISSING] * (len(READ) + 1)]


def _how(region: str | None) -> str:
    return f"{_forms()} {region}"


def one_each(records: DataFrame) -> DataFrame:
    """One record per record_key: ids that differ in spaces alone name one record."""
    first = Window.partitionBy("record_key").orderBy("fingerprint")
    return records.withColumn("_place", F.row_number().over(first)).where("_place = 1").drop("_place")


@lru_cache(maxsize=1)
def _forms() -> str:
    """Names the code that normalises: records that other code has normalised are made anew."""
    files = (module.__file__ for module in (address, keys, normalise, phones))
    code = b"".join(Path(file).read_bytes() for file in (__file__, *files) if file)
    return hashlib.sha256(code + phonenumbers.__version__.encode()).hexdigest()


def records(
    contacts: DataFrame,
    *,
    key: str,
    region: str | None,
    phones: DataFrame | None = None,
    extras: tuple[str, ...] = (),
) -> DataFrame:
    """The person records of the contacts: normalised names, birth date, identifiers and address, and their keys.

    Grain:  one row per contact, as unified.person_records, and extra_<name> for each of extras.
    Units:  given and family are empty where only a whole name in unknown order is there; tokens hold every word.
    Reads:  conformed.contacts and the columns of extras; phones as from `phone_forms`; key is the lake's secret.
    """
    country = F.coalesce(country_code(F.col("country")), F.lit(region))
    postcode = postcode_form(F.col("postcode"), country)
    born_on = birth_date(F.col("born_on"), F.col("arrived"))
    own_key = contact_key(F.col("source"), F.col("source_contact_id"))
    keyed = with_identifier_keys(contacts, key=key, region=region, phones=phones)
    return keyed.select(
        own_key.alias("record_key"),
        "source",
        "source_contact_id",
        *_names(),
        born_on.alias("born_on"),
        mailbox_form(F.col("email_form")).alias("email"),
        F.col("phone_form").alias("phone"),
        card_form(F.col("loyalty_id")).alias("card"),
        street_words(F.col("street"), country).alias("street"),
        house_number(F.col("street")).alias("house"),
        postcode.alias("postcode"),
        _words(F.col("city")).alias("city"),
        F.lower(F.substring(trimmed(F.col("gender")), 1, 1)).alias("gender"),
        F.expr("coalesce(is_test, false)").alias("is_test"),
        "is_deleted",
        _first_seen().alias("first_seen"),
        *_keys(own_key, born_on, postcode, key),
        fingerprint(region).alias("fingerprint"),
        *(_words_and_numbers(F.col(name)).alias(f"extra_{name}") for name in extras),
    )


def _keys(own_key: Column, born_on: Column, postcode: Column, key: str) -> list[Column | str]:
    """What ties a record to others: the record that it says it is, its identifiers, its name with a date or place."""
    return [
        F.nullif("contact_key", own_key).alias("linked_key"),
        *(f"{kind}_key" for kind in ("loyalty_id", "email", "phone", "cookie")),
        name_birth_key(_whole_name(), born_on, key).alias("name_birth_key"),
        name_place_key(_whole_name(), postcode, key).alias("name_place_key"),
    ]


def _names() -> tuple[Column, ...]:
    """given, family, tokens: family names that stand in capitals are told from given ones in a whole name."""
    loud = capitals(F.col("full_name"))
    parted = F.col("first_name").isNotNull() | F.col("last_name").isNotNull()
    words, loud_words = name_tokens(F.col("full_name")), name_tokens(loud)
    none = F.array().cast("array<string>")
    given, family = name_tokens(F.col("first_name")), name_tokens(F.col("last_name"))
    quiet = F.array_except(words, loud_words)
    return (
        F.when(parted, given).when(loud.isNotNull(), quiet).otherwise(none).alias("given"),
        F.when(parted, family).when(loud.isNotNull(), loud_words).otherwise(none).alias("family"),
        F.array_distinct(F.concat(given, family, words)).alias("tokens"),
    )


def _first_seen() -> Column:
    return F.coalesce("event_at", F.col("arrived").cast("timestamp"))


def _whole_name() -> Column:
    parted = name_tokens(F.concat_ws(" ", "first_name", "last_name"))
    return F.when(F.size(parted) > 0, parted).otherwise(name_tokens(F.col("full_name")))


def _words(text: Column) -> Column:
    return F.nullif(F.array_join(name_tokens(text), " "), F.lit(""))


def _words_and_numbers(text: Column) -> Column:
    return F.nullif(
        F.trim(F.regexp_replace(F.lower(F.substring(text.cast("string"), 1, LONGEST)), r"[^\p{L}\p{N}]+", " ")),
        F.lit(""),
    )
