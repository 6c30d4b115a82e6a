"""Rules about statements that two identifiers belong to one person."""

from quality.rules import Rule, in_set

KINDS = ("card", "contact", "email", "phone", "cookie_to_contact")

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.identifier_links": (in_set("kind", *KINDS, severity="reject"),),
}
