"""The frames that activation decides from, and the one view that conditions and fields may name."""

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

CONTACTS_SCHEMA = "record_key string, email string, phone string, is_deleted boolean"
ADDRESS_FIELDS = {"email": "email", "phone": "phone", "sms": "phone"}
"""Column of the contact's address by channel; on other channels the contact itself is the address."""


@dataclass(frozen=True)
class Frames:
    """What one night knows about its customers.

    Reads: profile  unified.customer_profile; features and scores: the rows of this night, by customer_id;
           links    unified.identity_links; consents: unified.consents;
           contacts CONTACTS_SCHEMA: one row per contact record, e-mail and phone normalised as in unified.consents;
           contacted CONTACTED_SCHEMA of activation.frequency: who was contacted when, where an audience has a cap;
           controls customer_id, control_until: who is held out until when, where a sync or audience tells it.
    """

    profile: DataFrame
    features: DataFrame
    scores: DataFrame
    links: DataFrame
    contacts: DataFrame
    consents: DataFrame
    contacted: DataFrame | None = None
    controls: DataFrame | None = None


def as_living(rows: DataFrame, heirs: DataFrame) -> DataFrame:
    """The rows with the customer_id that each customer has now.

    Reads: rows: customer_id; heirs: old_customer_id, customer_id of customers merged into another.
    """
    living = heirs.select(F.col("old_customer_id").alias("customer_id"), F.col("customer_id").alias("heir"))
    named = rows.join(living, "customer_id", "left")
    return named.withColumn("customer_id", F.coalesce("heir", "customer_id")).drop("heir")


def customer_view(frames: Frames) -> DataFrame:
    """Profile, scores and features side by side.

    Grain: one row per customer of the profile.
    """
    return reduce(_beside, (frames.scores, frames.features), frames.profile)


def view_schema(profile: T.StructType, scores: T.StructType, features: T.StructType) -> T.StructType:
    """The schema of the customer view, from the contracts of its three tables: no frame is needed."""
    fields: dict[str, T.StructField] = {}
    for schema in (profile, scores, features):
        fields |= {field.name: field for field in schema.fields if field.name not in fields and field.name != "night"}
    return T.StructType(list(fields.values()))


def source_records(frames: Frames, source: str) -> DataFrame:
    """The living contact records of one source, with their addresses; ids that only facts name are none.

    Grain: record_key, source_contact_id, customer_id, email, phone; one row per record that the source delivered.
    """
    links = frames.links.where((F.col("source") == source) & F.col("source_contact_id").isNotNull())
    living = frames.contacts.where(~F.coalesce("is_deleted", F.lit(False))).drop("is_deleted")
    return links.select("record_key", "source_contact_id", "customer_id").join(living, "record_key")


def with_address(records: DataFrame, channel: str) -> DataFrame:
    """The records with `address`: where a message on this channel would go; null where there is no such address."""
    column = ADDRESS_FIELDS.get(channel, "record_key")
    return records.withColumn("address", F.nullif(F.col(column), F.lit("")))


def is_deceased() -> Column:
    """Whether a row of the profile is of a person known to have died; a profile of before that was asked says no."""
    return F.coalesce("is_deceased", F.lit(False))


def _beside(wide: DataFrame, other: DataFrame) -> DataFrame:
    added = [name for name in other.columns if name not in wide.columns and name != "night"]
    return wide.join(other.select("customer_id", *added), "customer_id", "left")
