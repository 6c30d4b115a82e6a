"""Rules about visits of the web shop."""

from quality.rules import Rule, between

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.visits": (between("pages_count", minimum=0, severity="reject"),),
}
