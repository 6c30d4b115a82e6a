"""Why two records are held for one person, or not: what each comparison weighs, and what would change the answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity.comparisons import comparisons, settings
from pipelines.identity.key_pairs import KeyPair
from pipelines.identity.likeness import MISSING, compare, name_sources
from pipelines.identity.mixture import priors_by_pairing
from pipelines.identity.model import Model, of_columns
from pipelines.identity.people import prepare
from pipelines.identity.weights import RARITY, bits, weights
from pipelines.identity.workbench import workbench

ONE_PERSON, STRANGERS = "one_person", "strangers"


@dataclass(frozen=True)
class Compared:
    """One comparison of a pair.

    Shape: shared by kind of people easily confused, only kinds that have the comparison in common; *_if_equal are
           what the weights would be if the values were equal and neither rare nor frequent.
    Units: weights in bits against strangers; rarity is added where an equal value is rare or frequent, and is part of
           shared; level is in words, left and right are normalised values, None where there is none.
    """

    column: str
    left: str | None = field(repr=False)
    right: str | None = field(repr=False)
    level: str
    weight: float
    rarity: float
    shared: Mapping[str, float]
    weight_if_equal: float
    shared_if_equal: Mapping[str, float]

    @property
    def is_missing(self) -> bool:
        """Whether a record has no value, so that nothing can be said."""
        return self.left is None or self.right is None


@dataclass(frozen=True)
class Explanation:
    """All that makes the probability of one pair.

    Units: prior, shift (what people's answers taught) and rescored (what a thorough run's re-scorer adds) in bits;
           confused_priors are probabilities by kind.
    """

    record_a: str
    record_b: str
    prior: float
    shift: float
    confused_priors: Mapping[str, float]
    comparisons: tuple[Compared, ...]
    rescored: float = 0.0

    @property
    def classes(self) -> dict[str, float]:
        """The probability that the two are one person, each kind of people easily confused, or strangers."""
        whole = self.prior + self.shift + self.rescored + sum(each.weight + each.rarity for each in self.comparisons)
        odds = {ONE_PERSON: 2.0**whole}
        for kind, prior in self.confused_priors.items():
            odds[kind] = prior * 2.0 ** sum(each.shared.get(kind, 0.0) for each in self.comparisons)
        odds[STRANGERS] = 1.0
        every = sum(odds.values())
        return {kind: value / every for kind, value in odds.items()}

    @property
    def probability(self) -> float:
        """The probability that the two are one person."""
        return self.classes[ONE_PERSON]

    @property
    def confusion(self) -> float:
        """Bits that people easily confused take away: how much better they explain the pair than strangers do."""
        classes = self.classes
        return float(np.log2(classes[STRANGERS] / (1 - classes[ONE_PERSON]))) if classes[STRANGERS] else -np.inf


def explanations(records: pa.Table, model: Model, pairs: Sequence[KeyPair]) -> list[Explanation]:
    """What makes the probability of each pair of record keys; pairs with a test record are left out.

    Reads: all records (as in records.py): how rare a value is, and how names stand, is a matter of all.
    """
    with workbench() as engine:
        columns = prepare(engine, records)
        name_sources(engine)
        engine.register("asked", pa.table({"a": [pair[0] for pair in pairs], "b": [pair[1] for pair in pairs]}))
        engine.execute(WANTED)
        compare(engine, columns, pairs="wanted", into="likeness")
        known = of_columns(model, columns)
        priors = priors_by_pairing(engine, known)
        known = replace(known, match={name: known.match[name] for name in comparisons(columns) if name in known.match})
        rows = _rows(engine, known)
        labels = _labels(columns)
    return [_explanation(row, known, priors[row["pairing"]], labels) for row in rows]


def turned(found: Explanation) -> Explanation:
    """The same explanation with its records in the other order."""
    comparisons = tuple(replace(each, left=each.right, right=each.left) for each in found.comparisons)
    return replace(found, record_a=found.record_b, record_b=found.record_a, comparisons=comparisons)


WANTED = """
create or replace temp table wanted as
select distinct least(x.id, y.id) as l, greatest(x.id, y.id) as r
from asked join people x on x.record_key = a join people y on y.record_key = b
where x.id <> y.id
"""
VALUES = {
    "born": "strftime(strptime({side}.born, '%Y%m%d'), '%Y-%m-%d')",
    "street": "{side}.street || coalesce(' ' || {side}.house, '')",
    "rest": "array_to_string({side}.rest, ' ')",
}
"""SQL of what a person reads, where that is not the column itself."""


def _rows(engine: duckdb.DuckDBPyConnection, model: Model) -> list[dict[str, Any]]:
    """One row per pair: keys, pairing, and by comparison its gamma, values and weights."""
    weighed = weights(engine, model)
    chosen = {f"gamma:{name}": f"gamma_{name}" for name in model.match}
    for title, parts in {"weight": weighed.person, "rarity": weighed.rarity, **weighed.confused}.items():
        chosen |= {f"{title}:{name}": f"cast({sql} as double)" for name, sql in parts.items()}
    for side in ("x", "y"):
        chosen |= {f"{side}:{name}": VALUES.get(name, f"{{side}}.{name}").format(side=side) for name in model.match}
    listed = ", ".join(f'{sql} as "{name}"' for name, sql in chosen.items())
    found = engine.sql(
        f"select x.record_key as a, y.record_key as b, pairing, {listed} from likeness"
        f" join people x on x.id = l join people y on y.id = r {weighed.joins} order by a, b"
    )
    rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
    return rows


def _explanation(row: Mapping[str, Any], model: Model, prior: float, labels: Mapping[str, list[str]]) -> Explanation:
    return Explanation(
        record_a=row["a"],
        record_b=row["b"],
        prior=float(np.log2(prior)),
        shift=model.shift,
        confused_priors={kind: model.confused_priors[kind] for kind in model.confused},
        comparisons=tuple(_compared(row, name, model, labels[name]) for name in model.match),
    )


def _compared(row: Mapping[str, Any], name: str, model: Model, labels: list[str]) -> Compared:
    gamma = row[f"gamma:{name}"]
    kinds = [kind for kind, shared in model.confused.items() if name in shared]
    return Compared(
        column=name,
        left=row[f"x:{name}"],
        right=row[f"y:{name}"],
        level="no value" if gamma == MISSING else labels[len(labels) - 1 - gamma],
        weight=row[f"weight:{name}"],
        rarity=row.get(f"rarity:{name}", 0.0),
        shared={kind: row[f"{kind}:{name}"] + row.get(f"{kind}:{RARITY}{name}", 0.0) for kind in kinds},
        weight_if_equal=bits(model.match[name][0], model.random[name][0]),
        shared_if_equal={kind: bits(model.confused[kind][name][0], model.random[name][0]) for kind in kinds},
    )


def _labels(columns: Iterable[str]) -> dict[str, list[str]]:
    """What each level is called, by comparison, the most alike first."""
    chosen = settings(list(columns)).create_settings_dict("duckdb")["comparisons"]
    return {
        each["output_column_name"]: [
            level_words(level["label_for_charts"])
            for level in each["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for each in chosen
    }


PLAIN_WORDS = (
    (r"Exact match on area", "same postal area"),
    (r"Exact match on \w+", "equal"),
    (r"All other comparisons", "different"),
    (r"Levenshtein distance of \w+ <= 1", "one character differs"),
    (r"Levenshtein distance of \w+ <= (\d+)", r"at most \1 characters differ"),
    (r"Jaro-Winkler distance of mailbox >= [\d.]+", "mailbox spelled alike"),
    (r"Jaro-Winkler distance of \w+ >= ([\d.]+)", r"spelled alike (\1)"),
    (r"Array intersection size >= 1", "one other name in common"),
    (r"Array intersection size >= (\d+)", r"\1 other names in common"),
    (r"\w+ close", "spelled nearly the same"),
)
"""What Splink calls its levels, and what we call them."""


def level_words(label: str) -> str:
    """The name of a level as a reader understands it."""
    for pattern, words in PLAIN_WORDS:
        if re.fullmatch(pattern, label):
            return re.sub(pattern, words, label)
    return label
