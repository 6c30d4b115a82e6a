"""The canonical entities: the one shape that every source is mapped to, and the conformed tables that hold them.

A retailer file maps delivered columns to the columns named here (those with `mapped=True`); conform adds the rest.
"""

from dataclasses import dataclass

from lakehouse.table import Column, Table, columns, personal, required

PERSON = columns(
    Column("contact_source", "string", "source whose contact id this is; the own source unless mapped"),
    Column("source_contact_id", "string", "the person's id in that source"),
    personal("loyalty_id", "string", "loyalty card number"),
    personal("email", "string", "e-mail as delivered"),
    personal("phone", "string", "phone as delivered"),
    personal("cookie_id", "string", "browser cookie"),
)
"""Any identifier by which a row may point to its person; all are optional."""

NAMED = columns(
    personal("person_name", "string", "whole name of the person, any order; says who it is only with its postal code"),
    personal("person_postcode", "string", "postal code of the person"),
)
"""What a row without an identifier may carry of its person."""

PROVENANCE = columns(
    required("source", "string", "source of the retailer file"),
    required("delivery", "string", "delivery of that source"),
    required("file_sha256", "string", "content hash of the delivered file"),
    required("row_number", "bigint", "1-based data row in the file; with group_by the first row behind the group"),
    Column("event_at", "timestamp", "when it happened (UTC); null where the source does not say"),
    required("known_from", "date", "first night that could know the row: visible to night N when known_from <= N"),
    required("arrived", "date", "night on which this state of the row arrived"),
    required("is_deleted", "boolean", "true where the source has since deleted the row"),
)
"""Where every conformed row comes from and when it could be known."""


