"""Rules about orders and their lines."""

from quality.rules import Rule, between, in_set

KIND = in_set("kind", "sale", "return", severity="reject")

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.orders": (KIND,),
    "conformed.order_lines": (KIND, between("quantity", minimum=0, severity="reject").only_where("kind", "sale")),
}
