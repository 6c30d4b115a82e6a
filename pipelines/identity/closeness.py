"""How close two people are, column by column, in figures finer than levels: what a re-scorer reads. DuckDB SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from pipelines.identity.likeness import MISSING
from pipelines.identity.linkage import Pairs

Matrix = NDArray[np.float32]

TEXTS = ("first", "last", "whole", "email", "mailbox", "phone", "card", "street", "house", "postcode", "city")
WORDS = ("words", "rest")
COUNTED = ("first", "last", "born", "postcode", "city", "email", "phone", "street")
"""Columns where it matters how many records bear a value; every extra column too."""
FROM_LEVELS = "gamma_"


@dataclass(frozen=True)
class Features:
    """Figures by name, one row per pair; what is not known is not a number."""

    names: tuple[str, ...]
    values: Matrix


def closeness(engine: duckdb.DuckDBPyConnection, columns: Collection[str], pairs: Pairs) -> Features:
    """Levels, similarities, shared words, distance of birth dates and how frequent values are, for each of the pairs.

    Reads: the tables people, likeness and more; pairs are among these, and in the order of left, right.
    """
    told = [*_texts(columns), *_words(columns), *_names(columns), *_dates(columns), *_houses(columns)]
    counted = [name for name in (*COUNTED, *_extras(columns)) if name in columns]
    for name in counted:
        engine.execute(TIMES.format(name=name))
    frequent = [TIMES_TOLD.format(name=name) for name in counted]
    joined = " ".join(TIMES_JOINED.format(name=name) for name in counted)
    engine.register("close_pairs", pa.table({"l": pairs.left, "r": pairs.right}))
    found = engine.execute(
        f"with levels as (from likeness union all from more)"
        f" select levels.* exclude (pairing), {', '.join([*told, *frequent])}"
        f" from levels semi join close_pairs using (l, r) join people x on x.id = l join people y on y.id = r {joined}"
        f" order by l, r"
    ).fetchnumpy()
    engine.unregister("close_pairs")
    names = tuple(name for name in found if name not in ("l", "r"))
    return Features(names, np.column_stack([_figures(name, found[name]) for name in names]))


def joined(*several: Features) -> Features:
    """All figures of the same pairs side by side."""
    return Features(
        tuple(name for each in several for name in each.names), np.column_stack([each.values for each in several])
    )


def of_names(features: Features, names: Sequence[str]) -> Features:
    """The figures of these names in their order; those that are not there are not known."""
    place = {name: at for at, name in enumerate(features.names)}
    unknown = np.full(len(features.values), np.nan, dtype=np.float32)
    chosen = [features.values[:, place[name]] if name in place else unknown for name in names]
    return Features(tuple(names), np.column_stack(chosen))


def _figures(name: str, found: ArrayLike) -> Matrix:
    figures = np.ma.filled(np.ma.asarray(found).astype(np.float32), np.nan)
    if name.startswith(FROM_LEVELS):
        figures[figures == MISSING] = np.nan
    return np.asarray(figures, dtype=np.float32)


def _extras(columns: Collection[str]) -> list[str]:
    return [name for name in columns if name.startswith("extra_")]


def _texts(columns: Collection[str]) -> list[str]:
    return [
        statement
        for name in (*TEXTS, *_extras(columns))
        if name in columns
        for statement in (
            f"jaro_winkler_similarity(x.{name}, y.{name}) as winkler_{name}",
            f"levenshtein(x.{name}, y.{name}) / greatest(length(x.{name}), length(y.{name})) as edits_{name}",
        )
    ]


def _words(columns: Collection[str]) -> list[str]:
    return [
        statement
        for name in WORDS
        if name in columns
        for shared in [f"len(list_intersect(x.{name}, y.{name}))"]
        for statement in (
            f"{shared} / least(len(x.{name}), len(y.{name})) as within_{name}",
            f"{shared} / len(list_distinct(list_concat(x.{name}, y.{name}))) as shared_{name}",
            f"least(len(x.{name}), len(y.{name})) as fewest_{name}",
            f"greatest(len(x.{name}), len(y.{name})) as most_{name}",
        )
    ]


def _names(columns: Collection[str]) -> list[str]:
    if not {"first", "last"} <= set(columns):
        return []
    return [
        "jaro_winkler_similarity(x.first, y.last) as winkler_first_last",
        "jaro_winkler_similarity(x.last, y.first) as winkler_last_first",
    ]


def _dates(columns: Collection[str]) -> list[str]:
    if "born" not in columns:
        return []
    return [
        "abs(cast(left(x.born, 4) as int) - cast(left(y.born, 4) as int)) as years_apart",
        "levenshtein(x.born, y.born) as edits_born",
        "hamming(x.born, y.born) as digits_born",
        "substr(x.born, 5, 2) = substr(y.born, 5, 2) as same_month",
        "substr(x.born, 7, 2) = substr(y.born, 7, 2) as same_day",
    ]


def _houses(columns: Collection[str]) -> list[str]:
    return ["abs(try_cast(x.house as int) - try_cast(y.house as int)) as houses_apart"] if "house" in columns else []


TIMES = """
create or replace temp table times_{name} as
select {name} as value, ln(count(*)) as times from people where {name} is not null group by {name}
"""
TIMES_JOINED = "left join times_{name} x_{name} on x_{name}.value = x.{name}\
 left join times_{name} y_{name} on y_{name}.value = y.{name}"
TIMES_TOLD = "least(x_{name}.times, y_{name}.times) as rarer_{name},\
 greatest(x_{name}.times, y_{name}.times) as commoner_{name}"
