"""The population stability index as one aggregate of Spark SQL: no value leaves Spark, whatever the number of bins.

Source: Siddiqi (2006), "Credit Risk Scorecards": sum over bins of (actual - expected) * ln(actual / expected).
"""

from collections.abc import Mapping, Sequence

from lakehouse.stability import SMALLEST


def category_drift(column: str, shares: Mapping[str, float], fewest: int) -> str:
    """The index of a column's categories; null below so many values. What is not listed is the last bin."""
    listed = {value: f"cast({column} as string) = {_text(value)}" for value in shares}
    rest = f"cast({column} as string) not in ({', '.join(map(_text, shares))})"
    bins = [*((listed[value], share) for value, share in shares.items()), (rest, 1 - sum(shares.values()))]
    return _index(column, bins, fewest)


def number_drift(column: str, edges: Sequence[float], shares: Sequence[float], fewest: int) -> str:
    """The index of a column's numbers: a bin below each edge, and one from the last edge on."""
    number = f"cast({column} as double)"
    bounds = [*(f"{float(edge)!r}D" for edge in edges)]
    above = ["true", *(f"{number} >= {bound}" for bound in bounds)]
    below = [*(f"{number} < {bound}" for bound in bounds), "true"]
    conditions = [f"{low} and {high}" for low, high in zip(above, below, strict=True)]
    return _index(column, list(zip(conditions, shares, strict=True)), fewest)


def _index(column: str, bins: Sequence[tuple[str, float]], fewest: int) -> str:
    terms = " + ".join(_term(column, condition, share) for condition, share in bins)
    return f"if(count({column}) >= {max(fewest, 1)}, {terms}, null)"


def _term(column: str, condition: str, share: float) -> str:
    expected = f"{max(share, SMALLEST)!r}D"
    values = f"count_if({column} is not null and {condition})"
    actual = f"greatest({values} / nullif(count({column}), 0), {SMALLEST!r}D)"
    return f"({actual} - {expected}) * ln({actual} / {expected})"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
