"""What a model is for and what it must not be used for, in the words of a model card."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.eligibility import NO_CONTRACT, NO_ORDER, REASONS


@dataclass(frozen=True)
class Purpose:
    """What one model says and what for. Shape: the horizon in days fills the braces of `predicts`."""

    predicts: str
    use: str
    never: tuple[str, ...]
    says: str
    seen: str


NEVER = (
    "No decision about one person alone: no price, credit, refusal of service, hiring or legal claim.",
    "No statement about cause: it tells who will leave or spend, not whom a contact changes. Held-out customers of "
    "an audience tell that.",
    "Nobody without a score, nobody after the day until which the score is valid, and nobody of another retailer.",
)
PURPOSES: Mapping[str, Purpose] = {
    "churn": Purpose(
        "The probability that a known customer orders nothing in the next {} days (with contracts: that cover "
        "lapses for more than a week).",
        "To choose whom to win back while contacts are dear, and to see how risk moves over months.",
        NEVER,
        "risk",
        "left",
    ),
    "lifetime_value": Purpose(
        "What a known customer will spend in the next {} days, less returns, in the retailer's currency.",
        "To put contacts, service and gifts where spend is expected, and to plan the spend of groups.",
        (*NEVER, "No sum to be counted on for one customer: the range in value_low and value_high is wide."),
        "expected spend",
        "spend",
    ),
}
NOT_SCORED = (*(why for _, why in REASONS), NO_ORDER, f"{NO_CONTRACT} (where churn is told by contracts)")
"""Who gets no score."""
MEASURES = {
    "seen": "what happened",
    "predicted": "predicted",
    "ranking": "ranking",
    "calibration_error": "calibration error",
    "share_high": "shown as high",
}
"""The measures of models.fairness as heads of columns."""
