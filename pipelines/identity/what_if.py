"""What would have to differ for a pair to be held for two people, or for one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from pipelines.identity.explain import Compared, Explanation


def parted_by(found: Explanation, cut: float) -> tuple[str, ...]:
    """The fewest comparisons without whose values the probability would lie below the cut; empty where it does."""
    said = [each for each in found.comparisons if not each.is_missing]
    return _fewest(found, said, lambda lost: [each for each in said if each not in lost], lambda p: p < cut, best=min)


def joined_by(found: Explanation, cut: float) -> tuple[str, ...]:
    """The fewest comparisons that would lift the probability to the cut if their values were equal; empty: none."""
    unlike = [each for each in found.comparisons if each.weight < each.weight_if_equal]

    def equal(chosen: Collection[Compared]) -> list[Compared]:
        return [_if_equal(each) if each in chosen else each for each in found.comparisons]

    return _fewest(found, unlike, equal, lambda p: p >= cut, best=max)


def _fewest(
    found: Explanation,
    among: Sequence[Compared],
    changed: Callable[[Collection[Compared]], list[Compared]],
    is_enough: Callable[[float], bool],
    *,
    best: Callable[..., Any],
) -> tuple[str, ...]:
    if is_enough(found.probability):
        return ()
    for size in range(1, len(among) + 1):
        tried = [
            (replace(found, comparisons=tuple(changed(some))).probability, tuple(each.column for each in some))
            for some in combinations(among, size)
        ]
        enough = [one for one in tried if is_enough(one[0])]
        if enough:
            columns: tuple[str, ...] = best(enough)[1]
            return columns
    return ()


def _if_equal(compared: Compared) -> Compared:
    return replace(compared, weight=compared.weight_if_equal, rarity=0.0, shared=compared.shared_if_equal)
