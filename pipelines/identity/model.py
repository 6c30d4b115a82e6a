"""What was learned about how records of one person, of people easily confused, and of strangers differ.

Holds no personal value.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

Levels = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Rescorer:
    """What the groups of records taught about pairs (rescore.py).

    Shape: features by name, in the order that the trees know; trees are XGBoost's own bytes as text; keyed_aliases (log
           lift, share) by column and fingerprint of two values, made with the lake's key: nobody without it can tell
           which values they are.
    """

    features: tuple[str, ...]
    trees: str
    keyed_aliases: Mapping[str, Mapping[str, tuple[float, float]]]


@dataclass(frozen=True)
class Model:
    """Probabilities of every level of every comparison, and of meeting one person, or people easily confused, at all.

    Shape: probabilities by comparison, the most alike level first, as in comparisons.py: `match` that records of one
           person reach it, `random` that two random records do, `confused` (by kind of CONFUSED) that two people of
           the kind do: only the comparisons that they share, in all others they are like strangers.
    Units: priors by `<source> <source>`: the probability that two random records of these sources are one person;
           confused_priors by kind, over all sources; cut is a mean probability (linkage.py), None until it was chosen;
           shift is in bits, to be added to every log-odds: what people's decisions taught, which answers names;
           grouping names the settings by which the records were grouped;
           largest_blocks is the size of the largest block by key (blocking.py) among so many records; rescorer is
           there where a thorough run taught one; usually_share is how many records of one value were usual
           (crowds.py), None where that was not learned, as in models of before.
    """

    columns: tuple[str, ...]
    match: Levels
    random: Levels
    confused: Mapping[str, Levels]
    priors: Mapping[str, float]
    confused_priors: Mapping[str, float]
    cut: float | None = None
    shift: float = 0.0
    answers: str = ""
    grouping: str = ""
    records: int = 0
    largest_blocks: Mapping[str, int] = field(default_factory=dict)
    rescorer: Rescorer | None = None
    usually_share: int | None = None

    @property
    def version(self) -> str:
        """Names what was learned: equal for equal probabilities."""
        return hashlib.sha256(as_json(self).encode()).hexdigest()[:12]


LEARNED_NOTHING = Model((), {}, {}, confused={}, priors={}, confused_priors={})
"""The model of records that teach nothing; it fits no night."""


def with_cut(model: Model, cut: float) -> Model:
    """The model with its cut chosen."""
    return replace(model, cut=rounded(cut))


def as_json(model: Model) -> str:
    """The model as it is kept in a table; what was not learned is left out, so that older models keep their version."""
    said = asdict(model)
    if model.usually_share is None:
        del said["usually_share"]
    return json.dumps(said, sort_keys=True)


def from_json(text: str) -> Model:
    """The model that `as_json` wrote; an empty one, so that the night learns anew, where its aliases have no key."""
    found = json.loads(text)
    rescorer = found.get("rescorer")
    if rescorer is not None and "keyed_aliases" not in rescorer:
        return LEARNED_NOTHING
    return Model(
        columns=tuple(found["columns"]),
        match=_levels(found["match"]),
        random=_levels(found["random"]),
        confused={kind: _levels(levels) for kind, levels in found["confused"].items()},
        priors=found["priors"],
        confused_priors=found["confused_priors"],
        cut=found["cut"],
        shift=found.get("shift", 0.0),
        answers=found.get("answers", ""),
        grouping=found.get("grouping", ""),
        records=found.get("records", 0),
        largest_blocks=found.get("largest_blocks", {}),
        rescorer=_rescorer(rescorer),
        usually_share=found.get("usually_share"),
    )


def of_columns(model: Model, columns: Collection[str]) -> Model:
    """The model without the comparisons of columns that hold no value now."""
    return replace(
        model,
        match=_those(model.match, columns),
        random=_those(model.random, columns),
        confused={kind: _those(levels, columns) for kind, levels in model.confused.items()},
    )


def rounded(probability: float) -> float:
    """Six digits that count: sums over threads differ in later ones."""
    return float(f"{probability:.6g}")


def _those(levels: Levels, columns: Collection[str]) -> Levels:
    return {name: values for name, values in levels.items() if name in columns}


def _levels(found: Mapping[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(levels) for name, levels in found.items()}


def _rescorer(found: Mapping[str, Any] | None) -> Rescorer | None:
    if found is None:
        return None
    aliases = {
        name: {fingerprint: (lift, share) for fingerprint, (lift, share) in those.items()}
        for name, those in found["keyed_aliases"].items()
    }
    return Rescorer(tuple(found["features"]), found["trees"], aliases)
