"""Which pairs a person should decide: those nearest to the cut that nobody has decided yet."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipelines.identity.explain import Compared, Explanation
from pipelines.identity.key_pairs import KeyPair
from pipelines.identity.known import KnownPeople, Side, side_of
from pipelines.identity.overrides import Overrides, decision_about
from pipelines.identity.why import explained
from pipelines.identity.workbench import workbench

CLEAR = 1.0
"""Bits from which on a comparison is named as speaking for or against."""


@dataclass(frozen=True)
class Question:
    """Two records that may be one person, and what the model makes of them.

    Units: probability and cut are what the night reckoned with.
    """

    left: Side
    right: Side
    probability: float
    cut: float
    explanation: Explanation

    @property
    def pair(self) -> KeyPair:
        """The keys of both records."""
        return self.left.record_key, self.right.record_key

    @property
    def is_one_person(self) -> bool:
        """Whether both have one customer id now."""
        return self.left.customer_id == self.right.customer_id

    @property
    def speaking_for(self) -> list[Compared]:
        """The comparisons that make one person more probable, the strongest first."""
        return sorted((each for each in self.explanation.comparisons if _bits(each) >= CLEAR), key=_bits, reverse=True)

    @property
    def speaking_against(self) -> list[Compared]:
        """The comparisons that make it less probable, the strongest first."""
        return sorted((each for each in self.explanation.comparisons if _bits(each) <= -CLEAR), key=_bits)


def questions(known: KnownPeople, *, count: int) -> list[Question]:
    """The undecided pairs nearest to the cut in log-odds, one per two customers; none where no model was learned.

    Units: pairs that share a decision's customers, or of which one follows, are decided.
    """
    cut = known.cut
    if cut is None or not known.pairs.num_rows:
        return []
    near = dict(_first(_nearest(known, cut), known.overrides, count=count))
    told = explained(known, list(near))
    return [
        Question(side_of(known, pair[0]), side_of(known, pair[1]), share, cut, told[pair])
        for pair, share in near.items()
        if pair in told
    ]


def _first(
    near: Iterator[tuple[KeyPair, float]], overrides: Overrides, *, count: int
) -> Iterator[tuple[KeyPair, float]]:
    found = 0
    for pair, probability in near:
        if found == count:
            return
        if decision_about(overrides, pair) is None:
            found += 1
            yield pair, probability


def _nearest(known: KnownPeople, cut: float) -> Iterator[tuple[KeyPair, float]]:
    """Pairs and probabilities, the nearest to the cut first."""
    decided = [*known.overrides.always, *known.overrides.never]
    ends = {name: pa.array([pair[at] for pair in decided], pa.string()) for at, name in enumerate("ab")}
    with workbench() as engine:
        engine.register("pairs_kept", known.pairs)
        engine.register("members", known.members)
        engine.register("decided", pa.table(ends))
        rows = engine.execute(NEAREST, {"cut": min(cut, 0.999)}).fetchall()
    return (((a, b), probability) for a, b, probability in rows)


NEAREST = """
with judged as (
    select record_a, record_b, probability, least(x.customer_id, y.customer_id) as one,
        greatest(x.customer_id, y.customer_id) as other,
        abs(log2(probability / (1 - probability)) - log2($cut / (1 - $cut))) as distance
    from pairs_kept
    join members x on x.key = record_a join members y on y.key = record_b
    where probability < 1
), settled as (
    select least(x.customer_id, y.customer_id) as one, greatest(x.customer_id, y.customer_id) as other
    from decided join members x on x.key = a join members y on y.key = b
    where x.customer_id <> y.customer_id
)
select record_a, record_b, probability
from judged anti join settled using (one, other)
qualify row_number() over (partition by one, other order by distance, record_a, record_b) = 1
order by distance, record_a, record_b
"""


def _bits(compared: Compared) -> float:
    return compared.weight + compared.rarity
