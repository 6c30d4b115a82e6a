"""Two records as the pages about them show them: what they say, what it weighs, how they are linked."""

from pipelines.identity.chain import Link
from pipelines.identity.explain import Compared, Explanation
from pipelines.identity.known import Side
from pipelines.identity.why import Why

ANNA = {"given": ["anna"], "family": ["smit"], "tokens": ["anna", "smit"], "email": "anna@<b>.example"}
ANN = {"given": [], "family": [], "tokens": ["smit", "ann"], "phone": "+3212345678"}


def compared(column: str, weight: float, *, rarity: float = 0.0, left: str | None = "x", **shared: float) -> Compared:
    return Compared(column, left, "x", "equal", weight, rarity, shared, 9.0, dict.fromkeys(shared, 1.0))


def explanation(*more: Compared, shift: float = 0.0) -> Explanation:
    said = (compared("first", 8.0, rarity=1.5), compared("last", 7.0, rarity=0.05, relatives=6.0), *more)
    return Explanation("contact:crm:1", "contact:web:2", -12.0, shift, {"relatives": 0.001}, said)


def found(**other: object) -> Why:
    given: dict[str, object] = {
        "left": Side("contact:crm:1", "c_a", ANNA),
        "right": Side("contact:web:2", "c_a", ANN),
        "cut": 0.5,
        "probability": 0.9,
        "mean_probability": None,
        "pairs_between": 1,
        "explanation": explanation(),
        "decision": None,
        "shared": (),
        "chain": (Link("contact:crm:1", "contact:web:2", "match", 0.9),),
        "is_duplicate_free": False,
    }
    return Why(**{**given, **other})  # type: ignore[arg-type]
