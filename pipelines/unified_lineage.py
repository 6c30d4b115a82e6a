"""What the columns of the unified tables are made of; tests hold it against the plans that Spark makes of the steps."""

from lakehouse.lineage import ColumnName, Way, Ways, alike, columns_of, copied, made
from pipelines import tables
from pipelines.canonical import CONSENTS, ENTITIES, MESSAGES, ORDER_LINES, PRODUCTS
from pipelines.golden import FIELDS
from pipelines.history import UNIFIED
from pipelines.identity import lineage as identity
from pipelines.identity.lineage import CONTACT, IDENTIFIERS, LINKS, RECORDS, person_columns

COUNTS_MOST = "of the record that counts most"
_RANKED = (
    *columns_of(CONTACT, "source", "source_contact_id", "updated_at", "event_at", "is_deleted"),
    *columns_of(LINKS, "customer_id", "source", "source_contact_id"),
)
"""By what the record is chosen that a value is taken from."""
_AGREE = {
    "name": columns_of(RECORDS, "tokens"),
    "email": columns_of(RECORDS, "email"),
    "phone": columns_of(RECORDS, "phone"),
    "address": columns_of(RECORDS, "postcode", "city", "street", "house"),
    "born_on": columns_of(RECORDS, "born_on"),
    "gender": columns_of(CONTACT, "gender"),
}
"""The forms in which two sources say alike, by group of golden fields."""
_VALUES: dict[str, tuple[ColumnName, ...]] = {
    "first_name": columns_of(CONTACT, *identity.NAME),
    "last_name": columns_of(CONTACT, *identity.NAME),
    "email": columns_of(CONTACT, "email"),
    "phone": columns_of(RECORDS, "phone"),
    **{name: columns_of(CONTACT, name) for name in ("street", "postcode", "city", "region", "gender")},
    "country": columns_of(CONTACT, "country", "postcode"),
    "born_on": (*columns_of(RECORDS, "born_on"), *columns_of(CONTACT, "arrived")),
}


def _golden() -> Ways:
    found: dict[str, tuple[Way, ...]] = {}
    for group, fields in FIELDS.items():
        chosen = Way("the record that counts most", (*_RANKED, *_AGREE[group]), "rows")
        for field in fields:
            found[field] = (Way(COUNTS_MOST, _VALUES[field]), chosen)
        found[f"{group}_source"] = (Way(COUNTS_MOST, columns_of(CONTACT, "source")), chosen)
        found[f"{group}_record"] = (Way(COUNTS_MOST, columns_of(CONTACT, "source_contact_id")), chosen)
        found[f"{group}_updated_at"] = (Way(COUNTS_MOST, columns_of(CONTACT, "updated_at", "event_at")), chosen)
    return found


def _fact(name: str) -> Ways:
    """A fact as it was conformed, with its customer."""
    table, conformed = UNIFIED[name], ENTITIES[name].conformed.name
    taken = [column for column in table.column_names if column != "customer_id"]
    owner = (
        Way("whom the first of its identifiers points to", columns_of(IDENTIFIERS, "customer_id")),
        Way("its identifiers", (*columns_of(IDENTIFIERS, "identifier_key"), *person_columns(ENTITIES[name]))),
    )
    return {**copied(conformed, taken), "customer_id": owner}


def _lines() -> Ways:
    lines, orders, articles = ORDER_LINES.conformed.name, tables.ORDERS.name, PRODUCTS.conformed.name
    taken = [name for name in tables.ORDER_LINES.column_names if name not in ("customer_id", "category", "event_at")]
    of_order = (*columns_of(lines, "source", "order_id"), *columns_of(orders, "source", "order_id"))
    of_article = (*columns_of(lines, "source", "product_id"), *columns_of(articles, "source", "product_id"))
    return {
        **copied(lines, taken),
        "customer_id": (Way("of its order", columns_of(orders, "customer_id")), Way("its order", of_order, "rows")),
        "event_at": (
            Way("its own", columns_of(lines, "event_at")),
            Way("else of its order", columns_of(orders, "event_at")),
            Way("its order", of_order, "rows"),
        ),
        "category": (Way("of its article", columns_of(articles, "category", "source")), Way("its article", of_article)),
    }


