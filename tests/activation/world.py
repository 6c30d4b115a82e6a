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
from activation.tables import AUDIENCE_MEMBERS
from tests.activation.builders import KEY, NIGHT, MemoryLake, MemoryTool, Person, frames, no_holdouts, rows


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
        """activation.audience_members of the night; without a holdout told by `decided`, which costs no plan."""
        if any(audience.holdout for audience in self.settings.audiences.values()):
            return self.production_members(people, night)
        found = [decided(one, name, night) for name in self.settings.audiences for one in people if one.band == "high"]
        return rows(self.spark, AUDIENCE_MEMBERS.schema, found)

    def production_members(self, people: list[Person], night: date) -> DataFrame:
        """What production decides."""
        known, stored = frames(self.spark, people), no_holdouts(self.spark)
        return audience_members(self.settings, known, holdouts=stored, night=night, key=KEY).localCheckpoint()

    def outcomes(self) -> list[dict[str, object]]:
        return self.lake.kept


def decided(person: Person, audience: str, night: date) -> dict[str, object]:
    """The decision on a person who meets the condition of an audience of this world: only consent is asked.

    tests/activation/test_deliver.py holds it against production's.
    """
    may = person.status == "granted"
    where = {"record_key": person.record_key, "source_contact_id": person.contact_id, "destination": "newsletter"}
    answer = {"decision": "member" if may else "refused", "reason": None if may else "no_consent"}
    return {"night": night, "audience": audience, "customer_id": person.id, "legal_basis": "consent"} | where | answer


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
