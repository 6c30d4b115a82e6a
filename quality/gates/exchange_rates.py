"""Rules about exchange rates."""

from quality.rules import Rule, between, not_null

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.exchange_rates": (
        not_null("rate", severity="reject"),
        between("rate", minimum=0.00000001, severity="reject"),
    ),
}
