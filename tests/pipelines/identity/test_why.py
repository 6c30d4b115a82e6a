"""Why two records are one person: exact evidence, decisions, chains."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.identity.known import KnownPeople, nearest_names
from pipelines.identity.match import Matched
from pipelines.identity.model import Rescorer
from pipelines.identity.overrides import Overrides
from pipelines.identity.why import why
from tests.pipelines.identity.evidence import Record, record, records, ties
from tests.pipelines.identity.known import known, with_keys
from tests.pipelines.identity.town import Town

CRM_1, CRM_2, CRM_3 = (f"contact:crm:{number}" for number in (1, 2, 3))


def three(*tied: tuple[str, str], third: Record | None = None, overrides: Overrides | None = None) -> KnownPeople:
    people = [record(1, "Anna Smit"), record(2, "Anna Smit"), third or record(3, "Carl Kahn")]
    return known(records(people), ties(*tied), overrides=overrides)


def test_shared_card_is_named_and_is_the_chain() -> None:
    found = why(three(("crm:1", "loyalty_id:x"), ("crm:2", "loyalty_id:x")), [CRM_1], [CRM_2])
    assert found.is_one_person
    assert [(each.kind, each.links) for each in found.shared] == [("loyalty_id", True)]
    assert [(link.left, link.kind, link.right) for link in found.chain] == [(CRM_1, "loyalty_id", CRM_2)]


def test_shared_phone_of_a_household_is_named_and_links_nobody() -> None:
    found = why(three(("crm:1", "phone:x"), ("crm:3", "phone:x")), [CRM_1], [CRM_3])
    assert not found.is_one_person
    assert [(each.kind, each.may_be, each.links) for each in found.shared] == [("phone", False, False)]
    assert found.chain == ()


def test_chain_leads_over_a_third_record() -> None:
    tied = [("crm:1", "loyalty_id:x"), ("crm:2", "loyalty_id:x"), ("crm:2", "email:y"), ("crm:3", "email:y")]
    found = why(three(*tied, third=record(3, "Anna Smit")), [CRM_3], [CRM_1])
    assert [link.right for link in found.chain] == [CRM_2, CRM_1]


def test_record_without_a_name_is_reached_by_its_identifier() -> None:
    tied = [("crm:1", "email:x"), ("crm:3", "email:x")]
    found = why(three(*tied, third=record(3)), [CRM_3], [CRM_1])
    assert [link.kind for link in found.chain] == ["email", "email"]


def test_decision_is_named_with_its_author() -> None:
    decided = Overrides(never=((CRM_1, CRM_2),), signed={(CRM_1, CRM_2): ("Ann", "twins")})
    found = why(three(("crm:1", "email:x"), ("crm:2", "email:x"), overrides=decided), [CRM_2], [CRM_1])
    assert not found.is_one_person
    assert found.decision is not None
    assert (found.decision.decision, found.decision.who, found.decision.why) == ("never", "Ann", "twins")


def test_test_record_is_told_as_such() -> None:
    tied = [("crm:1", "loyalty_id:x"), ("crm:3", "loyalty_id:x")]
    found = why(three(*tied, third=record(3, "Anna Smit", is_test=True)), [CRM_1], [CRM_3])
    assert (found.left.is_test, found.right.is_test) == (False, True)
    assert not found.is_one_person
    assert found.shared == ()


def test_name_that_nobody_has_brings_those_like_it() -> None:
    assert nearest_names(three(), "crm:22")[0] == "crm:2"


@pytest.fixture(scope="module")
def town_known(home: Town, matched: Matched) -> KnownPeople:
    return known(with_keys(home.records), ties(), matched=matched)


def test_strongest_pair_of_two_customers_is_told_with_what_parts_it(town_known: KnownPeople) -> None:
    rows = town_known.pairs.to_pylist()
    best = max(rows, key=lambda row: row["probability"])
    other = next(row for row in rows if row["record_a"] != best["record_a"] and row["probability"] > 0.9)
    found = why(town_known, [best["record_a"], other["record_a"]], [best["record_b"]])
    assert {found.left.record_key, found.right.record_key} == {best["record_a"], best["record_b"]}
    assert found.pairs_between == 2
    assert found.explanation is not None
    assert found.explanation.record_a == found.left.record_key
    assert found.probability == pytest.approx(found.explanation.probability, abs=1e-6)
    assert found.parted_by


def test_records_that_are_one_because_they_were_are_told_as_such(town_known: KnownPeople) -> None:
    members, apart = town_known.members, town_known.pairs.filter(pc.less(town_known.pairs["probability"], 0.2))
    pair = [apart[side][0].as_py() for side in ("record_a", "record_b")]
    owners = ["c_was" if key in pair else owner for key, owner in zip(*members.to_pydict().values(), strict=True)]
    was = replace(town_known, members=members.set_column(1, "customer_id", pa.array(owners)))
    assert why(was, pair[:1], pair[1:]).stays
    assert not why(town_known, pair[:1], pair[1:]).stays


def test_mean_over_two_customers_is_what_their_records_kept(town_known: KnownPeople) -> None:
    owner = dict(zip(town_known.members["key"].to_pylist(), town_known.members["customer_id"].to_pylist(), strict=True))
    apart = [row for row in town_known.pairs.to_pylist() if owner[row["record_a"]] != owner[row["record_b"]]]
    pair = max(apart, key=lambda row: row["probability"])
    found = why(town_known, [pair["record_a"]], [pair["record_b"]])
    assert found.mean_probability is not None
    assert town_known.cut is not None
    assert found.mean_probability < town_known.cut
    assert found.chain == ()


def test_link_that_only_a_fact_makes_is_explained_by_what_it_ties() -> None:
    own = [("crm:1", "loyalty_id:x"), ("crm:2", "email:y")]
    people = records([record(1, "Anna Smit"), record(2, "Anna Smit")])
    found = why(known(people, ties(*own, by_fact=[("loyalty_id:x", "email:y")])), [CRM_1], [CRM_2])
    assert [link.kind for link in found.chain] == ["email"]


def test_what_a_thorough_run_made_of_a_pair_is_told_beside_the_comparisons(town_known: KnownPeople) -> None:
    row = min(town_known.pairs.to_pylist(), key=lambda row: abs(row["probability"] - 0.9))
    rescored = pa.array([0.3] * town_known.pairs.num_rows)
    assert town_known.model is not None
    thorough = replace(
        town_known,
        pairs=town_known.pairs.set_column(2, "probability", rescored),
        model=replace(town_known.model, rescorer=Rescorer((), "", {})),
    )
    found = why(thorough, [row["record_a"]], [row["record_b"]])
    assert found.explanation is not None
    assert found.explanation.rescored < 0
    assert found.explanation.probability == pytest.approx(0.3, abs=1e-3)
