"""What a night groups anew: all records, or those alone that it may move, where everything else is as it was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.identity.evidence import Evidence
from pipelines.identity.exact import NOTHING
from pipelines.identity.linkage import Members, Pairs, chosen
from pipelines.identity.match import Matched, as_table
from pipelines.identity.overrides import Overrides
from pipelines.identity.reach import reach
from pipelines.tables import IDENTIFIERS, IDENTITY_LINKS, IDENTITY_PAIRS

MOST_MOVED = 0.3
"""Where more of the records than this may move, all are grouped."""


@dataclass(frozen=True)
class Scene:
    """The records, ties and matched pairs that are grouped, and what earlier nights left of them.

    Shape: pairs (record_a, record_b, probability) are those of the night to be kept; before are the rows, by table,
           that the outcome takes the place of; others (key) are identifiers of records that are not here.
    """

    records: pa.Table
    ties: pa.Table
    matched: Matched | None
    pairs: pa.Table
    before: Mapping[str, pa.Table]
    others: pa.Table

    def mine(self, members: pa.Table) -> pa.Table:
        """The members (as from `clusters`) that are decided here."""
        if not self.others.num_rows:
            return members
        return members.filter(pc.invert(_among(members["key"], self.others["key"])))


def whole(given: Evidence, began: Mapping[str, pa.Table], matched: Matched | None) -> Scene:
    """All records."""
    return Scene(given.records, given.ties, matched, as_table(matched), began, NOTHING)


def moved(
    given: Evidence, began: Mapping[str, pa.Table], matched: Matched, *, decided: Overrides, shared_by_at_most: int
) -> Scene:
    """The records that the night may move, where model and settings are those of the night before.

    Reads: unified.identity_pairs, .identity_links and .identifiers as the night began.
    """
    touched = _touched(given)
    pairs_before = began[IDENTITY_PAIRS.name]
    pairs_before = pairs_before.filter(_holding(pairs_before, touched))
    found = reach(
        given,
        strong=_strong(matched, pairs_before),
        owners=began[IDENTIFIERS.name],
        decided=(*decided.always, *decided.never),
        shared_by_at_most=shared_by_at_most,
    )
    here = _among(given.records["record_key"], found.keys["key"])
    if pc.sum(here).as_py() > MOST_MOVED * given.records.num_rows:
        return whole(given, began, matched)
    is_here = {name: _among(given.ties[name], found.keys["key"]) for name in ("left_key", "right_key")}
    before = {
        IDENTITY_PAIRS.name: pairs_before,
        IDENTITY_LINKS.name: _those(began[IDENTITY_LINKS.name], "record_key", found.keys),
        IDENTIFIERS.name: _those(began[IDENTIFIERS.name], "identifier_key", found.keys),
    }
    return Scene(
        given.records.filter(here),
        given.ties.filter(pc.or_(is_here["left_key"], is_here["right_key"])),
        _within(matched, found.keys),
        as_table(replace(matched, pairs=_of(matched, touched))),
        before,
        found.crowded,
    )


def _among(values: pa.Array | pa.ChunkedArray, those: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(values, value_set=those.combine_chunks())


def _those(table: pa.Table, column: str, keys: pa.Table) -> pa.Table:
    return table.filter(_among(table[column], keys["key"]))


def _touched(given: Evidence) -> pa.ChunkedArray:
    """The keys of the records that are new, changed or gone."""
    return pa.chunked_array([*given.made["record_key"].chunks, *given.gone["record_key"].chunks], pa.string())


def _holding(pairs: pa.Table, keys: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which pairs hold one of the records."""
    return pc.or_(*(_among(pairs[side], keys) for side in ("record_a", "record_b")))


def _of(matched: Matched, keys: pa.ChunkedArray) -> Pairs:
    """The matched pairs that hold one of the records."""
    these = _mask(matched.record_keys, keys)
    return chosen(matched.pairs, these[matched.pairs.left] | these[matched.pairs.right])


def _within(matched: Matched, keys: pa.Table) -> Matched:
    here = _mask(matched.record_keys, keys["key"])
    return replace(matched, pairs=chosen(matched.pairs, here[matched.pairs.left] & here[matched.pairs.right]))


def _strong(matched: Matched, before: pa.Table) -> pa.Table:
    """The pairs that alone could join two groups: of now, and of those before."""
    lowest = matched.model.cut or 0.0
    now = as_table(replace(matched, pairs=chosen(matched.pairs, matched.pairs.probability >= lowest)))
    past = before.filter(pc.greater_equal(before["probability"], lowest))
    return pa.concat_tables([table.select(["record_a", "record_b"]) for table in (now, past)])


def _mask(keys: pa.Array, those: pa.ChunkedArray) -> Members:
    found: Members = np.asarray(_among(keys, those))
    return found
