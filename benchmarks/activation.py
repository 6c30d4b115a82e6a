"""What sending keeps and what it costs: `python -m benchmarks.activation --data DIR --json`.

Four parts: lift (intervals that hold the truth as often as they say, and Hillstrom's published rates), chaos (a tool
that fails in every way, a sender that is killed again and again, and a state that must be the plan's), pace (the
share of a stated rate limit that one process reaches, and its memory from 10,000 records on), and tryton (scores on
5,000 customers of a real CRM, then 500 changes: what the CRM writes, and how fast).
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from benchmarks.activation_chaos import chaos
from benchmarks.activation_lift import lift
from benchmarks.activation_pace import pace
from benchmarks.activation_tryton import crm
from benchmarks.contract import Check, report

PARTS = ("lift", "chaos", "pace", "tryton")


def main(arguments: list[str] | None = None) -> int:
    """Measure every part that was asked for; 0 when all bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.activation", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of public sets; `lift` reads Hillstrom's")
    parser.add_argument("--records", type=int, default=20_000, help="changes that are due in `chaos`")
    parser.add_argument("--kills", type=int, default=10, help="times the sender is killed in `chaos`")
    parser.add_argument("--members", type=int, default=1_000_000, help="records that are sent in `pace`")
    parser.add_argument("--seed", type=int, default=7, help="of what is drawn")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON on the last line")
    asked = parser.parse_args(arguments)
    if "lift" in asked.only and asked.data is None:
        parser.error("the part `lift` needs --data")
    parts: dict[str, Callable[[], Iterable[Check]]] = {
        "lift": partial(lift, asked.data),
        "chaos": partial(chaos, asked.records, asked.kills, asked.seed),
        "pace": partial(pace, asked.members),
        "tryton": partial(crm, 5_000, 500),
    }
    return report([check for name in asked.only for check in parts[name]()], as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
