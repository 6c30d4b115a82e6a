"""Rules about consent: none sets a statement aside, which could lose a withdrawal; the unreadable counts as denied."""

from quality.rules import Rule, in_set, matches, not_null

STATES = ("requested", "granted", "denied", "withdrawn", "objected", "undeliverable", "expired")

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.consents": (
        not_null("status", severity="warn"),
        matches("status", rf"(?i)^\s*({'|'.join(STATES[:-1])})\s*$", severity="warn"),
    ),
    "unified.consents": (in_set("status", *STATES),),
}
