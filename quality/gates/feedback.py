"""Rules about reviews and survey answers."""

from quality.rules import Rule, between

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.feedback": (between("rating", minimum=1, maximum=5, severity="reject"),),
}
