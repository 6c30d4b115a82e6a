"""Rules about articles."""

from quality.rules import Rule, between

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.products": (between("list_price_amount", minimum=0, severity="warn"),),
}