@dataclass(frozen=True)
class Entity:
    """A canonical entity: its mapped columns, its key within a source and the column that says when it happened.

    Units: event is the mapped timestamp or date column that event_at is taken from, None where nothing happens;
           has_name is true where a row may name its person beside or instead of identifiers.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event: str | None
    has_person: bool = True
    has_name: bool = False
    money: tuple[str, ...] = ()

    @property
    def mapped_columns(self) -> tuple[Column, ...]:
        """What a retailer file may map."""
        return (*self.columns, *(PERSON if self.has_person else ()), *(NAMED if self.has_name else ()))

    @property
    def conformed(self) -> Table:
        """`conformed.<entity>`: key (source, *key), merged."""
        added = tuple(
            Column(f"delivered_{name}", "decimal(18,2)", f"{name} in the currency of the delivery", unit="currency")
            for name in self.money
        )
        return Table(
            name=f"conformed.{self.name}",
            grain=self.grain,
            key=("source", *self.key),
            columns=(*PROVENANCE, *self.mapped_columns, *added),
            write="merge",
        )

    @property
    def rejected(self) -> Table:
        """`conformed.<entity>_rejected`: rows set aside, kept whole."""
        return Table(
            name=f"conformed.{self.name}_rejected",
            grain="one row per delivered row of a mapping that broke a rule; found broken again, it moves",
            key=("night", "source", "delivery", "file_sha256", "row_number", "mapping"),
            columns=REJECTED,
            write="replace_night",
        )


REJECTED = columns(
    required("night", "date", "last night that found the row broken"),
    Column("first_night", "date", "night that set the row aside first; null: the same"),
    required("source", "string", "source of the retailer file"),
    required("delivery", "string", "delivery of that source"),
    required("mapping", "int", "0-based position of the mapping in the entity's list"),
    required("file_name", "string", "name of the delivered file"),
    required("file_sha256", "string", "content hash of the delivered file"),
    required("row_number", "bigint", "1-based data row in the file"),
    required("rows_count", "bigint", "delivered rows behind it; 1 but for mappings with group_by"),
    required("rules", "array<string>", "every rule that the row broke, in words"),
    personal("delivered_row", "string", "the whole row as delivered, as JSON"),
)

CURRENCY = Column("currency", "string", "ISO 4217 code of the delivered amounts; the retailer's unless mapped")

CONTACTS = Entity(
    "contacts",
    "one row per person record of a source",
    ("source_contact_id",),
    columns(
        personal("title", "string", "form of address"),
        personal("first_name", "string", "given name"),
        personal("last_name", "string", "family name"),
        personal("full_name", "string", "whole name, any order"),
        personal("born_on", "date", "date of birth"),
        personal("gender", "string", "female, male, other, as delivered"),
        personal("street", "string", "street and house number"),
        personal("postcode", "string", "postal code"),
        personal("city", "string", "town"),
        Column("region", "string", "state or region"),
        Column("country", "string", "country as delivered: ISO code or name"),
        Column("brand", "string", "brand or banner that the record belongs to"),
        Column("store_id", "string", "home store"),
        Column("is_staff", "boolean", "employee or staff card"),
        Column("is_test", "boolean", "test account, not a person"),
        Column("is_deceased", "boolean", "the person is known to have died"),
        Column("created_at", "timestamp", "when the record was created"),
        Column("updated_at", "timestamp", "when the record was last changed"),
    ),
    event="created_at",
)
IDENTIFIER_LINKS = Entity(
    "identifier_links",
    "one row per statement that two identifiers belong to one person",
    ("kind", "from_id", "to_id"),
    columns(
        required("kind", "string", "card (loyalty_id), contact (source_contact_id), email, phone, cookie_to_contact"),
        personal("from_id", "string", "the older identifier"),
        personal("to_id", "string", "the newer identifier"),
        Column("linked_at", "timestamp", "when the source linked them"),
    ),
    event="linked_at",
    has_person=False,
)
ORDERS = Entity(
    "orders",
    "one row per order, ticket or return",
    ("order_id",),
    columns(
        required("order_id", "string", "order or ticket number, unique within the source"),
        Column("ordered_at", "timestamp", "when it was bought or returned"),
        Column("channel", "string", "web, store, phone, ..."),
        Column("store_id", "string", "store, where there is one"),
        Column("brand", "string", "brand or banner"),
        Column("kind", "string", "sale, return, or cancellation of a subscription; sale unless mapped"),
        Column("returned_order_id", "string", "order that a return belongs to, where known"),
        Column("order_amount", "decimal(18,2)", "total in the retailer's currency; negative for a return"),
        Column("discount_amount", "decimal(18,2)", "discount in the retailer's currency"),
        Column("contract_starts_on", "date", "first day of the subscription that the order begins, renews or cancels"),
        Column("contract_ends_on", "date", "its last day as agreed; of a cancellation the last day that is left"),
        CURRENCY,
    ),
    event="ordered_at",
    has_name=True,
    money=("order_amount", "discount_amount"),
)
ORDER_LINES = Entity(
    "order_lines",
    "one row per line of an order",
    ("order_id", "line_id"),
    columns(
        required("order_id", "string", "order or ticket number"),
        required("line_id", "string", "line within the order"),
        Column("ordered_at", "timestamp", "when it was bought or returned"),
        Column("product_id", "string", "article"),
        Column("quantity", "decimal(18,3)", "pieces; negative for a return"),
        Column("kind", "string", "sale or return; sale unless mapped"),
        Column("line_amount", "decimal(18,2)", "line total in the retailer's currency; negative for a return"),
        CURRENCY,
    ),
    event="ordered_at",
    has_person=False,
    money=("line_amount",),
)
VISITS = Entity(
    "visits",
    "one row per visit of the web shop",
    ("visit_id",),
    columns(
        required("visit_id", "string", "visit"),
        Column("started_at", "timestamp", "first page"),
        Column("ended_at", "timestamp", "last page"),
        Column("pages_count", "int", "pages seen"),
        Column("has_basket", "boolean", "something was put into the basket"),
        Column("order_id", "string", "order placed in the visit"),
    ),
    event="started_at",
    has_name=True,
)
LOYALTY_MOVEMENTS = Entity(
    "loyalty_movements",
    "one row per movement of points",
    ("movement_id",),
    columns(
        required("movement_id", "string", "movement"),
        Column("moved_at", "timestamp", "when"),
        Column("kind", "string", "earn, burn, expire, adjust or tier (a change of level, without points)"),
        Column("points", "int", "points, negative when they leave the card"),
        Column("expires_on", "date", "when earned points expire"),
        Column("tier", "string", "level of the card from this movement on, in the scheme's words"),
        Column("tier_rank", "int", "the same as a number; 1 is the lowest"),
    ),
    event="moved_at",
)
CONSENTS = Entity(
    "consents",
    "one row per statement of consent of a person or address",
    ("consent_id",),
    columns(
        required("consent_id", "string", "statement; hashed from the row unless mapped"),
        Column("channel", "string", "email, phone, post, push, ..."),
        Column("purpose", "string", "marketing, profiling, ..."),
        Column("brand", "string", "brand or banner"),
        Column("status", "string", "requested, granted, denied, withdrawn or objected"),
        Column("legal_basis", "string", "consent, contract, legitimate_interest"),
        Column("expires_on", "date", "end of validity"),
        Column("evidence", "string", "where the proof lies; no personal value"),
        Column("decided_at", "timestamp", "when the person said it; null where the source does not say"),
    ),
    event="decided_at",
)
MESSAGES = Entity(
    "messages",
    "one row per thing that happened to a message",
    ("message_id", "kind"),
    columns(
        required("message_id", "string", "message to one person"),
        required("kind", "string", "sent, opened, clicked, bounced or unsubscribed"),
        Column("happened_at", "timestamp", "when"),
        Column("campaign_id", "string", "campaign"),
        Column("channel", "string", "email, phone, post, push, ..."),
    ),
    event="happened_at",
    has_name=True,
)
FEEDBACK = Entity(
    "feedback",
    "one row per review or survey answer",
    ("feedback_id",),
    columns(
        required("feedback_id", "string", "review or answer"),
        Column("given_at", "timestamp", "when"),
        Column(
            "kind",
            "string",
            "survey, review or complaint; churn_wrong, value_wrong or segment_wrong: a score marked wrong in a tool",
        ),
        Column("rating", "double", "rating, 1 (worst) to 5 (best)"),
        personal("text", "string", "what the person wrote"),
        Column("product_id", "string", "article, where it is about one"),
    ),
    event="given_at",
    has_name=True,
)
PRODUCTS = Entity(
    "products",
    "one row per article",
    ("product_id",),
    columns(
        required("product_id", "string", "article"),
        Column("product_name", "string", "name"),
        Column("category", "string", "category"),
        Column("list_price_amount", "decimal(18,2)", "list price in the retailer's currency"),
    ),
    event=None,
    has_person=False,
)
STORES = Entity(
    "stores",
    "one row per store",
    ("store_id",),
    columns(
        required("store_id", "string", "store"),
        Column("store_name", "string", "name"),
        Column("region", "string", "region"),
        Column("country", "string", "country"),
    ),
    event=None,
    has_person=False,
)
EXCHANGE_RATES = Entity(
    "exchange_rates",
    "one row per currency and day from which a rate holds",
    ("currency", "valid_on"),
    columns(
        required("currency", "string", "ISO 4217 code"),
        required("valid_on", "date", "first day of the rate"),
        Column("rate", "decimal(18,8)", "retailer's currency per unit of this currency"),
    ),
    event=None,
    has_person=False,
)

ENTITIES = {
    entity.name: entity
    for entity in (
        CONTACTS,
        IDENTIFIER_LINKS,
        ORDERS,
        ORDER_LINES,
        VISITS,
        LOYALTY_MOVEMENTS,
        CONSENTS,
        MESSAGES,
        FEEDBACK,
        PRODUCTS,
        STORES,
        EXCHANGE_RATES,
    )
}
