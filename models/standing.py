"""What a candidate finds when it comes: the champion that it must beat, or a person's decision against it."""

from dataclasses import dataclass
from datetime import timedelta

from models.calendar import Schedule
from models.model import Customers, Fitted, Model
from models.predict import check_usable
from models.registry import ModelUnusable, Registry
from models.training_set import EPOCH


@dataclass(frozen=True)
class Standing:
    """What a candidate finds: the champion that it must beat, and what speaks against any promotion.

    Shape: without a champion where it can neither score nor be compared; a warning says so.
    """

    champion: Fitted | None = None
    held_back: str | None = None
    warnings: tuple[str, ...] = ()


def standing_of(model: Model, planned: Schedule, registry: Registry, customers: Customers) -> Standing:
    """What stands in the way of a candidate that these customers teach."""
    held_back = _held_back(model, planned, registry)
    try:
        champion = registry.champion(model.name)
        if champion is not None:
            check_usable(champion, customers.names)
    except ModelUnusable as gone:
        return Standing(None, held_back, (f"{gone.where}, the champion, does not stand in the way: {gone.what}",))
    return Standing(champion, held_back)


def _held_back(model: Model, planned: Schedule, registry: Registry) -> str | None:
    """Why nothing may be promoted: a person took a version back, and no whole window has closed since it learned."""
    version = registry.rolled_back(model.name)
    if version is None:
        return None
    try:
        knew = registry.load(model.name, version).facts.get("knows_until", 0)
    except ModelUnusable:
        return None
    enough = EPOCH + timedelta(days=knew + planned.horizon_days)
    if planned.closed >= enough:
        return None
    return (
        f"version {version} was rolled back, and what it was trained on would only bring it back: "
        f"nothing is promoted before the orders up to {enough} are known"
    )
