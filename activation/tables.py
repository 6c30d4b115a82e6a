"""The tables of activation: who is meant, who is held out, one outcome per record sent, addresses that tools hold."""

from lakehouse.table import Column, Table, columns, personal, required

CUSTOMER_ID = required("customer_id", "string", "customer")

CONSENT = ("consent_status", "consent_decided_at", "consent_about")
AUDIENCE_MEMBERS = Table(
    name="activation.audience_members",
    grain="one row per night, audience and customer that meets its condition",
    key=("night", "audience", "customer_id"),
    columns=columns(
        required("night", "date", "night"),
        required("audience", "string", "audience of the retailer file"),
        CUSTOMER_ID,
        required("decision", "string", "member, held_out or refused"),
        Column(
            "reason",
            "string",
            "why refused: test_account, staff, deceased, deleted, objects_to_profiling, no_score, grade_below_minimum, "
            "no_address, no_consent, not_rolled_out, frequency_cap or higher_priority; global_holdout: held out "
            "of every audience",
        ),
        required("destination", "string", "destination of the retailer file"),
        Column("record_key", "string", "record of the destination's source that would be contacted"),
        Column("source_contact_id", "string", "that record's contact id"),
        Column("legal_basis", "string", "why contact is allowed on the channel: consent, unless the officer decided"),
        Column("consent_status", "string", "what the statement said that decided; null where nobody said anything"),
        Column("consent_decided_at", "timestamp", "when that was said (UTC); null where the source does not say"),
        Column("consent_about", "string", "what that statement is about: address, record or person"),
    ),
    write="replace_night",
)
HOLDOUTS = Table(
    name="activation.holdouts",
    grain="one row per audience and customer who was ever to be contacted or held out: the side he stays on",
    key=("audience", "customer_id"),
    columns=columns(
        required("audience", "string", "audience of the retailer file; * for all of them: the global holdout"),
        CUSTOMER_ID,
        required("arm", "string", "held_out or contacted"),
        required("since", "date", "night of the assignment"),
        Column("share", "double", "share to be held out with which he was drawn"),
        Column(
            "changed_on", "date", "night on which he turned out to be two people, one of each side: not in the lift"
        ),
    ),
    write="merge",
    fresh_days=None,
)
DELIVERIES = Table(
    name="activation.deliveries",
    grain="one row per attempt to send one record: its outcome",
    key=("delivery_id", "attempt"),
    columns=columns(
        required("delivery_id", "string", "hash of night, destination, name, record, operation and payload hash"),
        required("attempt", "int", "1-based attempt at this record in this night"),
        required("night", "date", "night whose state was sent"),
        required("destination", "string", "destination of the retailer file"),
        required("name", "string", "sync or audience"),
        required("record_key", "string", "contact:<source>:<contact id>"),
        Column("customer_id", "string", "customer, as known when it was sent"),
        required("operation", "string", "add, update or remove"),
        Column("payload_hash", "string", "keyed hash of the sent fields without volatile ones; null for a removal"),
        Column(
            "banded_values", "string", "JSON of the sent fields that have a dead band: their next move is seen by it"
        ),
        Column("valid_until", "date", "end of validity that was sent"),
        required("outcome", "string", "acknowledged, rejected, failed (unknown whether taken) or withheld (not sent)"),
        Column("message", "string", "reason in words, without personal values"),
        required("sequence", "bigint", "order of sending"),
        required("sent_at", "timestamp", "when the outcome was recorded (UTC)"),
    ),
    write="append_once",
    fresh_days=None,
)
HELD_ADDRESSES = Table(
    name="activation.held_addresses",
    grain="one row per sending whose addresses a tool that knows people by address may still hold",
    key=("destination", "name", "record_key", "sequence"),
    columns=columns(
        required("destination", "string", "destination of the retailer file"),
        required("name", "string", "sync or audience"),
        required("record_key", "string", "contact:<source>:<contact id>"),
        required("sequence", "bigint", "order of sending, as in activation.deliveries"),
        personal("email", "string", "e-mail as it was sent"),
        personal("phone", "string", "phone as it was sent"),
        required("sent_at", "timestamp", "when the outcome was recorded (UTC)"),
    ),
    write="merge",
    fresh_days=None,
)
TOOL_REFUSALS = Table(
    name="activation.tool_refusals",
    grain="one row per change in what a destination reports of people who refused there",
    key=("night", "destination", "source", "source_contact_id", "channel", "status"),
    columns=columns(
        required("night", "date", "night that learnt of it"),
        required("destination", "string", "destination of the retailer file"),
        required("source", "string", "source whose contact ids the destination uses"),
        required("source_contact_id", "string", "contact id in that source"),
        required("channel", "string", "email, sms, phone ..."),
        required("status", "string", "withdrawn or undeliverable"),
        Column("refused_at", "timestamp", "when it was said (UTC), where the destination keeps that"),
        required("is_standing", "boolean", "false: the destination does not report it any more"),
    ),
    write="append_once",
    fresh_days=None,
)
TABLES = (AUDIENCE_MEMBERS, HOLDOUTS, DELIVERIES, HELD_ADDRESSES, TOOL_REFUSALS)
