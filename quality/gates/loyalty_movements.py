"""Rules about movements of points."""

from quality.rules import Rule, in_set

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.loyalty_movements": (in_set("kind", "earn", "burn", "expire", "adjust", "tier", severity="reject"),),
}
