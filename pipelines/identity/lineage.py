"""What the columns of the identity tables are made of; stated here, as most of it is made in DuckDB.

A table's own rows of the night before, from which ids and dates are kept, are no column that it is made of.
"""

from lakehouse.lineage import ColumnName, Way, Ways, alike, columns_of, copied, made
from pipelines.canonical import CONTACTS, ENTITIES, IDENTIFIER_LINKS, Entity
from pipelines.identity.candidates import PERSON_COLUMNS
from pipelines.identity.records import READ
from pipelines.identity.resolve import FACTS

CONTACT = CONTACTS.conformed.name
RECORDS, TIES, PAIRS = "unified.person_records", "unified.identity_ties", "unified.identity_pairs"
LINKS, IDENTIFIERS = "unified.identity_links", "unified.identifiers"
EVENTS, MODELS = "unified.identity_events", "unified.identity_models"
HOUSEHOLDS, SUSPICIOUS = "unified.households", "unified.suspicious_clusters"


def person_columns(entity: Entity) -> tuple[ColumnName, ...]:
    """The columns by which a row of a conformed fact may point to its person."""
    table = entity.conformed
    return columns_of(table.name, "source", *(name for name in PERSON_COLUMNS if name in table.column_names))


def _of_contact(how: str, *names: str) -> tuple[Way, ...]:
    return (Way(how, columns_of(CONTACT, *names)),)


NAME = ("first_name", "last_name", "full_name")
SEEN = ("event_at", "arrived")
_RECORDS: Ways = {
    "record_key": _of_contact("contact:<source>:<contact id>", "source", "source_contact_id"),
    **copied(CONTACT, ("source", "source_contact_id", "is_deleted")),
    **alike(("given", "family", "tokens"), _of_contact("words of the name, without titles and accents", *NAME)),
    "born_on": _of_contact("placeholders and dates to come left out", "born_on", "arrived"),
    "email": _of_contact("lower case, role addresses left out", "email"),
    "phone": _of_contact("in E.164, by the country of the record", "phone", "country"),
    "card": _of_contact("without separators", "loyalty_id"),
    "street": _of_contact("words, types of street written out", "street", "country"),
    "house": _of_contact("number in the street", "street"),
    "postcode": _of_contact("without spaces, by the country", "postcode", "country"),
    "city": _of_contact("words", "city"),
    "gender": _of_contact("first letter", "gender"),
    "is_test": _of_contact("false where nothing is given", "is_test"),
    "first_seen": _of_contact("made, or first arrived", *SEEN),
    "linked_key": _of_contact("where it names another record", "contact_source", "source", "source_contact_id"),
    "loyalty_id_key": _of_contact("keyed hash", "loyalty_id"),
    "email_key": _of_contact("keyed hash", "email"),
    "phone_key": _of_contact("keyed hash", "phone", "country"),
    "cookie_key": _of_contact("keyed hash", "cookie_id"),
    "name_birth_key": _of_contact("keyed hash", *NAME, "born_on", "arrived"),
    "name_place_key": _of_contact("keyed hash", *NAME, "postcode", "country"),
    "fingerprint": _of_contact("of all that the record is made of", *READ, *SEEN),
}
COMPARED = columns_of(
    RECORDS,
    *("given", "family", "tokens", "born_on", "email", "phone", "card", "street", "house", "postcode", "city"),
    "gender",
)
"""What two records are compared by."""
RECORD_KEYS = columns_of(
    RECORDS, "linked_key", "loyalty_id_key", "email_key", "phone_key", "name_birth_key", "cookie_key", "name_place_key"
)
LIVES = columns_of(RECORDS, "is_test", "is_deleted", "first_seen")
SAID_BY_FACTS = tuple(column for name in FACTS for column in person_columns(ENTITIES[name]))
STATED = columns_of(IDENTIFIER_LINKS.conformed.name, "source", "kind", "from_id", "to_id")

_tie = (
    Way("identifiers that a row carries together, as keyed hashes", SAID_BY_FACTS),
    Way("both ends of a stated link, as keyed hashes", STATED),
)
_ends = columns_of(TIES, "left_key", "right_key", "kind", "is_own")
_matched = columns_of(PAIRS, "record_a", "record_b", "probability")
_group = (
    Way("records that match are one customer", _matched),
    Way("identifiers that belong together are one customer", _ends),
    Way("its identifiers, its name with a date or place; who was there first", (*RECORD_KEYS, *LIVES)),
)
_customer = (Way("the customer", columns_of(LINKS, "customer_id")),)

LINEAGE: dict[str, Ways] = {
    RECORDS: _RECORDS,
    TIES: alike(("left_key", "right_key", "kind"), _tie) | {"is_own": made("whether a source states it", *STATED)},
    PAIRS: {
        **alike(
            ("record_a", "record_b"),
            (
                Way("two records that share something", columns_of(RECORDS, "record_key")),
                Way("what they share", COMPARED, "rows"),
            ),
        ),
        "probability": made("how alike they are, weighted as unified.identity_models says", *COMPARED),
    },
    LINKS: {
        "record_key": made("a contact, or an identifier that only facts carry", f"{RECORDS}.record_key", *_ends),
        **alike(("source", "source_contact_id"), made("part of the key", f"{LINKS}.record_key")),
        **alike(("customer_id", "evidence"), _group),
        "since": (Way("night of the last change"),),
    },
    IDENTIFIERS: {
        "identifier_key": made("key of a record or identifier", f"{RECORDS}.record_key", *RECORD_KEYS, *_ends),
        "customer_id": _group,
    },
    EVENTS: {
        "night": (Way("night of the event"),),
        **alike(("customer_id", "event", "other_customer_id"), _customer),
        "records_count": made("records that moved", f"{LINKS}.record_key", f"{LINKS}.customer_id"),
        "evidence": made("as it stands there", f"{LINKS}.evidence"),
        "model_version": made("as it stands there", f"{MODELS}.version"),
    },
    MODELS: {
        "night": (Way("night of the learning"),),
        **alike(("version", "parameters"), made("learned from pairs of records", *COMPARED)),
    },
    HOUSEHOLDS: {
        "customer_id": _customer,
        **alike(
            ("household_id", "evidence"),
            (
                *_customer,
                Way(
                    "address and family name, or a phone or e-mail and either",
                    columns_of(RECORDS, *("given", "family", "tokens", "email", "phone", "street", "house")),
                ),
                Way("the place", columns_of(RECORDS, "postcode", "city", "is_test", "is_deleted")),
            ),
        ),
        "since": (Way("night of the last change"),),
    },
    SUSPICIOUS: {
        "night": (Way("night that found it"),),
        "customer_id": _customer,
        "records_count": made("records with a name", f"{LINKS}.record_key", f"{LINKS}.customer_id", *COMPARED[:3]),
        "density": made("mean over all pairs of its records", *_matched, f"{LINKS}.customer_id"),
        "reasons": made("size, density, contradiction", *COMPARED[:4], *_matched, f"{LINKS}.customer_id"),
        "part": made("the smaller of two parts", *_matched, f"{LINKS}.customer_id"),
    },
}
