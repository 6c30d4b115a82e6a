"""What a lake would know after a night about records and ties, without a lake."""

import pyarrow as pa

from pipelines.identity.cluster import clusters
from pipelines.identity.known import KnownPeople
from pipelines.identity.match import Matched, as_table
from pipelines.identity.model import with_cut
from pipelines.identity.overrides import Overrides
from tests.pipelines.identity.evidence import OWN_KEYS


def known(
    people: pa.Table, tied: pa.Table, *, matched: Matched | None = None, overrides: Overrides | None = None
) -> KnownPeople:
    """What a lake would know after a night."""
    decided = overrides or Overrides()
    found = clusters(people, tied, shared_by_at_most=10, matched=matched, overrides=decided)
    numbers = found.members["cluster"].to_pylist()
    return KnownPeople(
        records=people,
        ties=tied,
        pairs=as_table(matched),
        members=pa.table({"key": found.members["key"], "customer_id": pa.array([f"c_{n}" for n in numbers])}),
        model=with_cut(matched.model, found.cut.height) if matched and found.cut else None,
        overrides=decided,
    )


def with_keys(people: pa.Table) -> pa.Table:
    """The records with what only grouping reads: no key ties them, so that likeness alone decides."""
    rows = people.num_rows
    more = {f"{kind}_key": pa.nulls(rows, pa.string()) for kind in OWN_KEYS}
    more |= {"first_seen": pa.nulls(rows, pa.timestamp("us", tz="UTC"))}
    for name, values in more.items():
        people = people.append_column(name, values)
    return people
