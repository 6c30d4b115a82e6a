"""Customer ids stay, and whatever changes leaves an event."""

from datetime import date

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.stable_ids import Identities, identities
from tests.pipelines.identity.evidence import NO_LINKS, record, records

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
Partition = dict[int, int]
"""Cluster by record number."""


def members(partition: Partition) -> pa.Table:
    rows = sorted((f"contact:crm:{number}", cluster) for number, cluster in partition.items())
    return pa.table(
        {
            "key": pa.array([key for key, _ in rows], pa.string()),
            "cluster": pa.array([cluster for _, cluster in rows], pa.int64()),
            "kind": pa.array(["contact"] * len(rows), pa.string()),
            "is_record": pa.array([True] * len(rows), pa.bool_()),
            "evidence": pa.array(["email"] * len(rows), pa.string()),
        }
    )


def night(partition: Partition, before: pa.Table = NO_LINKS, on: date = FIRST) -> Identities:
    return identities(members(partition), records(record(n, "Anna Smit") for n in partition), before, night=on, key="k")


def ids(found: Identities) -> dict[int, str]:
    return {int(row["source_contact_id"]): row["customer_id"] for row in found.links.to_pylist()}


def events(found: Identities) -> set[tuple[str, str, str | None, int]]:
    return {
        (row["customer_id"], row["event"], row["other_customer_id"], row["records_count"])
        for row in found.events.to_pylist()
    }


def test_new_record_joins_under_the_old_id() -> None:
    before = night({1: 1, 2: 1})
    after = night({1: 1, 2: 1, 3: 1}, before.links, SECOND)
    assert set(ids(after).values()) == {ids(before)[1]}
    assert events(after) == {(ids(before)[1], "joined", None, 1)}
    assert [row["since"] for row in after.links.to_pylist()] == [FIRST, FIRST, SECOND]


def test_merged_persons_keep_the_id_of_the_larger_part() -> None:
    before = night({1: 1, 2: 1, 3: 2})
    after = night({1: 1, 2: 1, 3: 1}, before.links, SECOND)
    large, small = ids(before)[1], ids(before)[3]
    assert ids(after) == {1: large, 2: large, 3: large}
    assert events(after) == {(small, "merged_into", large, 1)}


def test_split_person_keeps_the_id_where_most_records_stay() -> None:
    before = night({1: 1, 2: 1, 3: 1})
    after = night({1: 5, 2: 6, 3: 6}, before.links, SECOND)
    old, new = ids(before)[1], ids(after)[1]
    assert ids(after) == {1: new, 2: old, 3: old}
    assert new != old
    assert events(after) == {(new, "created", None, 0), (new, "split_from", old, 1)}


def test_person_without_records_ends() -> None:
    before = night({1: 1, 2: 2})
    after = night({2: 2}, before.links, SECOND)
    assert events(after) == {(ids(before)[1], "ended", None, 1)}


def test_id_cannot_be_computed_without_the_key() -> None:
    people = records([record(1, "Anna Smit")])
    first, second = (identities(members({1: 1}), people, NO_LINKS, night=FIRST, key=key) for key in ("k", "other"))
    assert ids(first) != ids(second)


partitions = st.dictionaries(st.integers(1, 8), st.integers(1, 4), max_size=8)


@settings(max_examples=12, deadline=None)
@given(partitions)
def test_unchanged_input_gives_identical_links_and_no_event(partition: Partition) -> None:
    before = night(partition)
    after = night(partition, before.links, SECOND)
    assert after.links.to_pylist() == before.links.to_pylist()
    assert after.events.num_rows == 0


@settings(max_examples=20, deadline=None)
@given(partitions, partitions)
def test_no_record_changes_its_id_without_an_event_that_names_both(old: Partition, new: Partition) -> None:
    before = night(old)
    after = night(new, before.links, SECOND)
    was, now = ids(before), ids(after)
    said = {(customer, event, other) for customer, event, other, _ in events(after)}
    for number in was.keys() & now.keys():
        moved = {(was[number], "merged_into", now[number]), (now[number], "split_from", was[number])}
        assert was[number] == now[number] or moved & said
    for gone in set(was.values()) - set(now.values()):
        assert any(customer == gone and event in ("merged_into", "ended") for customer, event, _ in said)
    for made in set(now.values()) - set(was.values()):
        assert (made, "created", None) in said


@settings(max_examples=12, deadline=None)
@given(partitions, partitions)
def test_links_follow_the_partition_and_a_rerun_gives_the_same(old: Partition, new: Partition) -> None:
    before = night(old)
    first, again = (night(new, before.links, SECOND) for _ in range(2))
    assert first.links.equals(again.links)
    assert first.events.equals(again.events)
    found = ids(first)
    assert all((found[a] == found[b]) == (new[a] == new[b]) for a in new for b in new)
