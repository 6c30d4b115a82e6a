"""How probable it is that two person records are one person: for all records, without labels, explained by a model."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.identity.ahead import Ahead, ahead, unordered
from pipelines.identity.answers import read_anew, taught
from pipelines.identity.blocking import KeyYield, find_pairs, find_pairs_of, most_pairs, usable_keys
from pipelines.identity.likeness import compare, name_sources
from pipelines.identity.linkage import (
    Ids,
    Pairs,
    average_linkage,
    chosen,
    groups_at,
    smallest_of_components,
    together,
)
from pipelines.identity.mixture import fitted, probabilities
from pipelines.identity.model import LEARNED_NOTHING, Model, of_columns
from pipelines.identity.overrides import NONE, Overrides
from pipelines.identity.people import prepare
from pipelines.identity.rescore import rescored, rescored_by
from pipelines.identity.training import learned

FEWEST_RECORDS = 200
"""With fewer records there is nothing to learn from: exact evidence links them, as before."""
NO_PAIRS = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
MOST_FRESH = 0.2
"""Where more of the records than this are new or changed, all are looked at."""
GAINED = 10
"""By how many more than all records together a block may have grown, and is still looked at."""
LOOSE = 0.1
"""Groups that hold together at this mean probability are looked at whole."""


@dataclass(frozen=True)
class Known:
    """What earlier nights found with a model.

    Shape: pairs (record_a, record_b, probability), the pairs of Matched; fresh (record_key) are the records that are
           new, or say something else than when these pairs were found. ahead prepares the others, where it began.
    """

    pairs: pa.Table
    fresh: pa.Table
    ahead: Ahead | None = None


@dataclass(frozen=True)
class Matched:
    """Pairs of records with the probability that they are one person, and how they were found.

    Units: pairs count places in record_keys, left < right; looked_at is the number of pairs that were compared; is_new
           where the model was learned of these records.
    """

    record_keys: pa.Array
    pairs: Pairs
    model: Model
    looked_at: int
    yields: tuple[KeyYield, ...]
    is_new: bool = False


def match(
    records: pa.Table,
    *,
    model: Model | None = None,
    known: Known | None = None,
    decided: Overrides = NONE,
    thorough: bool = False,
    seed: int = 1,
    key: str = "",
) -> Matched:
    """The matching pairs of the records (as in records.py); what is learned of them where no fitting model is given.

    Units: the same records, model and seed give the same pairs, whatever the order of rows and number of threads;
           decisions of people shift what the model says (answers.py) when it is learned and when they change;
           what is known spares the pairs of two unchanged records, where the model fits and most are unchanged;
           records that teach nothing (no two columns with values, no two alike) give no pairs and an empty model;
           thorough learns, where it learns at all, from the groups of records as well (rescore.py); key is the lake's,
           for a model that is kept.
    """
    if known is not None and model is not None and known.fresh.num_rows <= MOST_FRESH * records.num_rows:
        with _with_new(records, known) as (engine, columns):
            if fits(model, columns):
                return _matched_again(engine, columns, model=model, known=known, decided=decided, key=key)
    with unordered() as engine:
        columns = prepare(engine, records)
        return _matched(engine, columns, model=model, decided=decided, thorough=thorough, seed=seed, key=key)


@contextmanager
def _with_new(records: pa.Table, known: Known) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """The table people of what is known and, after it, the fresh records; its columns that hold values."""
    is_fresh = pc.is_in(records["record_key"], value_set=known.fresh["record_key"].combine_chunks())
    with ExitStack() as opened:
        others = known.ahead or opened.enter_context(ahead(records.filter(pc.invert(is_fresh))))
        yield others.engine, others.with_new(records.filter(is_fresh))


def _keys(engine: duckdb.DuckDBPyConnection) -> pa.Array:
    """The record keys of people, by id."""
    return engine.sql("select record_key from people order by id").to_arrow_table()["record_key"].combine_chunks()


def _matched(
    engine: duckdb.DuckDBPyConnection,
    columns: list[str],
    *,
    model: Model | None,
    decided: Overrides,
    thorough: bool,
    seed: int,
    key: str,
) -> Matched:
    """All pairs of the table people."""
    name_sources(engine)
    keys = _keys(engine)
    yields = find_pairs(engine, columns, budget=most_pairs(len(keys)))
    compare(engine, columns, pairs="pairs", into="likeness")
    is_new = model is None or not fits(model, columns)
    if model is None or is_new:
        largest = {found.key: found.largest for found in yields}
        model = replace(_learned(engine, columns, seed=seed), records=len(keys), largest_blocks=largest)
    if not model.match:
        return Matched(keys, NO_PAIRS, model, looked_at=0, yields=tuple(yields))
    known_columns = of_columns(model, columns)
    found = probabilities(engine, known_columns, table="likeness")
    engine.register("loose", _loose(len(keys), found))
    engine.execute(MORE.format(of_interest=""))
    compare(engine, columns, pairs="more_pairs", into="more")
    pairs = together(found, probabilities(engine, known_columns, table="more"))
    if is_new and thorough:
        pairs, rescorer = rescored(engine, columns, pairs, seed=seed, key=key)
        model = replace(model, rescorer=rescorer)
    elif model.rescorer is not None:
        pairs = rescored_by(engine, columns, model.rescorer, pairs, beside=NO_PAIRS, key=key)
    model = taught(engine, model, pairs, decided)
    pairs, looked_at = read_anew(pairs, model.shift), _rows(engine, "likeness", "more")
    return Matched(keys, pairs, model, looked_at, tuple(yields), is_new=is_new)


def _matched_again(
    engine: duckdb.DuckDBPyConnection,
    columns: list[str],
    *,
    model: Model,
    known: Known,
    decided: Overrides,
    key: str,
) -> Matched:
    """The pairs of fresh people with all, beside the known pairs of the others."""
    name_sources(engine)
    keys = _keys(engine)
    engine.register("told_anew", known.fresh)
    engine.execute(FRESH)
    yields = find_pairs_of(engine, columns, largest=_largest(model, columns, people=len(keys)), table="fresh")
    compare(engine, columns, pairs="pairs", into="likeness")
    known_columns = of_columns(model, columns)
    read = _kept(engine, known.pairs)
    kept = read_anew(read, -model.shift)
    fresh = probabilities(engine, known_columns, table="likeness")
    engine.register("loose", _loose(len(keys), together(kept, fresh), ids=_ids(engine, "fresh")))
    engine.execute(MORE.format(of_interest="and (x.id in (select id from fresh) or y.id in (select id from fresh))"))
    compare(engine, columns, pairs="more_pairs", into="more")
    fresh = together(fresh, probabilities(engine, known_columns, table="more"))
    if model.rescorer is not None:
        fresh = rescored_by(engine, columns, model.rescorer, fresh, beside=kept, key=key)
    before, model = model.shift, taught(engine, model, together(kept, fresh), decided)
    found = together(read_anew(read, model.shift - before), read_anew(fresh, model.shift))
    return Matched(keys, found, model, _rows(engine, "likeness", "more"), tuple(yields))


def as_table(matched: Matched | None) -> pa.Table:
    """The pairs by record: record_a, record_b, probability; none where nothing was matched."""
    names, pairs = (matched.record_keys, matched.pairs) if matched else (pa.array([], pa.string()), NO_PAIRS)
    ends = [names.take(side) for side in (pairs.left, pairs.right)]
    lower, higher = pc.min_element_wise(*ends), pc.max_element_wise(*ends)
    return pa.table({"record_a": lower, "record_b": higher, "probability": pairs.probability})


def fits(model: Model, columns: list[str]) -> bool:
    """Whether the model knows every column that holds values now."""
    return set(columns) <= set(model.columns)


def _largest(model: Model, columns: list[str], *, people: int) -> dict[str, int]:
    """The size up to which blocks of each key are looked at: as large as when the model was learned, and a few more."""
    growth = max(1.0, people / max(model.records, 1))
    return {key: int(model.largest_blocks.get(key, 1) * growth) + GAINED for key in usable_keys(columns)}


def _learned(engine: duckdb.DuckDBPyConnection, columns: list[str], *, seed: int) -> Model:
    """What the pairs teach; where that is nothing, the empty model, which fits no other night either."""
    levels = learned(engine, columns, seed=seed)
    if levels is None:
        return LEARNED_NOTHING
    unfitted = Model(tuple(columns), *levels, confused={}, priors={}, confused_priors={})
    return fitted(engine, unfitted, table="likeness")


def _loose(people: int, pairs: Pairs, *, ids: Ids | None = None) -> pa.Table:
    """Which loose group each id is in: id, loose; only the groups that one of the ids is in, where these are given."""
    if ids is not None:
        strong = chosen(pairs, pairs.probability >= LOOSE)
        reach = smallest_of_components(people, strong.left, strong.right)
        is_near = np.isin(reach, reach[ids])
        pairs = chosen(pairs, is_near[pairs.left] & is_near[pairs.right])
    groups = groups_at(average_linkage(np.arange(people), pairs, lowest=LOOSE), LOOSE)
    members = np.arange(people) if ids is None else np.flatnonzero(np.isin(groups, groups[ids]))
    return pa.table({"id": members, "loose": groups[members]})


def _kept(engine: duckdb.DuckDBPyConnection, pairs: pa.Table) -> Pairs:
    """The known pairs of two unchanged records, by the ids of people."""
    engine.register("known_pairs", pairs)
    found = engine.execute(KEPT).fetchnumpy()
    left, right = (np.asarray(found[side], dtype=np.int64) for side in ("l", "r"))
    return Pairs(left, right, np.asarray(found["probability"], dtype=np.float64))


def _ids(engine: duckdb.DuckDBPyConnection, table: str) -> Ids:
    return np.asarray(engine.execute(f"select id from {table} order by id").fetchnumpy()["id"], dtype=np.int64)


def _rows(engine: duckdb.DuckDBPyConnection, *tables: str) -> int:
    return sum(int(engine.execute(f"select count(*) from {name}").fetchall()[0][0]) for name in tables)


FRESH = "create or replace temp table fresh as select people.* from people semi join told_anew using (record_key)"
KEPT = """
select least(x.id, y.id) as l, greatest(x.id, y.id) as r, probability
from known_pairs
join (from people anti join fresh using (id)) x on x.record_key = record_a
join (from people anti join fresh using (id)) y on y.record_key = record_b
order by l, r
"""
MORE = """
create or replace temp table more_pairs as
select x.id as l, y.id as r
from loose x join loose y on x.loose = y.loose and x.id < y.id {of_interest}
anti join pairs on pairs.l = x.id and pairs.r = y.id
"""
