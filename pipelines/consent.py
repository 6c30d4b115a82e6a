"""The state of consent on a night: who may be contacted where, and for what. Silence is no."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.identity.keys import with_identifier_keys
from pipelines.tables import CONSENTS

SEVERITY = ("objected", "withdrawn", "denied", "undeliverable", "requested", "granted")
"""Statuses a statement can have; at the same moment the first of them wins."""
REFUSALS = SEVERITY[:4]
PHONE_CHANNELS = ("phone", "sms", "whatsapp", "call", "mobile")
ANY = "all"
"""The channel of statements that hold for every channel."""
FROM_MESSAGES = {"unsubscribed": "withdrawn", "bounced": "undeliverable"}


def consent_state(
    statements: DataFrame,
    messages: DataFrame,
    contacts: DataFrame,
    identifiers: DataFrame,
    *,
    night: date,
    key: str,
    region: str | None,
    told: DataFrame | None = None,
) -> DataFrame:
    """The deciding statement for each address (or record), brand, channel and purpose.

    Grain: one row per subject_key, brand, channel and purpose that anybody said something about.
    Reads: conformed consents, messages and contacts; unified.identifiers (customer_id is looked up, nothing more);
           told: what destinations report, as activation.tool_refusals has it.
    Units: the newest statement wins, a refusal wins a tie. An undated yes counts as older than any other statement, an
           undated no as said when it arrived. A grant is `expired` from the night of expires_on. A refusal also holds
           for the record and the address of whoever said it, and for every brand and channel if it names none;
           a yes holds where it was given and nowhere else.
    """
    said = _stated(statements).unionByName(_refused_messages(messages))
    if told is not None:
        said = said.unionByName(_refused_in_tools(told))
    formed = _normalised(with_identifier_keys(said, key=key, region=region))
    spread = _by_subject(formed, _addresses(contacts, key=key, region=region))
    deciding = _deciding(spread)
    named = deciding.join(identifiers.withColumnRenamed("identifier_key", "subject_key"), "subject_key", "left")
    over = F.col("status").isin("granted", "requested") & (F.col("expires_on") <= F.lit(night))
    return named.withColumn("status", F.when(over, "expired").otherwise(F.col("status"))).select(*CONSENTS.column_names)


def objections(consents: DataFrame) -> DataFrame:
    """Customers who refused profiling: customer_id. One refusal of any of a customer's records is enough.

    Reads: unified.consents.
    """
    refused = consents.where(F.col("purpose") == "profiling").where(F.col("status").isin(*REFUSALS[:3]))
    return refused.where("customer_id is not null").select("customer_id").distinct()


def _stated(statements: DataFrame) -> DataFrame:
    living = statements.where("not is_deleted")
    return living.select(*IDENTITY, *STATEMENT).withColumns(
        {"is_general": F.lit(1) == 0, "status": F.lower(F.trim("status"))}
    )


def _refused_messages(messages: DataFrame) -> DataFrame:
    """Unsubscribing is a withdrawal for that channel, whatever its purpose but profiling; a bounce is undeliverable."""
    refused = messages.where("not is_deleted").where(F.col("kind").isin(*FROM_MESSAGES))
    status = F.when(F.col("kind") == "bounced", FROM_MESSAGES["bounced"]).otherwise(FROM_MESSAGES["unsubscribed"])
    columns = {
        "consent_id": F.col("message_id"),
        "channel": F.coalesce("channel", F.lit("email")),
        "purpose": F.lit("marketing"),
        "brand": F.lit(""),
        "status": status,
        "legal_basis": F.lit(None).cast("string"),
        "expires_on": F.lit(None).cast("date"),
        "evidence": F.concat(F.lit("message "), F.col("kind")),
        "is_general": F.lit(1) == 1,
    }
    return refused.withColumns(columns).select(*IDENTITY, *STATEMENT, "is_general")


def _refused_in_tools(told: DataFrame) -> DataFrame:
    """A refusal that a destination reports; without a time it counts as said in the night that learnt of it.

    That the destination reports it no more takes nothing back: a yes is a statement of its own.
    """
    columns = {
        "consent_id": F.concat_ws(":", "destination", "night"),
        "contact_source": F.col("source"),
        "source": F.col("destination"),
        **{name: F.lit(None).cast("string") for name in ("loyalty_id", "email", "phone", "cookie_id", "legal_basis")},
        "purpose": F.lit("marketing"),
        "brand": F.lit(""),
        "expires_on": F.lit(None).cast("date"),
        "evidence": F.concat(F.lit("told by "), F.col("destination")),
        "event_at": F.col("refused_at"),
        "known_from": F.col("night"),
        "is_general": F.lit(1) == 1,
    }
    return told.where("is_standing").withColumns(columns).select(*IDENTITY, *STATEMENT, "is_general")


IDENTITY = ("source", "contact_source", "source_contact_id", "loyalty_id", "email", "phone", "cookie_id")
STATEMENT = (
    "consent_id", "channel", "purpose", "brand", "status", "legal_basis", "expires_on", "evidence",
    "event_at", "known_from",
)  # fmt: skip


def _normalised(said: DataFrame) -> DataFrame:
    channel = F.coalesce(F.lower(F.trim("channel")), F.lit(ANY))
    known = F.col("status").isin(*SEVERITY)
    return said.withColumns(
        {
            "channel": F.when(channel.isin("", "any", "*"), ANY).when(channel == "e-mail", "email").otherwise(channel),
            "purpose": F.coalesce(F.lower(F.trim("purpose")), F.lit("marketing")),
            "brand": F.coalesce(F.trim("brand"), F.lit("")),
            # A word that we do not know is no yes.
            "status": F.when(known, F.col("status")).otherwise("denied"),
        }
    ).withColumn("is_refusal", F.col("status").isin(*REFUSALS))


def _addresses(contacts: DataFrame, *, key: str, region: str | None) -> DataFrame:
    """The addresses that each record has today: contact_key, own_email, own_phone and their keys."""
    own = with_identifier_keys(
        contacts.where("not is_deleted").withColumn("contact_source", F.col("source")), key=key, region=region
    )
    return own.select(
        "contact_key",
        F.struct(F.col("email_key").alias("subject_key"), F.col("email_form").alias("address")).alias("own_email"),
        F.struct(F.col("phone_key").alias("subject_key"), F.col("phone_form").alias("address")).alias("own_phone"),
    )


def _by_subject(said: DataFrame, addresses: DataFrame) -> DataFrame:
    """Each statement at its subject; a refusal at every address and record that it concerns."""
    email = _subject(F.col("email_key"), F.col("email_form"))
    phone = _subject(F.col("phone_key"), F.col("phone_form"))
    contact, card, cookie = (
        _subject(F.col(f"{k}_key"), F.lit(None).cast("string")) for k in ("contact", "loyalty_id", "cookie")
    )
    is_email = F.col("channel") == "email"
    is_phone = F.col("channel").isin(*PHONE_CHANNELS)
    is_profiling = F.col("purpose") == "profiling"
    at_address = F.when(is_email & ~is_profiling, email).when(is_phone & ~is_profiling, phone)
    first = F.coalesce(at_address, contact, card, email, phone, cookie)
    reaches_email, reaches_phone = (is_email | (F.col("channel") == ANY)), (is_phone | (F.col("channel") == ANY))
    also = F.array(
        contact,
        F.when(reaches_email & ~is_profiling, email),
        F.when(reaches_phone & ~is_profiling, phone),
        F.when(reaches_email & ~is_profiling & F.col("own_email.subject_key").isNotNull(), F.col("own_email")),
        F.when(reaches_phone & ~is_profiling & F.col("own_phone.subject_key").isNotNull(), F.col("own_phone")),
    )
    spreads = F.col("is_refusal") & (F.col("status") != "undeliverable")
    subjects = F.when(spreads, F.concat(F.array(first), also)).otherwise(F.array(first))
    found = F.filter(F.array_distinct(subjects), lambda subject: subject.isNotNull())
    return said.join(addresses, "contact_key", "left").select("*", F.inline(found)).where("subject_key is not null")


def _subject(subject_key: Column, address: Column) -> Column:
    return F.when(subject_key.isNotNull(), F.struct(subject_key.alias("subject_key"), address.alias("address")))


def _deciding(said: DataFrame) -> DataFrame:
    """The statement that decides for each subject, brand, channel and purpose."""
    scope = ["subject_key", "brand", "channel", "purpose"]
    asked = said.select(*(F.col(name).alias(f"_{name}") for name in scope)).distinct()
    exact = [F.col(name) == F.col(f"_{name}") for name in scope]
    wide = F.col("is_refusal")
    applies = (
        exact[0]
        & (exact[1] | (wide & (F.col("brand") == "")))
        & (exact[2] | (wide & (F.col("channel") == ANY)))
        & (exact[3] | (F.col("is_general") & (F.col("_purpose") != "profiling")))
    )
    moment = F.coalesce("event_at", F.when(wide, F.col("known_from").cast("timestamp")))
    order = F.struct(
        F.coalesce(-F.unix_micros(moment), F.lit(2**62)).alias("age"),
        F.array_position(F.array(*(F.lit(status) for status in SEVERITY)), F.col("status")).alias("severity"),
        "source",
        "consent_id",
    )
    value = F.struct(
        "address", "status", "legal_basis", "expires_on", F.col("event_at").alias("decided_at"), "source", "evidence"
    )
    best = said.join(asked, applies).groupBy(*(f"_{name}" for name in scope)).agg(F.min_by(value, order).alias("best"))
    return best.select(*(F.col(f"_{name}").alias(name) for name in scope), "best.*")
