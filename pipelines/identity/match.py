"""How probable it is that two person records are one person: for all records, without labels, explained by a model."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity.blocking import KeyYield, find_pairs, most_pairs
from pipelines.identity.likeness import compare, name_sources
from pipelines.identity.linkage import Pairs, average_linkage, groups_at
from pipelines.identity.mixture import fitted, probabilities
from pipelines.identity.model import Model, of_columns
from pipelines.identity.people import prepare
from pipelines.identity.training import learned
from pipelines.identity.workbench import workbench

FEWEST_RECORDS = 200
"""With fewer records there is nothing to learn from: exact evidence links them, as before."""
NO_PAIRS = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
LOOSE = 0.1
"""Groups that hold together at this mean probability are looked at whole."""


@dataclass(frozen=True)
class Matched:
    """Pairs of records with the probability that they are one person, and how they were found.

    Units: pairs count places in record_keys, left < right; looked_at is the number of pairs that were compared.
    """

    record_keys: list[str]
    pairs: Pairs
    model: Model
    looked_at: int
    yields: tuple[KeyYield, ...]


def match(records: pa.Table, *, model: Model | None = None, seed: int = 1) -> Matched:
    """The matching pairs of the records (as in records.py); what is learned of them where no fitting model is given.

    Units: the same records, model and seed give the same pairs, whatever the order of rows and number of threads;
           records that teach nothing (no two columns with values, no two alike) give no pairs and an empty model.
    """
    with workbench() as engine:
        columns = prepare(engine, records)
        name_sources(engine)
        keys = [row[0] for row in engine.execute("select record_key from people order by id").fetchall()]
        yields = find_pairs(engine, columns, budget=most_pairs(len(keys)))
        compare(engine, columns, pairs="pairs", into="likeness")
        if model is None or not fits(model, columns):
            model = _learned(engine, columns, seed=seed)
        if not model.match:
            return Matched(keys, NO_PAIRS, model, looked_at=0, yields=tuple(yields))
        closed = _closed(engine, columns, of_columns(model, columns), people=len(keys))
        looked_at = sum(
            engine.execute(f"select count(*) from {name}").fetchall()[0][0] for name in ("likeness", "more")
        )
        return Matched(keys, closed, model, looked_at, tuple(yields))


def fits(model: Model, columns: list[str]) -> bool:
    """Whether the model knows every column that holds values now."""
    return set(columns) <= set(model.columns)


def _learned(engine: duckdb.DuckDBPyConnection, columns: list[str], *, seed: int) -> Model:
    """What the pairs teach; where that is nothing, the empty model, which fits no other night either."""
    levels = learned(engine, columns, seed=seed)
    if levels is None:
        return Model((), {}, {}, confused={}, priors={}, confused_priors={})
    unfitted = Model(tuple(columns), *levels, confused={}, priors={}, confused_priors={})
    return fitted(engine, unfitted, table="likeness")


def _closed(engine: duckdb.DuckDBPyConnection, columns: list[str], model: Model, *, people: int) -> Pairs:
    """The matching pairs, with those that no key found although their records hang together loosely."""
    found = probabilities(engine, model, table="likeness")
    groups = groups_at(average_linkage(np.arange(people), found), LOOSE)
    engine.register("loose", pa.table({"id": np.arange(people), "loose": groups}))
    engine.execute(MORE)
    compare(engine, columns, pairs="more_pairs", into="more")
    more = probabilities(engine, model, table="more")
    return Pairs(
        np.concatenate([found.left, more.left]),
        np.concatenate([found.right, more.right]),
        np.concatenate([found.probability, more.probability]),
    )


MORE = """
create or replace temp table more_pairs as
select x.id as l, y.id as r
from loose x join loose y on x.loose = y.loose and x.id < y.id
anti join pairs on pairs.l = x.id and pairs.r = y.id
"""
