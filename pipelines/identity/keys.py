"""Identifier keys: what a record or a fact is known by, hashed with the lake's key: no personal value."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import keyed_hash
from pipelines.canonical import NAMED
from pipelines.identity.address import postcode_form
from pipelines.identity.normalise import card_form, email_form, mailbox_form, name_tokens, trimmed
from pipelines.identity.phones import with_phone_form

KINDS = ("contact", "loyalty_id", "email", "phone", "cookie")
"""Kinds of identifier, the strongest first: a fact belongs to the customer of the first that resolves."""
KEY_COLUMNS = tuple(f"{kind}_key" for kind in KINDS)
OWNER_COLUMNS = (*KEY_COLUMNS, "name_place_key")
"""What a fact is looked up by, in this order: a name with its postal code counts where no identifier resolves."""


def with_identifier_keys(
    frame: DataFrame, *, key: str, region: str | None, phones: DataFrame | None = None
) -> DataFrame:
    """The frame with the columns of OWNER_COLUMNS, email_form and phone_form.

    Reads: source and the columns of canonical.PERSON and NAMED, those that are missing count as null; country where
           there is one.
    """
    missing = [name for name in READ if name not in frame.columns]
    whole = frame.withColumns({name: F.lit(None).cast("string") for name in missing})
    forms = {f"_{kind}": form(F.col(column)) for column, (kind, form) in FORMS.items()}
    formed = with_phone_form(whole.withColumns(forms), region, phones=phones).withColumnRenamed("_email", "email_form")
    keys = {
        "contact_key": contact_key(F.coalesce("contact_source", "source"), F.col("source_contact_id")),
        "loyalty_id_key": identifier_key("loyalty_id", F.col("_loyalty_id"), key),
        "email_key": identifier_key("email", mailbox_form(F.col("email_form")), key),
        "phone_key": identifier_key("phone", F.col("phone_form"), key),
        "cookie_key": identifier_key("cookie", F.col("_cookie"), key),
        "name_place_key": name_place_key(
            name_tokens(F.col("person_name")), postcode_form(F.col("person_postcode"), F.lit(region)), key
        ),
    }
    return formed.withColumns(keys).drop("_loyalty_id", "_cookie", *missing)


def contact_key(source: Column, contact_id: Column) -> Column:
    """`contact:<source>:<contact id>`; null without an id."""
    return F.concat(F.lit("contact:"), source, F.lit(":"), trimmed(contact_id))


def identifier_key(kind: str, form: Column, key: str) -> Column:
    """`<kind>:<keyed hash>` of a normalised value; null without a value."""
    return F.concat(F.lit(f"{kind}:"), keyed_hash(form, key))


def name_birth_key(tokens: Column, born_on: Column, key: str) -> Column:
    """Key of a whole name in any order with its birth date; null where the name has one word or the date is missing."""
    return identifier_key("name_birth", F.concat(_whole_name(tokens), F.lit("|"), born_on.cast("string")), key)


def name_place_key(tokens: Column, postcode: Column, key: str) -> Column:
    """Key of a whole name in any order with a postal code; null for a name of one word or without a postal code."""
    return identifier_key("name_place", F.concat(_whole_name(tokens), F.lit("|"), postcode), key)


def _whole_name(tokens: Column) -> Column:
    """The words of a name in alphabetical order; null where there is only one."""
    words = F.array_distinct(tokens)
    return F.when(F.size(words) > 1, F.concat_ws(" ", F.sort_array(words)))


FORMS = {
    "loyalty_id": ("loyalty_id", card_form),
    "email": ("email", email_form),
    "cookie_id": ("cookie", trimmed),
}
READ = ("contact_source", "source_contact_id", *FORMS, "phone", *(column.name for column in NAMED))
