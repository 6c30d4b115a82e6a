"""What the gates catch, what they let through and what they cost: `python -m benchmarks.quality --data DIR --json`.

Four parts: rows that the fictional retailer planted, rules on a public set beside an independent count, the cost of
gating a million rows, and damaged deliveries after sixty undisturbed nights.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from benchmarks.contract import Check, report
from benchmarks.quality_contoso import contoso
from benchmarks.quality_cost import cost
from benchmarks.quality_damages import damages
from benchmarks.quality_planted import planted

PARTS = ("planted", "contoso", "cost", "damages")


def main(arguments: list[str] | None = None) -> int:
    """Measure every part that was asked for; 0 when all bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of public sets; without it the part contoso is left out")
    parser.add_argument("--customers", type=int, default=10_000, help="size of the fictional retailer of `planted`")
    parser.add_argument("--rows", type=int, default=1_000_000, help="orders that are gated in `cost`")
    parser.add_argument("--rounds", type=int, default=7, help="alternating rounds of `cost`")
    parser.add_argument("--nights", type=int, default=60, help="undisturbed nights before the damages")
    parser.add_argument("--seed", type=int, default=7, help="of what is drawn for the nights of `damages`")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    parts: dict[str, Callable[[], Iterable[Check]]] = {"planted": partial(planted, asked.customers, 3)}
    parts["cost"] = partial(cost, asked.rows, asked.rounds)
    parts["damages"] = partial(damages, asked.nights, asked.seed)
    if asked.data is not None:
        parts["contoso"] = partial(contoso, asked.data)
    checks = [check for name in asked.only if name in parts for check in parts[name]()]
    return report(checks, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
