"""Which records and identifiers are one person: compatible pairs, connected components, identifiers handed to them.

Integer ids and arrays inside one process (DuckDB, scipy); strings come in and go out.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity.cluster_steps import (
    ATTACHED,
    DECIDED,
    EVIDENCE,
    GROUPED,
    LIKELY,
    LIKELY_EVIDENCE,
    MEMBERS,
    ORPHAN_HOMES,
)
from pipelines.identity.exact import NOTHING, accept
from pipelines.identity.key_pairs import KeyPair
from pipelines.identity.linkage import (
    LOWEST_CUT,
    Cut,
    Ids,
    Members,
    Pairs,
    average_linkage,
    best_cut,
    exact_groups,
    groups_at,
    smallest_of_components,
)
from pipelines.identity.match import Matched
from pipelines.identity.overrides import NONE, Overrides
from pipelines.identity.stay import NOBODY, together_again
from pipelines.identity.workbench import workbench


@dataclass(frozen=True)
class Clusters:
    """Who is who, and where matched pairs were cut.

    Shape: members (key, cluster, kind, is_record, evidence), one row per record or identifier of exactly one person.
    Units: cluster numbers mean nothing beyond this result; an identifier of several persons is absent; cut is None
           where no pairs were matched.
    """

    members: pa.Table
    cut: Cut | None


def clusters(
    records: pa.Table,
    ties: pa.Table,
    *,
    shared_by_at_most: int,
    matched: Matched | None = None,
    duplicate_free: Collection[str] = (),
    overrides: Overrides = NONE,
    crowded: pa.Table = NOTHING,
    former: pa.Table = NOBODY,
) -> Clusters:
    """Which records and identifiers are one person: exact evidence first, then pairs that match by all they say.

    Reads: records as in records.py, ties as in candidates.py; the result does not depend on the order of their rows.
           crowded (key) are identifiers that records beyond these share, too many to tie anybody; former (as
           from stay.py) is who was whom, which matched pairs part only where something contradicts.
    Units: two living records of a duplicate-free source are never one person; what people decided goes before
           everything.
    """
    with workbench() as engine:
        engine.execute("set preserve_insertion_order = false")
        accept(engine, records, ties, shared_by_at_most=shared_by_at_most, crowded=crowded)
        engine.register("former", former)
        cut = _number_persons(engine, matched, duplicate_free, overrides)
        for statement in (ATTACHED, GROUPED):
            engine.execute(statement)
        _number_groups(engine, "orphan_groups", "select id from orphans", "select a, b from orphan_ties")
        for statement in (ORPHAN_HOMES, EVIDENCE):
            engine.execute(statement)
        return Clusters(engine.sql(MEMBERS).to_arrow_table(), cut)


def _number_persons(
    engine: duckdb.DuckDBPyConnection, matched: Matched | None, duplicate_free: Collection[str], overrides: Overrides
) -> Cut | None:
    """The table persons (id, cluster): groups of exact evidence, joined where matched pairs hold them together."""
    ids: Ids = np.asarray(engine.execute("select id from people order by id").fetchnumpy()["id"])
    places = _places(engine, overrides)
    once = np.hstack([_once(engine, duplicate_free), _never(len(ids), places, overrides)])
    accepted = engine.execute("select a, b from accepted where is_exact or $all", {"all": matched is None}).fetchnumpy()
    exact = exact_groups(
        _always(len(ids), places, overrides), *(np.searchsorted(ids, accepted[side]) for side in ("a", "b")), once=once
    )
    _tell_decided(engine, ids, places, overrides)
    if matched is None:
        _register(engine, "persons", ids, ids[exact])
        return None
    pairs = _likely(engine, matched, ids)
    tree = average_linkage(exact, pairs, once=once, lowest=matched.model.cut or LOWEST_CUT)
    cut = best_cut(tree) if matched.model.cut is None else None
    groups = groups_at(tree, cut.height if cut else matched.model.cut or 1.0)
    _register(engine, "persons", ids, ids[groups])
    groups = together_again(engine, ids, groups, once)
    _register(engine, "persons", ids, ids[groups])
    engine.execute(LIKELY_EVIDENCE)
    return cut


def _places(engine: duckdb.DuckDBPyConnection, overrides: Overrides) -> dict[str, int]:
    """The places, among people by id, of the records that people decided about."""
    named = pa.table({"key": pa.array(overrides.record_keys, pa.string())})
    engine.register("decided", named)
    found = engine.execute(DECIDED).fetchall()
    return dict(found)


def _there(decided: Iterable[KeyPair], places: dict[str, int]) -> list[tuple[int, int]]:
    """The places of the decided pairs of which both records are there."""
    return [(places[a], places[b]) for a, b in decided if a in places and b in places]


def _always(count: int, places: dict[str, int], overrides: Overrides) -> Ids:
    there = _there(overrides.always, places)
    left, right = (np.array([pair[side] for pair in there], dtype=np.int64) for side in (0, 1))
    return smallest_of_components(count, left, right)


def _tell_decided(engine: duckdb.DuckDBPyConnection, ids: Ids, places: dict[str, int], overrides: Overrides) -> None:
    """Add the pairs that are one person by decision to those that share an identifier, as evidence of their own."""
    for pair in _there(overrides.always, places):
        ends = sorted(int(ids[place]) for place in pair)
        engine.execute("insert into accepted values (?, ?, 'decided', true)", ends)


def _never(count: int, places: dict[str, int], overrides: Overrides) -> Members:
    """One column per pair that is never one person, true for its two records."""
    there = _there(overrides.never, places)
    never = np.zeros((count, len(there)), dtype=bool)
    for column, pair in enumerate(there):
        never[list(pair), column] = True
    return never


def _once(engine: duckdb.DuckDBPyConnection, duplicate_free: Collection[str]) -> Members:
    """One row per person record, one column per duplicate-free source: whether the source has it still."""
    living = engine.execute("select if(is_deleted, '', source) as source from people order by id")
    sources = np.asarray(living.fetchnumpy()["source"], dtype=object)
    once = np.zeros((len(sources), len(duplicate_free)), dtype=bool)
    for column, name in enumerate(sorted(duplicate_free)):
        once[:, column] = sources == name
    return once


def _likely(engine: duckdb.DuckDBPyConnection, matched: Matched, ids: Ids) -> Pairs:
    """The matched pairs of people, by their places in ids."""
    keys = pa.table({"place": np.arange(len(matched.record_keys)), "key": matched.record_keys})
    found = {"l": matched.pairs.left, "r": matched.pairs.right, "p": matched.pairs.probability}
    engine.register("matched_keys", keys)
    engine.register("matched_pairs", pa.table(found))
    engine.execute(LIKELY)
    rows = engine.execute("select a, b, p from likely order by a, b").fetchnumpy()
    return Pairs(
        np.searchsorted(ids, rows["a"]), np.searchsorted(ids, rows["b"]), np.asarray(rows["p"], dtype=np.float64)
    )


def _number_groups(engine: duckdb.DuckDBPyConnection, name: str, nodes: str, edges: str) -> None:
    """A table (id, cluster) of the connected components; a component is numbered by its smallest id."""
    ids: Ids = np.asarray(engine.execute(f"select id from ({nodes}) order by id").fetchnumpy()["id"])
    ends = engine.execute(edges).fetchnumpy()
    groups = smallest_of_components(len(ids), *(np.searchsorted(ids, ends[side]) for side in ("a", "b")))
    _register(engine, name, ids, ids[groups])


def _register(engine: duckdb.DuckDBPyConnection, name: str, ids: Ids, clusters: Ids) -> None:
    """A table (id, cluster)."""
    engine.register("_found", pa.table({"id": pa.array(ids, pa.int64()), "cluster": pa.array(clusters, pa.int64())}))
    engine.execute(f"create or replace temp table {name} as select id, cluster from _found")
    engine.unregister("_found")
