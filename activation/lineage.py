"""What the tables of activation and the fields of the destinations are made of: read from the retailer file."""

import re
from collections.abc import Iterator, Mapping

from activation.payload import ADDRESSES, CONTROL, EMAIL_CONSENT, LINKED, VOLATILE
from activation.settings import Activation, Audience
from activation.tables import AUDIENCE_MEMBERS, CONSENT, DELIVERIES, HELD_ADDRESSES, HOLDOUTS, TOOL_REFUSALS
from lakehouse.lineage import ColumnName, Way, Ways, alike, columns_of, made
from lakehouse.table import Table

MEMBERS, LINKS, PROFILE = AUDIENCE_MEMBERS.name, "unified.identity_links", "unified.customer_profile"
IDENTITY = "unified.identity_events.other_customer_id"
CONSENTS, CONTACT, MESSAGES = "unified.consents", "conformed.contacts", "unified.messages"
SAID = columns_of(
    CONSENTS,
    *("status", "channel", "purpose", "brand", "expires_on", "decided_at", "subject_key", "customer_id", "address"),
)
BARRED = columns_of(PROFILE, "is_test", "is_staff", "is_deceased", "is_deleted", "objects_to_profiling")
ADDRESSED = columns_of(CONTACT, "email", "phone", "country", "is_deleted")


def activation_lineage(activation: Activation | None, view: Mapping[str, Table]) -> dict[str, Ways]:
    """The ways of activation's tables and, as `destinations.<name>`, of every field that a destination is given.

    Shape: view names, by column, the table that the customer view takes it from.
    """
    held = activation or Activation()
    found = {MEMBERS: _members(held, view), HOLDOUTS.name: _holdouts(), DELIVERIES.name: _deliveries(held, view)}
    found[HELD_ADDRESSES.name] = _held_addresses()
    found[TOOL_REFUSALS.name] = alike(TOOL_REFUSALS.column_names, (Way("what the destination reports"),))
    for name in held.destinations:
        fields = list(_fields(held, view, name))
        found[f"destinations.{name}"] = {
            field: tuple(way for other, way in fields if other == field) for field, _ in fields
        }
    return found


def customer_view_of(*tables: Table) -> dict[str, Table]:
    """The table behind each column of the customer view: the first of these that has it."""
    return {name: table for table in reversed(tables) for name in table.column_names if name != "night"}


def _fields(activation: Activation, view: Mapping[str, Table], destination: str) -> Iterator[tuple[str, Way]]:
    """What each sync and audience writes into a destination."""
    for name, sending in activation.sendings.items():
        if sending.to == destination:
            kind = "audience" if isinstance(sending, Audience) else "sync"
            for field in sending.fields:
                yield field, Way(f"{kind} {name}", (_behind(field, view),))
            yield "contact id", Way(f"{kind} {name}", columns_of(LINKS, "source_contact_id", "source"))


def _behind(field: str, view: Mapping[str, Table]) -> ColumnName:
    own = {CONTROL: (HOLDOUTS.name, "since"), EMAIL_CONSENT: (CONSENTS, "status"), LINKED: (LINKS, "record_key")}
    if field in own:
        return ColumnName(*own[field])
    return ColumnName(CONTACT if field in ADDRESSES else view[field].name, field)


def _members(activation: Activation, view: Mapping[str, Table]) -> Ways:
    """Who meets the condition of an audience, who is refused, and through which record the others are contacted."""
    meets = tuple(_conditions(activation.audiences, view))
    refusal = (
        Way("what bars a customer, or a score too weak", (*BARRED, *_of_view(view, "grade", "no_score_reason"))),
        Way("whether an address and a consent are there", (*SAID, *ADDRESSED)),
        *_often(activation),
        *meets,
    )
    record = (
        Way("the record with consent and an address", columns_of(LINKS, "record_key", "source", "customer_id")),
        *meets,
    )
    contact = Way("of that record", columns_of(LINKS, "source_contact_id"))
    return {
        **alike(("night", "audience", "destination"), (Way("of the retailer file and the night"),)),
        "customer_id": (Way("as it stands there", columns_of(PROFILE, "customer_id")), *meets),
        "reason": refusal,
        "decision": (Way("refused, held out or member", columns_of(MEMBERS, "reason", "customer_id")), *meets),
        "legal_basis": (Way("channels of the retailer file"),),
        **alike(CONSENT, (Way("of the statement that decided", SAID), *meets)),
        "record_key": (*record, Way("which of several", (*SAID, *ADDRESSED), "rows")),
        "source_contact_id": (contact, *record[1:], Way("which of several", (*SAID, *ADDRESSED), "rows")),
    }


