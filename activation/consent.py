"""Whether a person may be contacted at one address: silence is no."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

REFUSALS = ("denied", "withdrawn", "objected")


def with_consent(
    candidates: DataFrame, consents: DataFrame, *, channel: str, purpose: str, brand: str, night: date
) -> DataFrame:
    """The candidates with `has_consent`: the newest statement about the address or its record is an unexpired yes.

    A no that names no address counts for the whole person; a yes never moves from one address to another.
    Among statements on one subject the newest wins and a no wins a tie; an undated no beats everything.

    Grain: as candidates, one row per record_key.
    Reads: record_key, customer_id, address; the columns of unified.consents.
    """
    said = _statements(consents, channel=channel, purpose=purpose, brand=brand)
    asked = candidates.select(
        "record_key",
        F.explode(
            F.array(_subject("address", "address"), _subject("record", "record_key"), _subject("person", "customer_id"))
        ).alias("subject"),
    )
    newest = F.max_by(F.struct("status", "expires_on"), F.col("strength")).alias("newest")
    decided = asked.join(said, "subject").groupBy("record_key").agg(newest)
    still_valid = F.col("newest.expires_on").isNull() | (F.col("newest.expires_on") > F.lit(night))
    granted = decided.where((F.col("newest.status") == "granted") & still_valid)
    return (
        candidates.join(granted.select("record_key", F.lit(True).alias("_granted")), "record_key", "left")
        .select("*", (F.col("address").isNotNull() & F.coalesce("_granted", F.lit(False))).alias("has_consent"))
        .drop("_granted")
    )


def objectors(consents: DataFrame) -> DataFrame:
    """Customers who objected to profiling or withdrew it.

    Grain: one row per customer_id.
    """
    said = consents.where((F.col("purpose") == "profiling") & F.col("status").isin("objected", "withdrawn"))
    return said.where("customer_id is not null").select("customer_id").distinct()


def _statements(consents: DataFrame, *, channel: str, purpose: str, brand: str) -> DataFrame:
    """One row per subject that a statement speaks about, with its strength."""
    is_no = F.col("status").isin(*REFUSALS)
    # Without a brand the message may be of any brand: a no to one of them counts, a yes to one of them does not.
    of_brand = F.col("brand").isin("", brand) if brand else ((F.col("brand") == "") | is_no)
    asked = consents.where((F.col("channel") == channel) & (F.col("purpose") == purpose) & of_brand)
    bare = F.col("address").isNull()
    subjects = F.array(
        F.when(bare, _subject("record", "subject_key")).otherwise(_subject("address", "address")),
        F.when(bare & is_no, _subject("person", "customer_id")),
    )
    strength = F.struct((is_no & F.col("decided_at").isNull()).alias("undated_no"), "decided_at", is_no.alias("is_no"))
    spread = asked.select(F.explode(subjects).alias("subject"), "status", "expires_on", strength.alias("strength"))
    return spread.where("subject.value is not null")


def _subject(kind: str, column: str) -> Column:
    return F.struct(F.lit(kind).alias("kind"), F.col(column).alias("value"))
