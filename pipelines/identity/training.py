"""What the levels of likeness are worth, learned without labels by Splink.

u (random records) from sampled pairs, m (records of one person) by expectation maximisation over several blocks.
Source: Fellegi and Sunter (1969); Splink 5, `linker.training`.
"""

import logging
from collections.abc import Collection, Iterator
from copy import deepcopy

import duckdb
from splink import Linker, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.comparison import Comparison
from splink.internals.exceptions import EMTrainingException

from pipelines.identity.comparisons import IDENTIFIERS, TERM_FREQUENCIES, comparisons, settings
from pipelines.identity.model import rounded

BLOCKS = (
    *(("first", "last"), ("born",), ("first", "postcode"), ("last", "postcode"), ("email",), ("phone",)),
    ("first", "city", "last_sound"),
)
"""Pairs that share these columns teach what all other columns look like within one person."""
SAMPLED_PAIRS = 200_000
TRAINING_PAIRS = 300_000
FEWEST_COLUMNS = 2
NEVER_SEEN = 1e-6
"""The u of a level that no random pair reached: Splink's own figure."""

LEAST_OFTEN_ALIKE = {"first": 0.4, "born": 0.4, "gender": 0.2}
"""Where more than this share of one person's records are least alike in a column, something else was learned."""
# fmt: off
USUAL = {
    "first": (0.80, 0.003, 0.025, 0.07, 0.006, 0.06, 0.003, 0.01, 0.023),
    "last": (0.86, 0.003, 0.085, 0.006, 0.01, 0.036), "rest": (0.85, 0.02, 0.03, 0.10),
    "born": (0.87, 0.02, 0.015, 0.005, 0.015, 0.01, 0.03, 0.035), "email": (0.56, 0.02, 0.01, 0.01, 0.40),
    "phone": (0.75, 0.03, 0.22), "card": (0.50, 0.02, 0.48), "city": (0.85, 0.02, 0.02, 0.11), "gender": (0.98, 0.02),
    "street": (0.75, 0.01, 0.02, 0.01, 0.01, 0.02, 0.18), "postcode": (0.80, 0.03, 0.03, 0.03, 0.11),
}
# fmt: on
"""How alike records of one person usually are: for tables where hardly anybody comes twice, which cannot teach it.

Source: what was learned, without labels, of the fictional retailer with 100,000 customers, rounded.
"""
COUNTED = (*IDENTIFIERS, *TERM_FREQUENCIES)
"""Columns of which the share of equal pairs is counted, not sampled: it is small."""
USUAL_EXTRA = (0.70, 0.05, 0.05, 0.20)

Levels = dict[str, tuple[float, ...]]


def learned(engine: duckdb.DuckDBPyConnection, columns: Collection[str], *, seed: int) -> tuple[Levels, Levels] | None:
    """(m, u) of every level by comparison, the most alike first, from the table `people`; None: nothing to learn from.

    Units: one column alone says nothing about another, and people of whom no two share anything teach nothing.
    """
    if len(comparisons(columns)) < FEWEST_COLUMNS:
        return None
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker = Linker(DuckDBAPI(engine).register("people"), settings(columns), log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=seed)
    extras = tuple((name,) for name in columns if name.startswith("extra_"))
    taught = [_teach(linker, block) for block in (*BLOCKS, *extras) if set(block) <= set(columns)]
    if not any(taught):
        return None
    match, random = {}, {}
    for comparison in linker._settings_obj.core_model_settings.comparisons:
        name = comparison.output_column_name
        pairs = list(_sound(comparison, _shared_rate(engine, name) if name in COUNTED else None))
        whole = sum(m for m, _ in pairs)
        match[name] = tuple(rounded(m / whole) for m, _ in pairs)
        random[name] = tuple(rounded(u) for _, u in pairs)
    return match if _is_credible(match) else _usual(match), random


def _is_credible(match: Levels) -> bool:
    return all(match[name][-1] <= most for name, most in LEAST_OFTEN_ALIKE.items() if name in match)


def _usual(match: Levels) -> Levels:
    logging.getLogger(__name__).warning("hardly any record comes twice: how alike one person's are was not learned")
    return {name: USUAL.get(name, USUAL_EXTRA) for name in match}


def _teach(linker: Linker, block: tuple[str, ...]) -> bool:
    """One round of expectation maximisation, and whether it taught anything: a block without pairs does not."""
    before = deepcopy(linker._settings_obj.core_model_settings)
    read = [{column.input_name for column in each._input_columns_used_by_case_statement} for each in before.comparisons]
    if all(columns & set(block) for columns in read):
        return False
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*block), estimate_without_term_frequencies=True, max_pairs=TRAINING_PAIRS
        )
        return True
    except (EMTrainingException, ValueError) as problem:
        # Splink refuses an m below 1e-300, which a few very clear pairs give.
        if isinstance(problem, ValueError) and "minimum allowed" not in str(problem):
            raise
        # Splink has taken the block's comparisons out of the model until the round ends well.
        linker._settings_obj.core_model_settings = before
        logging.getLogger(__name__).info("pairs that share %s taught nothing: none, or too few", ", ".join(block))
        return False


def _sound(comparison: Comparison, shared_rate: float | None) -> Iterator[tuple[float, float]]:
    """(m, u) of each level; none is worse evidence than the last, which holds all that is less alike."""
    levels = [level for level in comparison.comparison_levels if not level.is_null_level]
    least = (levels[-1].m_probability or 1.0) / (levels[-1].u_probability or 1.0)
    for place, level in enumerate(levels):
        u = level.u_probability or NEVER_SEEN
        if place == 0 and shared_rate is not None:
            u = shared_rate
        yield max(level.m_probability or 0.0, min(u * least, 1.0)), u


def _shared_rate(engine: duckdb.DuckDBPyConnection, name: str) -> float:
    """How often two random records share a value: one person or not, so rather too often than too rarely."""
    shared = f"select count(*) as c from people where {name} is not null group by {name}"
    pairs, people = engine.execute(f"select sum(c * (c - 1)), sum(c) from ({shared})").fetchall()[0]
    return max(float(pairs or 0) / max(float(people) * (float(people) - 1), 1.0), NEVER_SEEN * NEVER_SEEN)
