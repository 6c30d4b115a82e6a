"""One golden record per customer, each group of fields from one source, and the profile that tells nobody who it is."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.identity.normalise import birth_date, capitals, email_form, trimmed
from pipelines.identity.phones import country_code, with_phone_form
from pipelines.tables import CUSTOMER_PROFILE, CUSTOMERS

NAME, ADDRESS = ("first_name", "last_name"), ("street", "postcode", "city", "region", "country")
AGES = (("under_18", 18), ("18_29", 30), ("30_44", 45), ("45_59", 60), ("60_plus", 130))
"""Age bands with the age at which the next one begins."""
FEMALE = ("f", "female", "w", "weiblich", "femme", "woman", "vrouw", "v")
MALE = ("m", "male", "männlich", "maennlich", "homme", "man", "h")


def golden_records(
    links: DataFrame, contacts: DataFrame, *, trust: Sequence[str], region: str | None = None
) -> DataFrame:
    """The best name, e-mail, phone, address and birth date of each customer, each with its source.

    Grain:  one row per customer_id of links; customers known by facts alone have no personal values.
    Units:  valid values first, then the order of `trust`, then the newest; records that their source has deleted
            contribute nothing. Fields of one group never come from two records.
    """
    living = contacts.where("not is_deleted")
    known = _with_customer(links, with_phone_form(living, region)).withColumns(_valid_forms(region))
    best = known.groupBy("customer_id").agg(*_groups(_rank(trust)))
    counted = links.groupBy("customer_id").agg(
        F.count("*").cast("int").alias("records_count"), F.sort_array(F.collect_set("source")).alias("sources")
    )
    joined = counted.join(best, "customer_id", "left")
    return joined.select(*_golden_columns()).select(*CUSTOMERS.column_names)


def profiles(
    links: DataFrame,
    contacts: DataFrame,
    orders: DataFrame,
    objections: DataFrame,
    *,
    night: date,
    trust: Sequence[str],
    timezone: str,
) -> DataFrame:
    """What may be known of each customer without knowing who: bands, places and flags, as of the night.

    Grain: one row per customer_id of links.
    Reads: orders with customer_id and event_at (unified.orders), objections with customer_id.
    """
    known = _with_customer(links, contacts)
    rank = _rank(trust)
    described = known.groupBy("customer_id").agg(*_described(rank, night), *_flags())
    seen = [frame.where(F.col("event_at") < F.lit(night)) for frame in (known.where("not is_deleted"), orders)]
    since = _first_days(seen[0], timezone).unionByName(_first_days(seen[1], timezone))
    first = since.groupBy("customer_id").agg(F.min("day").alias("customer_since"))
    objecting = objections.select("customer_id").distinct().withColumn("_objects", F.lit(1) == 1)
    joined = links.select("customer_id").distinct().join(described, "customer_id", "left")
    joined = joined.join(first, "customer_id", "left").join(objecting, "customer_id", "left")
    flags = {name: F.expr(f"coalesce({name}, false)") for name in ("is_staff", "is_test", "is_deleted")}
    flags["objects_to_profiling"] = F.expr("coalesce(_objects, false)")
    unknown = {name: F.coalesce(name, F.lit("unknown")) for name in ("age_band", "gender_group")}
    return joined.withColumns(flags | unknown).select(*CUSTOMER_PROFILE.column_names)


def _with_customer(links: DataFrame, contacts: DataFrame) -> DataFrame:
    own = links.where("source_contact_id is not null").select("source", "source_contact_id", "customer_id")
    return contacts.withColumn("source_contact_id", F.trim("source_contact_id")).join(
        own, ["source", "source_contact_id"]
    )


def _rank(trust: Sequence[str]) -> list[Column]:
    """Sort order of records: trusted sources first, then the newest; source and id settle the rest."""
    order = F.array(*(F.lit(source) for source in trust)).cast("array<string>")
    place = F.coalesce(F.nullif(F.array_position(order, F.col("source")), F.lit(0)), F.lit(len(trust) + 1))
    newest = F.coalesce(-F.unix_micros(F.coalesce("updated_at", "event_at")), F.lit(0))
    return [place.alias("place"), newest.alias("newest"), F.col("source"), F.col("source_contact_id")]


def _valid_forms(region: str | None) -> dict[str, Column]:
    """Valid values beside the delivered ones; a whole name in one field is parted, capitals being the family name."""
    words = F.split(F.trim("full_name"), r"\s+")
    loud = capitals(F.col("full_name"))
    quiet = F.concat_ws(" ", F.filter(words, lambda word: ~F.array_contains(F.split(loud, " "), word)))
    parted = trimmed(F.col("first_name")).isNotNull() & trimmed(F.col("last_name")).isNotNull()
    first = F.coalesce(F.when(loud.isNotNull(), quiet), F.when(F.size(words) > 1, words[0]))
    rest = F.coalesce(loud, F.concat_ws(" ", F.slice(words, F.when(F.size(words) > 1, 2).otherwise(1), 99)))
    whole = trimmed(F.col("full_name")).isNotNull() & ~parted
    return {
        "_parted": parted,
        "_first": F.when(whole, first).otherwise(trimmed(F.col("first_name"))),
        "_last": F.when(whole, rest).otherwise(trimmed(F.col("last_name"))),
        "_email": email_form(F.col("email")),
        "_born": birth_date(F.col("born_on")),
        "_gender": gender(F.col("gender")),
        "_country": F.coalesce(country_code(F.col("country")), F.when(F.col("postcode").isNotNull(), F.lit(region))),
    }


def gender(delivered: Column) -> Column:
    """female, male or other; null where nothing is said."""
    plain = F.lower(F.trim(delivered))
    named = F.when(plain.isin(*FEMALE), "female").when(plain.isin(*MALE), "male")
    return named.when(F.length(plain) > 0, "other")


def _groups(rank: list[Column]) -> list[Column]:
    name = F.col("_first").isNotNull() | F.col("_last").isNotNull()
    has_place = F.col("postcode").isNotNull() | (F.col("street").isNotNull() & F.col("city").isNotNull())
    address = [trimmed(F.col(part)).alias(part) for part in ADDRESS[:4]] + [F.col("_country").alias("country")]
    return [
        _best("name", name, [F.col("_parted").cast("int") * -1, *rank], ["_first", "_last"]),
        _best("email", F.col("_email").isNotNull(), rank, ["_email"]),
        _best("phone", F.col("phone_form").isNotNull(), rank, ["phone_form"]),
        _best("address", has_place, [F.col("street").isNull().cast("int"), *rank], address),
        _best("born", F.col("_born").isNotNull(), rank, ["_born"]),
        _best("gender", F.col("_gender").isNotNull(), rank, ["_gender"]),
    ]


def _best(group: str, is_valid: Column, rank: list[Column], fields: Sequence[str | Column]) -> Column:
    """The fields of the first valid record by rank, as one struct with its source."""
    ranked = F.struct(*(column.alias(f"rank_{place}") for place, column in enumerate(rank)))
    value = F.struct(F.col("source").alias("from"), *fields)
    return F.min(F.when(is_valid, F.struct(ranked.alias("rank"), value.alias("value"))))["value"].alias(group)


def _golden_columns() -> list[Column]:
    return [
        F.col("customer_id"),
        F.col("name._first").alias("first_name"),
        F.col("name._last").alias("last_name"),
        F.col("name.from").alias("name_source"),
        F.col("email._email").alias("email"),
        F.col("email.from").alias("email_source"),
        F.col("phone.phone_form").alias("phone"),
        F.col("phone.from").alias("phone_source"),
        *(F.col(f"address.{part}").alias(part) for part in ADDRESS),
        F.col("address.from").alias("address_source"),
        F.col("born._born").alias("born_on"),
        F.col("born.from").alias("born_on_source"),
        F.col("gender._gender").alias("gender"),
        F.col("records_count"),
        F.col("sources"),
    ]


def _described(rank: list[Column], night: date) -> list[Column]:
    """Bands and places from the records that still stand."""
    bands = {
        "age_band": age_band(birth_date(F.col("born_on")), night),
        "gender_group": gender(F.col("gender")),
        "region": trimmed(F.col("region")),
        "country": country_code(F.col("country")),
        "store_id": trimmed(F.col("store_id")),
    }
    ranked = F.struct(*(column.alias(f"rank_{place}") for place, column in enumerate(rank)))
    return [
        F.min(F.when(~F.col("is_deleted") & value.isNotNull(), F.struct(ranked, value.alias("value"))))["value"].alias(
            name
        )
        for name, value in bands.items()
    ]


def _flags() -> list[Column]:
    return [
        F.expr("bool_or(coalesce(is_staff, false))").alias("is_staff"),
        F.expr("bool_or(coalesce(is_test, false))").alias("is_test"),
        F.expr("bool_and(is_deleted)").alias("is_deleted"),
    ]


def age_band(born_on: Column, night: date) -> Column:
    """The band of the age that somebody has on the night; null without a birth date."""
    age = F.floor(F.months_between(F.lit(night), born_on) / 12)
    band = F.when(age < 0, None)
    for name, below in AGES:
        band = band.when(age < below, name)
    return band


def _first_days(frame: DataFrame, timezone: str) -> DataFrame:
    local = F.to_date(F.from_utc_timestamp("event_at", timezone)).alias("day")
    return frame.where("customer_id is not null").select("customer_id", local)
