"""What a record's fields say, as JSON, and the keyed hash by which a change is seen."""

from collections.abc import Collection, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from activation.consent import Asked, with_consent
from activation.frames import Frames, customer_view, with_address
from lakehouse.keys import keyed_hash

VOLATILE = ("as_of", "valid_until")
"""Fields that move every night: alone they cause no send until renewal is due."""
ADDRESSES = ("email", "phone")
CONTROL = "control_until"
"""Until when a customer is a control and is left alone; empty for all others."""
EMAIL_CONSENT = "email_consent"
"""What was said last of marketing to the record's e-mail: granted, withdrawn ..., expired, unknown, or no address."""
LINKED = "linked_records_count"
"""How many records of the destination's source are the same person: above 1 they carry the same scores."""
OWN_FIELDS = {CONTROL: "date", EMAIL_CONSENT: "string", LINKED: "int"}
"""Fields that are made as they are sent, with Spark's names of their types; the others are of the customer view."""
DECIMALS = 4


def desired(
    chosen: DataFrame,
    frames: Frames,
    *,
    fields: Sequence[str],
    key: str,
    night: date,
    banded: Collection[str] = (),
) -> DataFrame:
    """What a destination should hold for the chosen records; fields with a dead band stand beside the hash.

    Grain: record_key, customer_id, address, payload, payload_hash, banded_values, valid_until; one row per record.
    Reads: chosen: record_key, customer_id, email, phone, address.
    """
    view = _with_control(customer_view(frames), frames.controls) if CONTROL in fields else customer_view(frames)
    addresses = [name for name in fields if name in ADDRESSES]
    about = chosen.select("record_key", "address", "customer_id", *addresses)
    if EMAIL_CONSENT in fields:
        about = about.join(_email_consent(chosen, frames, night), "record_key")
    if LINKED in fields:
        several = chosen.groupBy("customer_id").agg(F.count("record_key").cast("int").alias(LINKED))
        about = about.join(several, "customer_id")
    wide = about.join(view, "customer_id", "inner")
    stable = [name for name in fields if name not in VOLATILE and name not in banded]
    moving = [name for name in fields if name in banded]
    return wide.select(
        "record_key",
        "customer_id",
        "address",
        _json(wide, fields).alias("payload"),
        keyed_hash(_json(wide, stable), key).alias("payload_hash"),
        (_json(wide, moving) if moving else F.lit(None).cast("string")).alias("banded_values"),
        (F.col("valid_until") if "valid_until" in fields else F.lit(None).cast("date")).alias("valid_until"),
    )


def types_of(frames: Frames, fields: Sequence[str]) -> dict[str, str]:
    """Spark's name of the type of each field."""
    schema = customer_view(frames).schema
    known = dict.fromkeys(ADDRESSES, "string") | OWN_FIELDS
    return {name: known.get(name) or schema[name].dataType.simpleString() for name in fields}


def _email_consent(chosen: DataFrame, frames: Frames, night: date) -> DataFrame:
    at = with_address(chosen.select("record_key", "customer_id", "email"), "email")
    judged = with_consent(at, frames.consents, Asked(channel="email", purpose="marketing"), night=night)
    refused = F.when(F.col("consent_status") != "granted", F.col("consent_status"))
    ended = F.when(F.col("consent_status") == "granted", "expired")
    said = F.when(F.col("address").isNull(), "no address").when(F.col("has_consent"), "granted")
    return judged.select(
        "record_key", said.otherwise(F.coalesce(refused, ended, F.lit("unknown"))).alias(EMAIL_CONSENT)
    )


def _with_control(view: DataFrame, controls: DataFrame | None) -> DataFrame:
    if controls is None:
        return view.withColumn(CONTROL, F.lit(None).cast("date"))
    return view.join(controls, "customer_id", "left")


def _json(frame: DataFrame, fields: Sequence[str]) -> Column:
    if not fields:
        return F.lit("{}")
    return F.to_json(F.struct(*(_rounded(frame, name) for name in fields)), {"ignoreNullFields": "false"})


def _rounded(frame: DataFrame, name: str) -> Column:
    if isinstance(frame.schema[name].dataType, T.FloatType | T.DoubleType):
        return F.round(name, DECIMALS).alias(name)
    return F.col(name)
