"""A person is asked about the undecided pairs nearest to the cut."""

from dataclasses import replace

import pyarrow as pa
import pytest

from pipelines.identity.answers import log_odds
from pipelines.identity.known import KnownPeople
from pipelines.identity.match import Matched
from pipelines.identity.overrides import Overrides
from pipelines.identity.review import questions
from tests.pipelines.identity.evidence import record, records, ties
from tests.pipelines.identity.known import known, with_keys
from tests.pipelines.identity.town import Town

COUNT = 6


@pytest.fixture(scope="module")
def people(home: Town, matched: Matched) -> KnownPeople:
    return known(with_keys(home.records), ties(), matched=matched)


def distance(probability: float, cut: float) -> float:
    bits = log_odds(pa.array([probability, cut]).to_numpy())
    return abs(float(bits[0] - bits[1]))


def test_nearest_pairs_are_asked_first(people: KnownPeople) -> None:
    asked = questions(people, count=COUNT)
    assert len(asked) == COUNT
    assert people.cut is not None
    far = [distance(each.probability, people.cut) for each in asked]
    assert far == sorted(far)
    nearest = min(people.pairs["probability"].to_pylist(), key=lambda p: distance(p, people.cut or 0))
    assert asked[0].probability == nearest


def test_two_customers_are_asked_about_once(people: KnownPeople) -> None:
    asked = questions(people, count=40)
    customers = [frozenset((each.left.customer_id, each.right.customer_id)) for each in asked]
    assert len(set(customers)) == len(customers)


def test_decided_pairs_and_what_follows_from_them_are_not_asked_again(people: KnownPeople) -> None:
    first, second, *_ = questions(people, count=COUNT)
    decided = Overrides(always=(_sorted(first.pair),), never=(_sorted(second.pair),))
    again = [each.pair for each in questions(replace(people, overrides=decided), count=COUNT)]
    assert first.pair not in again
    assert second.pair not in again
    assert len(again) == COUNT


def test_what_speaks_for_and_against_is_named(people: KnownPeople) -> None:
    for question in questions(people, count=COUNT):
        assert all(each.weight + each.rarity >= 1 for each in question.speaking_for)
        assert all(each.weight + each.rarity <= -1 for each in question.speaking_against)
        assert question.speaking_for


def test_nothing_is_asked_where_no_model_was_learned() -> None:
    few = known(records([record(1, "Anna Smit"), record(2, "Anna Smit")]), ties())
    assert questions(few, count=COUNT) == []


def _sorted(pair: tuple[str, str]) -> tuple[str, str]:
    low, high = sorted(pair)
    return low, high
