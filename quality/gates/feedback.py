"""Rules about reviews and survey answers."""

from quality.rules import Rule, between, in_set

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.feedback": (
        between("rating", minimum=1, maximum=5, severity="reject"),
        in_set("kind", "survey", "review", "complaint", severity="warn"),
    ),
}
