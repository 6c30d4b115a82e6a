"""What others do with the same table: Splink as its tutorial sets it up, and exact rules."""

import logging
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import splink.comparison_library as cl
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import EMTrainingException

from benchmarks.people_sets import PeopleSet

Groups = NDArray[np.int64]

BLOCKS = (
    *(("first_name", "last_name"), ("last_name", "born_on"), ("first_name", "born_on"), ("email",), ("phone",)),
    *(("last_name", "postcode"), ("first_name", "postcode")),
)
RULES = (("email",), ("phone",), ("loyalty_id",), ("first_name", "last_name", "born_on"), ("full_name", "born_on"))
LARGEST_BLOCK = 1_000


def plain_splink(rows: pd.DataFrame, found: PeopleSet, *, seed: int) -> Groups:
    """Groups by Splink with comparisons from its library, connected components at a probability of .95."""
    table = _lowered(rows, found).reset_index(names="id")
    there = [name for name in table.columns if name != "id" and table[name].notna().mean() > 0.01]
    comparisons: list[Any] = [cl.NameComparison(name) for name in ("first_name", "last_name") if name in there]
    comparisons += [cl.LevenshteinAtThresholds("born_on", [1, 2])] if "born_on" in there else []
    exact = [
        name for name in ("email", "phone", "postcode", "city", "street", "gender", *found.extras) if name in there
    ]
    comparisons += [cl.ExactMatch(name).configure(term_frequency_adjustments=name == "city") for name in exact]
    blocks = [block for block in BLOCKS if set(block) <= set(there)]
    logging.getLogger("splink").setLevel(logging.ERROR)
    with duckdb.connect() as engine:
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="id",
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=[block_on(*block) for block in blocks],
        )
        linker = Linker(DuckDBAPI(engine).register(table), settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=seed)
        for block in blocks[:3]:
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
            except EMTrainingException:
                continue
        made = linker.inference.predict(threshold_match_probability=0.95).physical_name
        pairs = engine.execute(f"select id_l, id_r from {made}").fetchnumpy()
    return _components(len(table), np.asarray(pairs["id_l"]), np.asarray(pairs["id_r"]))


def exact_rules(rows: pd.DataFrame, found: PeopleSet) -> Groups:
    """Groups of records with an equal e-mail, phone, card, or name with birth date; values of too many are left out."""
    table = _lowered(rows, found)
    left: list[int] = []
    right: list[int] = []
    for rule in RULES:
        if set(rule) <= set(table.columns):
            for members in table.dropna(subset=list(rule)).groupby(list(rule)).groups.values():
                if len(members) <= LARGEST_BLOCK:
                    for one, other in pairwise(list(members)):
                        left.append(one)
                        right.append(other)
    return _components(len(table), np.array(left, dtype=np.int64), np.array(right, dtype=np.int64))


def _lowered(rows: pd.DataFrame, found: PeopleSet) -> pd.DataFrame:
    """The mapped columns under their meanings, trimmed and in lower case."""
    renamed = {name: rows[column] for name, column in found.columns.items()} | {e: rows[e] for e in found.extras}
    table = pd.DataFrame(renamed).reset_index(drop=True)
    lowered = table.apply(lambda column: column.astype("string").str.strip().str.lower())
    said: pd.DataFrame = lowered.astype(object).where(lowered.notna() & (lowered != ""), None)
    return said


def _components(count: int, left: Groups, right: Groups) -> Groups:
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    groups: Groups = connected_components(graph, directed=False)[1].astype(np.int64)
    return groups
