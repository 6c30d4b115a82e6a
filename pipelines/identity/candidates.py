"""What ties person records together: ties between records and identifiers, and between identifiers."""

from collections.abc import Iterable
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import keyed_hash
from pipelines.canonical import NAMED, PERSON
from pipelines.identity.keys import KEY_COLUMNS, OWNER_COLUMNS, contact_key, identifier_key, with_identifier_keys
from pipelines.identity.normalise import card_form, email_form, mailbox_form, trimmed
from pipelines.identity.phones import with_phone_form

PERSON_COLUMNS = tuple(column.name for column in (*PERSON, *NAMED))
"""What a fact may say of its person; contact_source alone says nothing."""


def ties(links: DataFrame, keyed: DataFrame, *, key: str, region: str | None, phones: DataFrame) -> DataFrame:
    """Ties (left_key, right_key, kind, is_own) that facts and sources state: two identifiers, or one by itself.

    Units: kind is the kind of the right identifier, `link`, or `itself` for an identifier, or a name with a postal
           code, that a fact carries; is_own is false where a fact tied them. A tie may come twice, or tie a key to
           itself. What records tie themselves, records.py says.
    Reads: keyed as from `keyed`, computed: keys are read many times here; phones as from `phone_forms`, for all links.
    """
    found = [_fact_ties(keyed), _linked(living_links(links), key=key, region=region, phones=phones)]
    return reduce(DataFrame.unionByName, found)


def identified(facts: Iterable[DataFrame]) -> DataFrame:
    """The distinct combinations of identifiers, and of names with postal codes, that living facts carry."""
    living = [pointing(fact.where("not is_deleted")) for fact in facts]
    return reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), living).distinct()


def keyed(carried: DataFrame, *, key: str, region: str | None, phones: DataFrame) -> DataFrame:
    """The keys of what facts carry (as from `identified`): OWNER_COLUMNS."""
    return with_identifier_keys(carried, key=key, region=region, phones=phones).select(*OWNER_COLUMNS)


def pointing(facts: DataFrame) -> DataFrame:
    """Who the facts that say anything of their person point to: source and those of PERSON_COLUMNS that they have."""
    said = [name for name in PERSON_COLUMNS if name in facts.columns]
    return facts.select("source", *said).where(_any(said[1:]))


def living_links(links: DataFrame) -> DataFrame:
    """The stated links that hold, with both ends."""
    return links.where("not is_deleted and from_id is not null and to_id is not null")


def phone_holders(contacts: DataFrame, links: DataFrame, carried: DataFrame) -> list[DataFrame]:
    """Frames with every phone that records, facts and stated links name."""
    stated = living_links(links).where("kind = 'phone'")
    ends = [stated.select(F.col(end).alias("phone")) for end in ("from_id", "to_id")]
    return [contacts.select("phone", "country"), carried.select("phone"), *ends]


def _fact_ties(keyed: DataFrame) -> DataFrame:
    """Ties from the strongest identifier of a fact to each of its others; its name and postal code tie it to none."""
    centre = F.coalesce(*KEY_COLUMNS)
    others = [(centre, name.removesuffix("_key"), F.col(name)) for name in KEY_COLUMNS[1:]]
    itself, named = F.when(~centre.startswith("cookie:"), centre), F.col("name_place_key")
    return _exploded(keyed, [*others, (itself, "itself", itself), (named, "itself", named)], is_own=False)


def _linked(living: DataFrame, *, key: str, region: str | None, phones: DataFrame) -> DataFrame:
    """Ties that a source states itself: card replaced by card, account merged into account, cookie to account."""
    ends = living.select("source", "kind", F.col("from_id").alias("phone"), F.col("to_id").alias("_to"))
    with_from = with_phone_form(ends, region, phones=phones).withColumnsRenamed(
        {"phone": "_from", "phone_form": "_from_phone"}
    )
    both = with_phone_form(with_from.withColumnRenamed("_to", "phone"), region, phones=phones)
    both = both.withColumnsRenamed({"phone": "_to", "phone_form": "_to_phone"})
    both = both.withColumns({f"_{end}_email": email_form(F.col(f"_{end}")) for end in ("from", "to")})
    left, right = (_stated_key(end, key) for end in ("from", "to"))
    is_cookie = F.col("kind") == "cookie_to_contact"
    cookie = identifier_key("cookie", trimmed(F.col("_from")), key)
    to_contact = contact_key(F.col("source"), F.col("_to"))
    return both.select(
        F.when(is_cookie, to_contact).otherwise(left).alias("left_key"),
        F.when(is_cookie, cookie).otherwise(right).alias("right_key"),
        F.when(is_cookie, "cookie").otherwise("link").alias("kind"),
        (~is_cookie).alias("is_own"),
    ).where("left_key is not null and right_key is not null")


def _stated_key(end: str, key: str) -> Column:
    """The key of an end by its kind; its e-mail form stands in a column apart: generated Java has a largest size."""
    kind, value = F.col("kind"), F.col(f"_{end}")
    form = (
        F.when(kind == "card", card_form(value))
        .when(kind == "email", mailbox_form(F.col(f"_{end}_email")))
        .when(kind == "phone", F.col(f"_{end}_phone"))
    )
    named = F.concat(F.when(kind == "card", "loyalty_id").otherwise(kind), F.lit(":"), keyed_hash(form, key))
    return F.when(kind == "contact", contact_key(F.col("source"), value)).otherwise(named)


def _exploded(frame: DataFrame, ends: list[tuple[Column, str, Column]], *, is_own: bool) -> DataFrame:
    """One tie per pair of ends that are both there."""
    ties = F.array(
        *(
            F.struct(left.alias("left_key"), right.alias("right_key"), F.lit(kind).alias("kind"))
            for left, kind, right in ends
        )
    )
    tied = frame.select(F.inline(ties)).where("left_key is not null and right_key is not null")
    return tied.withColumn("is_own", F.lit(is_own))


def _any(names: Iterable[str]) -> Column:
    return F.coalesce(*(F.col(name) for name in names)).isNotNull()
