"""Whether a person may be contacted at one address: silence is no."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

NO_REFUSAL = ("granted", "requested", "expired")
"""Statuses that refuse nothing; every other word, also one that is not known here, is a no."""
OBJECTIONS = ("objected", "withdrawn", "denied")
ANY_CHANNEL = "all"


@dataclass(frozen=True)
class Asked:
    """What somebody would be contacted for, and how.

    Units: an empty brand stands for all brands; opt_out: silence is a yes on this channel, as the officer decided.
    """

    channel: str
    purpose: str
    brand: str = ""
    opt_out: bool = False


def with_consent(candidates: DataFrame, consents: DataFrame, asked: Asked, *, night: date) -> DataFrame:
    """The candidates with `has_consent`: the newest statement about the address or its record is an unexpired yes.

    Where the channel is opt-out, it is enough that this statement is no refusal, or that there is none.

    A no that names no address counts for the whole person; a yes never moves from one address to another.
    The newest wins and a no wins a tie. An undated no of another record beats everything; one of the same record has
    been weighed in the state of its address, and decides only where nothing is said about the address.

    Grain: as candidates, one row per record_key, with consent_status, consent_decided_at and consent_about (address,
           record or person) of the statement that decided; null where there is none.
    Reads: record_key, customer_id, address; the columns of unified.consents.
    """
    said = _statements(consents, asked)
    subjects = candidates.select(
        "record_key",
        F.explode(
            F.array(_subject("address", "address"), _subject("record", "record_key"), _subject("person", "customer_id"))
        ).alias("subject"),
    )
    told = F.struct("status", "expires_on", "decided_at", F.col("subject.kind").alias("about"))
    newest = F.max_by(told, F.col("strength")).alias("newest")
    of_others = (F.col("subject.kind") != "person") | (F.col("subject_key") != F.col("record_key"))
    decided = subjects.join(said, "subject").where(of_others).groupBy("record_key").agg(newest)
    judged = candidates.join(decided, "record_key", "left")
    named = {f"consent_{name}": F.col(f"newest.{name}") for name in ("status", "decided_at", "about")}
    allowed = F.col("address").isNotNull() & _allows(F.col("newest"), opt_out=asked.opt_out, night=night)
    return judged.withColumns(named | {"has_consent": allowed}).drop("newest")


def _allows(newest: Column, *, opt_out: bool, night: date) -> Column:
    if opt_out:
        return newest.isNull() | F.coalesce(newest["status"].isin(*NO_REFUSAL), F.lit(False))
    still_valid = newest["expires_on"].isNull() | (newest["expires_on"] > F.lit(night))
    return F.coalesce((newest["status"] == "granted") & still_valid, F.lit(False))


def refusers(consents: DataFrame, *, channel: str, purpose: str) -> DataFrame:
    """Customers of whom any no to the purpose on the channel stands, or who object to profiling.

    Grain: one row per customer_id. One no is enough: this decides who is taken out of a tool first, never who stays.
    """
    is_no = ~F.col("status").isin(*NO_REFUSAL) & F.col("channel").isin(channel, ANY_CHANNEL)
    said = consents.where(is_no & (F.col("purpose") == purpose) & F.col("customer_id").isNotNull())
    return said.select("customer_id").unionByName(objectors(consents)).distinct()


def objectors(consents: DataFrame) -> DataFrame:
    """Customers who objected to profiling, withdrew it or denied it.

    Grain: one row per customer_id.
    """
    said = consents.where((F.col("purpose") == "profiling") & F.col("status").isin(*OBJECTIONS))
    return said.where("customer_id is not null").select("customer_id").distinct()


def _statements(consents: DataFrame, asked: Asked) -> DataFrame:
    """One row per subject that a statement speaks about, with its strength."""
    is_no = ~F.col("status").isin(*NO_REFUSAL)
    # Without a brand the message may be of any brand: a no to one of them counts, a yes to one of them does not.
    of_brand = F.col("brand").isin("", asked.brand) if asked.brand else ((F.col("brand") == "") | is_no)
    on_channel = (F.col("channel") == asked.channel) | (is_no & (F.col("channel") == ANY_CHANNEL))
    spoken = consents.where(on_channel & (F.col("purpose") == asked.purpose) & of_brand)
    bare = F.col("address").isNull()
    subjects = F.array(
        F.when(bare, _subject("record", "subject_key")).otherwise(_subject("address", "address")),
        F.when(bare & is_no, _subject("person", "customer_id")),
    )
    spread = spoken.select(F.explode(subjects).alias("subject"), "subject_key", "status", "expires_on", "decided_at")
    undated_no = is_no & F.col("decided_at").isNull() & (F.col("subject.kind") == "person")
    spread = spread.withColumn("strength", F.struct(undated_no.alias("undated_no"), "decided_at", is_no.alias("is_no")))
    return spread.where("subject.value is not null")


def _subject(kind: str, column: str) -> Column:
    return F.struct(F.lit(kind).alias("kind"), F.col(column).alias("value"))
