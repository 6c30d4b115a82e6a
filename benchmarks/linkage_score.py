"""Pairwise and B-cubed scores of groups against the truth, and how well households are told from one person."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class LinkageScore:
    """How well groups of records match true persons.

    Units: pairwise precision and recall over pairs of records; b_cubed is the F1 of the mean over records of precision
           and of recall. Source: Bagga and Baldwin (1998).
    """

    precision: float
    recall: float
    b_cubed: float

    @property
    def f1(self) -> float:
        """The harmonic mean of pairwise precision and recall."""
        return _harmonic(self.precision, self.recall)


def scored(groups: ArrayLike, truth: ArrayLike) -> LinkageScore:
    """The score of groups, one label per record, beside the true persons, one label per record."""
    found, true = _numbered(groups), _numbered(truth)
    _, cell, both = np.unique(found * (true.max() + 1) + true, return_inverse=True, return_counts=True)
    in_group, in_person = np.bincount(found)[found], np.bincount(true)[true]
    together = both[cell]
    pairs = _pairs(both)
    return LinkageScore(
        precision=float(pairs / max(_pairs(np.bincount(found)), 1)),
        recall=float(pairs / max(_pairs(np.bincount(true)), 1)),
        b_cubed=_harmonic(float(np.mean(together / in_group)), float(np.mean(together / in_person))),
    )


def households_apart(groups: ArrayLike, persons: ArrayLike, households: ArrayLike) -> float:
    """The share of true pairs of two persons of one household that meet in no group, of labels per record; 1 of none.

    Units: each pair counts once, however many groups bring it together.
    """
    known = pd.DataFrame({"group": groups, "person": persons, "household": households})
    homes = known[["household", "person"]].drop_duplicates()
    pairs = _pairs(np.asarray(homes.groupby("household").size(), dtype=np.int64))
    seen = known.drop_duplicates()
    met = seen.merge(seen, on=["group", "household"])
    met = met.loc[met["person_x"] < met["person_y"], ["person_x", "person_y"]].drop_duplicates()
    return 1.0 - len(met) / pairs if pairs else 1.0


def with_less(groups: ArrayLike, persons: ArrayLike, everybody: ArrayLike) -> tuple[float, float]:
    """The share of records that say too little to be judged, and the F1 with them.

    Units: labels per record; persons is null for records that say too little, everybody only where nobody knows.
    """
    known = pd.DataFrame({"group": groups, "person": persons, "everybody": everybody}).dropna(subset="everybody")
    return float(known["person"].isna().mean()), scored(known["group"], known["everybody"]).f1


def _numbered(labels: ArrayLike) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.unique(np.asarray(labels, dtype=str), return_inverse=True)[1].astype(np.int64)
    return found


def _pairs(sizes: NDArray[np.int64]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