def _often(activation: Activation) -> tuple[Way, ...]:
    """How often somebody was contacted, where an audience has a cap; what earlier nights sent is left out of it."""
    if not any(activation.cap_of(audience) for audience in activation.audiences.values()):
        return ()
    return (Way("how often contacted of late", columns_of(MESSAGES, "channel", "kind", "event_at", "customer_id")),)


def _conditions(audiences: Mapping[str, Audience], view: Mapping[str, Table]) -> Iterator[Way]:
    for name, audience in audiences.items():
        words = dict.fromkeys(re.findall(r"\w+", re.sub(r"'[^']*'", "", audience.where)))
        of = tuple(ColumnName(view[word].name, word) for word in words if word in view)
        yield Way(f"{name}: {audience.where}", of, "rows")


def _of_view(view: Mapping[str, Table], *names: str) -> tuple[ColumnName, ...]:
    return tuple(ColumnName(view[name].name, name) for name in names if name in view)


def _holdouts() -> Ways:
    return {
        "audience": made("as it stands there", f"{MEMBERS}.audience"),
        "customer_id": made("as it stands there", f"{MEMBERS}.customer_id"),
        "arm": made("drawn once by a keyed hash", f"{MEMBERS}.decision"),
        **alike(("since", "share"), (Way("of the retailer file and the night"),)),
        "changed_on": made("where merged customers stood on both sides", f"{MEMBERS}.decision", IDENTITY),
    }


def _held_addresses() -> Ways:
    """What a tool that knows people by address was sent, until it took the removal."""
    return {
        **alike(("destination", "name"), (Way("of the retailer file and the night"),)),
        "record_key": made("as it was sent", f"{MEMBERS}.record_key"),
        **{name: (Way("as it was sent", (*columns_of(CONTACT, name, "country"),)),) for name in ADDRESSES},
        **alike(("sequence", "sent_at"), (Way("what became of it"),)),
    }


def _deliveries(activation: Activation, view: Mapping[str, Table]) -> Ways:
    """What was sent, by its hash alone; what is due follows from it and from what the destination holds."""
    stable = dict.fromkeys(f for sending in activation.sendings.values() for f in sending.fields if f not in VOLATILE)
    sent = tuple(_behind(field, view) for field in stable)
    who = Way("members of audiences", columns_of(MEMBERS, "record_key", "customer_id", "decision"))
    may = (*BARRED, *columns_of(CONSENTS, "purpose", "status", "customer_id"))
    records = (Way("records that a sync may write", columns_of(LINKS, "record_key", "customer_id", "source")), who)
    barred = Way("who may be profiled", may, "rows")
    return {
        **alike(("night", "destination", "name"), (Way("of the retailer file and the night"),)),
        **alike(("record_key", "customer_id"), (*records, barred)),
        "payload_hash": (Way("keyed hash of the fields that are sent", sent),),
        "banded_values": (Way("the sent fields that have a dead band", sent),),
        "operation": made("against what the destination holds", f"{DELIVERIES.name}.payload_hash"),
        "delivery_id": made("hash of what is sent", *columns_of(DELIVERIES.name, "record_key", "payload_hash")),
        "valid_until": (Way("end of validity that was sent", _of_view(view, "valid_until")),),
        **alike(("attempt", "outcome", "message", "sequence", "sent_at"), (Way("what became of it"),)),
    }
