"""Which records and identifiers are one person: compatible pairs, connected components, identifiers handed to them.

Integer ids and arrays inside one process (DuckDB, scipy); strings come in and go out.
"""

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.identity import compatibility
from pipelines.identity.cluster_steps import (
    ATTACHED,
    CROWDED,
    EVIDENCE,
    GROUPED,
    HANDLE_TIES,
    HELD,
    HUBS,
    MEMBERS,
    NODES,
    ORPHAN_HOMES,
    PAIRS,
    PEOPLE,
    TIED,
)


def clusters(records: pa.Table, ties: pa.Table, *, shared_by_at_most: int) -> pa.Table:
    """One row per record or identifier that belongs to exactly one person: key, cluster, kind, is_record, evidence.

    Reads: records and ties as in candidates.py; the result does not depend on the order of their rows.
    Units: cluster numbers mean nothing beyond this result; an identifier of several persons is absent.
    """
    with duckdb.connect() as engine:
        engine.register("records", records)
        engine.register("ties", ties)
        engine.execute("set preserve_insertion_order = false")
        for statement in (*compatibility.MACROS, NODES, TIED, PEOPLE):
            engine.execute(statement)
        for statement in (CROWDED, HELD, HANDLE_TIES, HUBS, PAIRS):
            engine.execute(statement, {"limit": shared_by_at_most} if "$limit" in statement else None)
        engine.execute(compatibility.COMPARED)
        engine.execute(compatibility.ACCEPTED)
        _number_groups(engine, "persons", "select id from people", "select a, b from accepted")
        for statement in (ATTACHED, GROUPED):
            engine.execute(statement)
        _number_groups(engine, "orphan_groups", "select id from orphans", "select a, b from orphan_ties")
        for statement in (ORPHAN_HOMES, EVIDENCE):
            engine.execute(statement)
        return engine.sql(MEMBERS).to_arrow_table()


def _number_groups(engine: duckdb.DuckDBPyConnection, name: str, nodes: str, edges: str) -> None:
    """A table (id, cluster) of the connected components; a component is numbered by its smallest id."""
    ids = engine.execute(f"select id from ({nodes}) order by id").fetchnumpy()["id"]
    ends = engine.execute(edges).fetchnumpy()
    left, right = np.searchsorted(ids, ends["a"]), np.searchsorted(ids, ends["b"])
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(len(ids), len(ids)))
    _, labels = connected_components(graph, directed=False)
    smallest = np.full(int(labels.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, labels, ids)
    engine.register(
        "_found", pa.table({"id": pa.array(ids, pa.int64()), "cluster": pa.array(smallest[labels], pa.int64())})
    )
    engine.execute(f"create or replace temp table {name} as select id, cluster from _found")
    engine.unregister("_found")
