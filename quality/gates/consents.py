"""Rules about consent: a statement that cannot be read is no consent."""

from quality.rules import Rule, in_set, not_null

STATUSES = ("requested", "granted", "denied", "withdrawn", "objected")
"""What a person can say."""
STATES = (*STATUSES, "expired", "undeliverable")
"""What holds for an address: time and bounces end a consent too."""
STATES = (*STATUSES, "expired", "undeliverable")

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.consents": (
        not_null("channel", severity="reject"),
        not_null("purpose", severity="reject"),
        not_null("status", severity="reject"),
        in_set("status", *STATUSES, severity="reject"),
    ),
    "unified.consents": (in_set("status", *STATES),),
}
