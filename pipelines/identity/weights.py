"""What each comparison of a pair weighs, in bits: SQL over a table of likeness, written from a model.

Source: Fellegi and Sunter (1969): the weight of a level is log2(m / u); a value rarer than u expects weighs more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np

from pipelines.identity.comparisons import TERM_FREQUENCIES
from pipelines.identity.model import Model

SMALLEST_RATE = 1e-9
RARITY = "rarity_"


@dataclass(frozen=True)
class Weights:
    """SQL expressions in bits over a table of likeness joined by `joins`, x being the left record in people.

    Shape: person and rarity by comparison; confused by kind of CONFUSED, then by comparison, rarity among them
           (as RARITY + comparison).
    """

    person: Mapping[str, str]
    rarity: Mapping[str, str]
    confused: Mapping[str, Mapping[str, str]]
    joins: str


def weights(engine: duckdb.DuckDBPyConnection, model: Model) -> Weights:
    """The weights of the model's comparisons; makes the tables tf_<comparison> of how frequent values are.

    Units: rare names, dates and places weigh more than frequent ones (their frequencies in the table people).
    """
    frequent = [name for name in model.match if name in TERM_FREQUENCIES or name.startswith("extra_")]
    for name in frequent:
        engine.execute(FREQUENCIES.format(name=name))
    rarity = {name: f"coalesce(log2({model.random[name][0]!r} / tf_{name}.frequency), 0)" for name in frequent}
    confused = {
        kind: {name: _weighed(name, levels, model.random[name]) for name, levels in shared.items()}
        | {RARITY + name: rarity[name] for name in frequent if name in shared}
        for kind, shared in model.confused.items()
    }
    return Weights(
        person={name: _weighed(name, model.match[name], model.random[name]) for name in model.match},
        rarity=rarity,
        confused=confused,
        joins=" ".join(_joined(name, best=len(model.match[name]) - 1) for name in frequent),
    )


def bits(likely: float, random: float) -> float:
    """What a level weighs that records of one kind reach so often, and random ones so often."""
    return float(np.log2(max(likely, SMALLEST_RATE) / random))


def total(parts: Mapping[str, str]) -> str:
    """The SQL sum of expressions; 0 of none."""
    return " + ".join(["0.0", *parts.values()])


FREQUENCIES = """
create temp table if not exists tf_{name} as
select {name} as value, count(*) / sum(count(*)) over () as frequency
from people where {name} is not null group by {name}
"""


def _joined(name: str, *, best: int) -> str:
    return f"left join tf_{name} on gamma_{name} = {best} and tf_{name}.value = x.{name}"


def _weighed(name: str, likely: tuple[float, ...], random: tuple[float, ...]) -> str:
    """SQL of the match weight in bits of the level that a pair reached; 0 where a value is missing."""
    highest = len(likely) - 1
    levels = (
        f"when {highest - place} then {bits(m, u)!r}" for place, (m, u) in enumerate(zip(likely, random, strict=True))
    )
    return f"(case gamma_{name} {' '.join(levels)} else 0.0 end)"