def _consents() -> Ways:
    """The deciding statement: stated, told by a message (bounced, unsubscribed from) or by a destination."""
    said, message, tool = CONSENTS.conformed.name, MESSAGES.conformed.name, "activation.tool_refusals"
    of_tool = columns_of(tool, "source", "source_contact_id")
    who = (*person_columns(CONSENTS), *person_columns(MESSAGES), *of_tool, *_addresses())
    scope = (
        *columns_of(said, "status", "channel", "purpose", "brand", "event_at", "known_from", "consent_id", "source"),
        *columns_of(message, "kind", "channel", "event_at", "known_from", "message_id", "source"),
        *columns_of(tool, "status", "channel", "refused_at", "night", "destination", "is_standing"),
    )
    decides = Way("the newest statement, a refusal before a yes", (*scope, *who), "rows")
    told = {
        "status": (
            *columns_of(said, "status", "expires_on"),
            *columns_of(message, "kind"),
            *columns_of(tool, "status"),
        ),
        "decided_at": (
            *columns_of(said, "event_at"),
            *columns_of(message, "event_at"),
            *columns_of(tool, "refused_at"),
        ),
        "source": (*columns_of(said, "source"), *columns_of(message, "source"), *columns_of(tool, "destination")),
        "evidence": (*columns_of(said, "evidence"), *columns_of(message, "kind"), *columns_of(tool, "destination")),
        "legal_basis": columns_of(said, "legal_basis"),
        "expires_on": columns_of(said, "expires_on"),
        "brand": columns_of(said, "brand"),
        "purpose": columns_of(said, "purpose"),
        "channel": (*columns_of(said, "channel"), *columns_of(message, "channel"), *columns_of(tool, "channel")),
    }
    spread = Way("the address or record that was told, or of whoever refused", (*who, *scope))
    return {
        **{name: (Way("of the deciding statement", of), decides) for name, of in told.items()},
        **alike(("subject_key", "address"), (spread,)),
        "customer_id": (
            Way("whom the address points to", columns_of(IDENTIFIERS, "customer_id", "identifier_key")),
            Way("the address", columns_of(tables.CONSENTS.name, "subject_key")),
        ),
    }


def _addresses() -> tuple[ColumnName, ...]:
    return columns_of(CONTACT, "source", "source_contact_id", "email", "phone", "country", "is_deleted")


def _customers() -> Ways:
    return {
        "customer_id": made("as it stands there", f"{LINKS}.customer_id"),
        **_golden(),
        "records_count": made("counted", f"{LINKS}.customer_id"),
        "sources": made("each once", f"{LINKS}.source", f"{LINKS}.customer_id"),
        "previous_ids": made(
            "ids merged into it",
            *columns_of("unified.identity_events", "customer_id", "other_customer_id", "event"),
        ),
    }


_LAST = {
    "last_order_on": ("event_at", "source", "order_id", "kind", "customer_id", "store_id", "channel"),
    "last_store": ("event_at", "source", "order_id", "kind", "customer_id", "store_id", "channel"),
}


def _profile() -> Ways:
    chosen = Way("the record that counts most", _RANKED, "rows")
    since = (*columns_of(CONTACT, "event_at", "is_deleted"), *columns_of(tables.ORDERS.name, "event_at", "customer_id"))
    refusal = columns_of(tables.CONSENTS.name, "purpose", "status", "customer_id")
    return {
        "customer_id": made("as it stands there", f"{LINKS}.customer_id"),
        "age_band": made("age on the night", f"{tables.CUSTOMERS.name}.born_on"),
        "gender_group": made("unknown where nothing is given", f"{tables.CUSTOMERS.name}.gender"),
        **{n: (Way(COUNTS_MOST, columns_of(CONTACT, n)), chosen) for n in ("region", "country", "store_id")},
        "customer_since": made("earliest record or order", *since),
        **{n: made("of the newest purchase", *columns_of(tables.ORDERS.name, *of)) for n, of in _LAST.items()},
        **{n: made("whether any record says so", f"{CONTACT}.{n}") for n in ("is_staff", "is_test", "is_deceased")},
        "is_deleted": made("whether every record is", f"{CONTACT}.is_deleted"),
        "objects_to_profiling": made("whether profiling is refused", *refusal),
    }


LINEAGE: dict[str, Ways] = {
    **identity.LINEAGE,
    tables.CUSTOMERS.name: _customers(),
    tables.CUSTOMER_PROFILE.name: _profile(),
    tables.CONSENTS.name: _consents(),
    **{table.name: _fact(name) for name, table in UNIFIED.items() if name != "order_lines"},
    tables.ORDER_LINES.name: _lines(),
}
