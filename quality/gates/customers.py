"""Rules about the golden record and the profile."""

from quality.rules import Rule, between, in_set

AGE_BANDS = ("under_18", "18_29", "30_44", "45_59", "60_plus", "unknown")

RULES: dict[str, tuple[Rule, ...]] = {
    "unified.customers": (between("records_count", minimum=1, severity="warn"),),
    "unified.customer_profile": (in_set("age_band", *AGE_BANDS),),
}
