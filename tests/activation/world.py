"""One retailer's night of sending, in memory: a lake, two tools that remember, and what they were asked."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from activation.audience import audience_members
from activation.deliver import ConsentsNow, Delivered, deliver
from activation.destination import Destination
from activation.ledger import Ledger
from activation.plan import Plan, plans
from activation.settings import Activation
from tests.activation.builders import KEY, NIGHT, MemoryLake, MemoryTool, Person, frames, no_holdouts


@dataclass
class World:
    """A lake, a state folder and the tools of one retailer."""

    spark: SparkSession
    state: Path
    settings: Activation

    def __post_init__(self) -> None:
        self.lake = MemoryLake(self.spark)
        self.crm, self.newsletter = MemoryTool(), MemoryTool()
        self.holdouts: DataFrame | None = None
        self.opened: dict[str, Destination] = {"crm": self.crm, "newsletter": self.newsletter}

    def ledger(self) -> Ledger:
        return Ledger.opened(self.lake, self.state)  # type: ignore[arg-type]

    def run(
        self,
        people: list[Person],
        *,
        night: date = NIGHT,
        now: DataFrame | None = None,
        members: DataFrame | None = None,
        send: bool = True,
        accepted: str = "",
        consents: ConsentsNow | None = None,
    ) -> tuple[Delivered, ...]:
        """One night with these people; `now` is unified.consents at the moment of sending, `members` who was chosen."""
        known = frames(self.spark, people)
        return deliver(
            self.settings,
            self.opened,
            frames=known,
            members=self.members(people, night) if members is None else members,
            holdouts=self.holdouts or no_holdouts(self.spark),
            ledger=self.ledger(),
            night=night,
            key=KEY,
            consents_now=ConsentsNow(lambda: now or known.consents, lambda: 0) if consents is None else consents,
            send=send,
            accepted={accepted},
        )

    def plans(self, people: list[Person], *, night: date = NIGHT) -> tuple[Plan, ...]:
        """What the dry run says."""
        deliveries, members = self.ledger().deliveries(), self.members(people, night)
        known = frames(self.spark, people)
        return plans(self.settings, frames=known, members=members, deliveries=deliveries, night=night, key=KEY)

    def members(self, people: list[Person], night: date) -> DataFrame:
        known = frames(self.spark, people)
        stored = no_holdouts(self.spark)
        return audience_members(self.settings, known, holdouts=stored, night=night, key=KEY).localCheckpoint()

    def outcomes(self) -> list[dict[str, object]]:
        return self.lake.kept


def said_of(delivered: tuple[Delivered, ...]) -> dict[str, int]:
    """Acknowledged records by operation."""
    totals: Counter[str] = Counter()
    for one in delivered:
        for operation in ("add", "update", "remove"):
            totals[operation] += one.count("acknowledged", operation)
    return dict(+totals)


def one_outcome_each(world: World) -> None:
    """The law: no attempt has two outcomes, none has none."""
    ids = [(row["delivery_id"], row["attempt"]) for row in world.outcomes()]
    assert len(ids) == len(set(ids))
    assert all(row["outcome"] for row in world.outcomes())
