"""The unified tables: one history per customer."""

from lakehouse.table import Column, Table, columns, personal, required

CUSTOMER_ID = required(
    "customer_id", "string", "one person, for ever: an old id resolves through unified.identity_events"
)
FACT = (
    required("source", "string", "source of the retailer file"),
    Column("customer_id", "string", "whose it is; null where no identifier is known"),
    Column("event_at", "timestamp", "when it happened (UTC)"),
    required("known_from", "date", "first night that could know the row"),
)


def _record_of(group: str) -> tuple[Column, ...]:
    """Which record a group of golden fields was taken from."""
    return columns(
        Column(f"{group}_source", "string", f"source of the record that {group} was taken from"),
        Column(f"{group}_record", "string", f"source_contact_id of the record that {group} was taken from"),
        Column(f"{group}_updated_at", "timestamp", "when that record was last changed (UTC); null where nobody says"),
    )


IDENTITY_LINKS = Table(
    name="unified.identity_links",
    grain="one row per person record: a contact of a source, or an identifier that only facts carry",
    key=("record_key",),
    columns=columns(
        required("record_key", "string", "contact:<source>:<contact id>, or <kind>:<keyed hash of the identifier>"),
        Column("source", "string", "source of a contact record"),
        Column("source_contact_id", "string", "the contact's id in that source"),
        CUSTOMER_ID,
        required(
            "evidence",
            "string",
            "kinds of identifier that tie the record to the rest, comma separated; match, decided, kept; alone",
        ),
        required("since", "date", "night of the last change of this link"),
    ),
    write="merge",
)
IDENTIFIERS = Table(
    name="unified.identifiers",
    grain="one row per identifier that points to exactly one customer",
    key=("identifier_key",),
    columns=columns(
        required("identifier_key", "string", "<kind>:<keyed hash of the normalised value>, or contact:<source>:<id>"),
        CUSTOMER_ID,
    ),
    write="merge",
)
IDENTITY_EVENTS = Table(
    name="unified.identity_events",
    grain="one row per event in the life of a customer id",
    key=("night", "customer_id", "event", "other_customer_id"),
    columns=columns(
        required("night", "date", "night"),
        CUSTOMER_ID,
        required("event", "string", "created, joined, merged_into, split_from or ended"),
        Column(
            "other_customer_id", "string", "the living id that it was merged into, or the id that it was split from"
        ),
        Column("records_count", "bigint", "records that moved"),
        Column("evidence", "string", "kinds of identifier behind it; match: all that records say; kept: as it was"),
        Column("model_version", "string", "model of unified.identity_models that matched the records; null without"),
    ),
    write="replace_night",
)
IDENTITY_MODELS = Table(
    name="unified.identity_models",
    grain="one row per night on which the likeness of records was learned anew, or decisions of people changed",
    key=("night",),
    columns=columns(
        required("night", "date", "night"),
        required("version", "string", "names what was learned: equal for equal parameters"),
        required("parameters", "string", "how much each level of likeness says, priors and cut, as JSON"),
    ),
    write="replace_night",
)
PERSON_RECORDS = Table(
    name="unified.person_records",
    grain="one row per contact of a source, in normalised forms: what records are compared by",
    key=("record_key",),
    columns=columns(
        required("record_key", "string", "contact:<source>:<contact id>"),
        required("source", "string", "source of the retailer file"),
        Column("source_contact_id", "string", "the contact's id in that source"),
        personal("given", "array<string>", "words of the given name; empty where only a whole name is there"),
        personal("family", "array<string>", "words of the family name; empty where only a whole name is there"),
        personal("tokens", "array<string>", "every word of the name, once, without titles and accents"),
        personal("born_on", "date", "date of birth, placeholders left out"),
        personal("email", "string", "e-mail in lower case, role addresses left out"),
        personal("phone", "string", "phone in E.164"),
        personal("card", "string", "loyalty card without separators"),
        personal("street", "string", "words of the street, types written out"),
        personal("house", "string", "house number"),
        personal("postcode", "string", "postal code without spaces"),
        personal("city", "string", "words of the town"),
        personal("gender", "string", "first letter of what is delivered"),
        required("is_test", "boolean", "a test account, which is nobody"),
        required("is_deleted", "boolean", "deleted by its source, as one is that comes back under another id"),
        Column("first_seen", "timestamp", "when the source made the contact, or when it first arrived"),
        Column("linked_key", "string", "the other record that the contact says it is"),
        Column("loyalty_id_key", "string", "keyed hash of the card"),
        Column("email_key", "string", "keyed hash of the e-mail"),
        Column("phone_key", "string", "keyed hash of the phone"),
        Column("cookie_key", "string", "keyed hash of the cookie"),
        Column("name_birth_key", "string", "keyed hash of the whole name with the birth date"),
        Column("name_place_key", "string", "keyed hash of the whole name with the postal code"),
        required("fingerprint", "bigint", "of what was delivered and how it is normalised: equal where both are"),
    ),
    write="merge",
)
IDENTITY_TIES = Table(
    name="unified.identity_ties",
    grain="one row per two identifiers that a source or a fact ties, or per one that a fact carries",
    key=("left_key", "right_key", "kind", "is_own"),
    columns=columns(
        required("left_key", "string", "record key, or <kind>:<keyed hash of the identifier>"),
        required("right_key", "string", "the same of the other; the left key again where a fact carries it alone"),
        required("kind", "string", "kind of the right identifier; link where a source says so; itself"),
        required("is_own", "boolean", "whether a source states the tie; false where a fact carries both"),
    ),
    write="merge",
)
IDENTITY_PAIRS = Table(
    name="unified.identity_pairs",
    grain="one row per two records that may be one person",
    key=("record_a", "record_b"),
    columns=columns(
        required("record_a", "string", "the lower record key"),
        required("record_b", "string", "the higher record key"),
        required("probability", "double", "that both are one person, as the night found it that last looked at them"),
    ),
    write="merge",
)
HOUSEHOLDS = Table(
    name="unified.households",
    grain="one row per customer in a household of two or more",
    key=("customer_id",),
    columns=columns(
        required("household_id", "string", "people who live together; stays like a customer id"),
        CUSTOMER_ID,
        required("evidence", "string", "what is shared, comma separated: name_address, name_phone, address_phone, ..."),
        required("since", "date", "night of the last change of this row"),
    ),
    write="merge",
)
SUSPICIOUS_CLUSTERS = Table(
    name="unified.suspicious_clusters",
    grain="one row per customer that may be two people, as the night sees it; nothing is changed by it",
    key=("night", "customer_id"),
    columns=columns(
        required("night", "date", "night"),
        CUSTOMER_ID,
        required("records_count", "bigint", "person records with a name"),
        required("density", "double", "mean probability over all pairs of these records, 0 for those never matched"),
        required("reasons", "array<string>", "size (far more records than usual), density, contradiction"),
        Column(
            "part", "array<string>", "record keys of the smaller of two parts, where the records fall apart cleanly"
        ),
    ),
    write="replace_night",
)
CUSTOMERS = Table(
    name="unified.customers",
    grain="one row per living customer: the golden record",
    key=("customer_id",),
    columns=columns(
        CUSTOMER_ID,
        personal("first_name", "string", "given name"),
        personal("last_name", "string", "family name"),
        *_record_of("name"),
        personal("email", "string", "normalised e-mail"),
        *_record_of("email"),
        personal("phone", "string", "phone in E.164"),
        *_record_of("phone"),
        personal("street", "string", "street and house number"),
        personal("postcode", "string", "postal code"),
        personal("city", "string", "town"),
        Column("region", "string", "state or region"),
        Column("country", "string", "ISO 3166 code where known"),
        *_record_of("address"),
        personal("born_on", "date", "date of birth"),
        *_record_of("born_on"),
        personal("gender", "string", "female, male or other"),
        *_record_of("gender"),
        Column("records_count", "int", "person records behind the customer"),
        Column("sources", "array<string>", "sources that know the customer"),
        Column("previous_ids", "array<string>", "ids that were merged into this one; null where none was"),
    ),
    write="replace_all",
)
CUSTOMER_PROFILE = Table(
    name="unified.customer_profile",
    grain="one row per living customer: what may be known without knowing who",
    key=("customer_id",),
    columns=columns(
        CUSTOMER_ID,
        Column("age_band", "string", "under_18, 18_29, 30_44, 45_59, 60_plus or unknown, at the night"),
        Column("gender_group", "string", "female, male, other or unknown"),
        Column("region", "string", "state or region"),
        Column("country", "string", "country"),
        Column("store_id", "string", "home store"),
        Column("customer_since", "date", "earliest record or order, retailer's day"),
        Column("last_order_on", "date", "newest purchase before the night, retailer's day; a return is none"),
        Column("last_store", "string", "store of that purchase; its channel where it has no store"),
        required("is_staff", "boolean", "employee"),
        required("is_test", "boolean", "test account"),
        Column("is_deceased", "boolean", "any record says that the person has died: no score, never contacted"),
        required("is_deleted", "boolean", "every record was deleted by its source"),
        required("objects_to_profiling", "boolean", "objected to or withdrew profiling: no score"),
    ),
    write="replace_all",
)
ORDERS = Table(
    name="unified.orders",
    grain="one row per order, ticket or return",
    key=("source", "order_id"),
    columns=columns(
        *FACT,
        required("order_id", "string", "order or ticket number"),
        Column("channel", "string", "web, store, ..."),
        Column("store_id", "string", "store"),
        Column("brand", "string", "brand"),
        Column("kind", "string", "sale, return, or cancellation of a subscription"),
        Column("returned_order_id", "string", "order that a return belongs to"),
        Column("order_amount", "decimal(18,2)", "total in the retailer's currency", unit="retailer's currency"),
        Column("discount_amount", "decimal(18,2)", "discount", unit="retailer's currency"),
        Column("contract_starts_on", "date", "first day of the subscription that the order begins, renews or cancels"),
        Column("contract_ends_on", "date", "its last day as agreed; of a cancellation the last day that is left"),
    ),
    write="merge",
)
ORDER_LINES = Table(
    name="unified.order_lines",
    grain="one row per line of an order",
    key=("source", "order_id", "line_id"),
    columns=columns(
        *FACT,
        required("order_id", "string", "order or ticket number"),
        required("line_id", "string", "line"),
        Column("product_id", "string", "article"),
        Column("category", "string", "category of the article"),
        Column("kind", "string", "sale or return"),
        Column("quantity", "decimal(18,3)", "pieces"),
        Column("line_amount", "decimal(18,2)", "line total", unit="retailer's currency"),
    ),
    write="merge",
)
VISITS = Table(
    name="unified.visits",
    grain="one row per visit",
    key=("source", "visit_id"),
    columns=columns(
        *FACT,
        required("visit_id", "string", "visit"),
        Column("ended_at", "timestamp", "last page"),
        Column("pages_count", "int", "pages seen"),
        Column("has_basket", "boolean", "something was put into the basket"),
        Column("order_id", "string", "order placed in the visit"),
    ),
    write="merge",
)
LOYALTY_MOVEMENTS = Table(
    name="unified.loyalty_movements",
    grain="one row per movement of points",
    key=("source", "movement_id"),
    columns=columns(
        *FACT,
        required("movement_id", "string", "movement"),
        Column("kind", "string", "earn, burn, expire, adjust or tier"),
        Column("points", "int", "points"),
        Column("expires_on", "date", "when earned points expire"),
        Column("tier", "string", "level of the card from this movement on"),
        Column("tier_rank", "int", "the same as a number; 1 is the lowest"),
    ),
    write="merge",
)
MESSAGES = Table(
    name="unified.messages",
    grain="one row per thing that happened to a message",
    key=("source", "message_id", "kind"),
    columns=columns(
        *FACT,
        required("message_id", "string", "message"),
        required("kind", "string", "sent, opened, clicked, bounced or unsubscribed"),
        Column("campaign_id", "string", "campaign"),
        Column("channel", "string", "email, phone, ..."),
    ),
    write="merge",
)
FEEDBACK = Table(
    name="unified.feedback",
    grain="one row per review or survey answer; without its text",
    key=("source", "feedback_id"),
    columns=columns(
        *FACT,
        required("feedback_id", "string", "review or answer"),
        Column("kind", "string", "survey, review or complaint"),
        Column("rating", "double", "1 (worst) to 5 (best)"),
        Column("product_id", "string", "article"),
    ),
    write="merge",
)
CONSENTS = Table(
    name="unified.consents",
    grain="one row per address (or customer), brand, channel and purpose: the state of consent on this night",
    key=("subject_key", "brand", "channel", "purpose"),
    columns=columns(
        required(
            "subject_key", "string", "identifier key of the address (email:<hash>, phone:<hash>) or of the record"
        ),
        Column(
            "customer_id", "string", "customer that the address belongs to now; consent itself stays with the address"
        ),
        personal("address", "string", "normalised e-mail or E.164 phone where the statement names one"),
        required("brand", "string", "brand, empty for all"),
        required("channel", "string", "email, phone, post, push"),
        required("purpose", "string", "marketing, profiling"),
        required("status", "string", "requested, granted, expired, denied, undeliverable, withdrawn or objected"),
        Column("legal_basis", "string", "consent, contract or legitimate_interest"),
        Column("expires_on", "date", "end of validity"),
        Column("decided_at", "timestamp", "when; null for an undated statement"),
        Column("source", "string", "source of the deciding statement"),
        Column("evidence", "string", "where the proof lies"),
    ),
    write="replace_all",
)
UNIFIED_FACTS = (ORDERS, ORDER_LINES, VISITS, LOYALTY_MOVEMENTS, MESSAGES, FEEDBACK)
TABLES = (
    PERSON_RECORDS,
    IDENTITY_LINKS,
    IDENTITY_TIES,
    IDENTITY_PAIRS,
    IDENTIFIERS,
    IDENTITY_EVENTS,
    IDENTITY_MODELS,
    HOUSEHOLDS,
    SUSPICIOUS_CLUSTERS,
    CUSTOMERS,
    CUSTOMER_PROFILE,
    *UNIFIED_FACTS,
    CONSENTS,
)
