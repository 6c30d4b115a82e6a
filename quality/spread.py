"""How values spread over hours, sizes and groups, against the last good nights."""

from collections.abc import Mapping

from lakehouse.stability import DRIFT, FEWEST_ROWS, chance, stability_index


def has_drifted(now: Mapping[str, float], before: Mapping[str, float]) -> bool:
    """Whether the distribution has changed by more than chance and DRIFT; few rows have not."""
    rows, known = sum(now.values()), sum(before.values())
    if min(rows, known) < FEWEST_ROWS:
        return False
    return stability_index(now, before) > DRIFT + chance(len({*now, *before}), rows, known)
