"""The weights of a pair as a waterfall: bits that add up to the log-odds that two records are one person."""

from pipelines.identity.explain import ONE_PERSON, STRANGERS, Explanation
from report import plots
from report.plots import Step, rounded, running_sums
from report.two_records import CLASSES, column, percent

SMALLEST_BITS = 0.1
"""A rarity that says less is told together with its comparison."""
LABEL, WORDS, BAR = 20, 34, 32


def steps(found: Explanation) -> list[Step]:
    """The steps from the prior to the probability; comparisons without a value say nothing and are left out.

    Source: Splink's waterfall chart, with a step for the people easily confused whom Splink does not know.
    """
    told = [Step("before looking", f"1 pair in {2**-found.prior:,.0f}", found.prior)]
    for each in found.comparisons:
        if each.is_missing:
            continue
        is_told_apart = abs(each.rarity) >= SMALLEST_BITS
        told.append(Step(column(each.column), each.level, each.weight + (0.0 if is_told_apart else each.rarity)))
        if is_told_apart:
            words = "the value is rare" if each.rarity > 0 else "the value is frequent"
            told.append(Step("", words, each.rarity))
    told.append(Step("could be others", _others(found), found.confusion))
    if found.rescored:
        told.append(Step("thorough run", "looks at more than these", found.rescored))
    if found.shift:
        told.append(Step("answers of people", "read higher" if found.shift > 0 else "read lower", found.shift))
    return [*told, Step("together", f"{percent(found.probability)} one person", 0.0, is_total=True)]


def as_svg(found: Explanation) -> str:
    """The waterfall as inline SVG."""
    return plots.waterfall(steps(found), title="Weights of the comparisons, in bits", unit="bits")


def as_text(found: Explanation) -> list[str]:
    """The waterfall in lines of at most 100 columns; `│` is zero."""
    listed = steps(found)
    sums = running_sums(listed)
    low, high = min(0.0, *sums), max(0.0, *sums)
    lines = []
    for step, before, after in zip(listed, [0.0, *sums], sums, strict=False):
        start, adds = (0.0, after) if step.is_total else (before, step.adds)
        bar = _bar(start, after, low=low, high=high, sign="█" if adds >= 0 else "░")
        lines.append(f"{step.label:<{LABEL}}{step.words:<{WORDS}}{rounded(adds):>+8.1f}  {bar}".rstrip())
    return lines


def _others(found: Explanation) -> str:
    """The likeliest kind of people easily confused."""
    kinds = {name: share for name, share in found.classes.items() if name not in (ONE_PERSON, STRANGERS)}
    best = max(kinds, key=lambda name: kinds[name], default=STRANGERS)
    return CLASSES.get(best, best)


def _bar(start: float, end: float, *, low: float, high: float, sign: str) -> str:
    scale = (BAR - 1) / ((high - low) or 1)
    first, last = sorted(round((value - low) * scale) for value in (start, end))
    zero = round(-low * scale)
    cells = [sign if first <= place < max(last, first + 1) else " " for place in range(BAR)]
    if cells[zero] == " ":
        cells[zero] = "│"
    return "".join(cells)
