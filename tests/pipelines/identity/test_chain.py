"""The strongest chain between two records."""

from pipelines.identity.chain import Link, strongest_chain

A, B, C, D = "contact:crm:1", "contact:crm:2", "contact:web:3", "contact:web:4"


def test_two_strong_steps_go_before_one_weak_one() -> None:
    links = [Link(A, C, "match", 0.5), Link(A, B, "match", 0.9), Link(C, B, "loyalty_id")]
    assert strongest_chain(A, C, links) == [Link(A, B, "match", 0.9), Link(B, C, "loyalty_id")]


def test_of_equal_chains_the_shorter_is_told() -> None:
    links = [Link(A, B, "loyalty_id"), Link(B, C, "loyalty_id"), Link(A, C, "loyalty_id")]
    assert strongest_chain(A, C, links) == [Link(A, C, "loyalty_id")]


def test_nothing_leads_to_a_record_without_links() -> None:
    assert strongest_chain(A, D, [Link(A, B, "match", 0.9)]) == []
    assert strongest_chain(A, D, [Link(A, D, "match", 0.0)]) == []
