"""Rules about what happened to messages."""

from quality.rules import Rule, in_set

KINDS = ("sent", "opened", "clicked", "bounced", "unsubscribed")

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.messages": (in_set("kind", *KINDS, severity="reject"),),
}
