"""Rules about orders and their lines; conform itself judges their signs."""

from quality.rules import Rule, in_set

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.orders": (in_set("kind", "sale", "return", "cancellation", severity="reject"),),
    "conformed.order_lines": (in_set("kind", "sale", "return", severity="reject"),),
}
