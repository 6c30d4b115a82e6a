"""Rules about orders and their lines; conform itself judges their signs."""

from quality.rules import Rule, in_set

KIND = in_set("kind", "sale", "return", severity="reject")

RULES: dict[str, tuple[Rule, ...]] = {"conformed.orders": (KIND,), "conformed.order_lines": (KIND,)}
