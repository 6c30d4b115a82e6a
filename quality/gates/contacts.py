"""Rules about person records; a wrong date of birth or e-mail is worth a warning, the person stays."""

from datetime import date

from quality.rules import Rule, matches, not_before, not_in_future

RULES: dict[str, tuple[Rule, ...]] = {
    "conformed.contacts": (
        matches("email", "@", severity="warn", limit=0.05),
        not_before("born_on", date(1900, 1, 1), severity="warn", limit=0.01),
        not_in_future("born_on", severity="warn", limit=0.01),
    ),
}
