"""Rules about scores."""

from quality.rules import Rule, between, in_set

BANDS = ("high", "medium", "low")
GRADES = ("A", "B", "C", "D", "E")

RULES: dict[str, tuple[Rule, ...]] = {
    "scores.customer_scores": (
        between("churn_probability", minimum=0, maximum=1),
        in_set("churn_band", *BANDS),
        in_set("value_band", *BANDS),
        in_set("grade", *GRADES),
        between("value_amount", minimum=0, severity="warn"),
    ),
}
