"""`python -m synthetic --customers N --nights K --out DIR`: write a fictional retailer's files and their truth."""

import argparse
import json
import sys
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from synthetic.retailer import write_retailer
from synthetic.settings import Dirt, Faults, Plan, Trade


def main(arguments: list[str] | None = None) -> int:
    """Write the retailer; 0 when done, 2 when the call is wrong."""
    asked = vars(_parser().parse_args(arguments))
    try:
        written = write_retailer(_plan(asked), asked["out"])
    except (FileExistsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    found = {"files": len(written.rows), "rows": sum(written.rows.values()), "planted": written.planted}
    print(json.dumps(found) if asked["json"] else "{files} files, {rows} rows, {planted} planted".format(**found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m synthetic", description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--nights", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--days", type=int, default=Plan.days, help="days of history before the first night")
    dates = parser.add_mutually_exclusive_group()
    dates.add_argument("--first-night", type=date.fromisoformat, default=Plan.first_night)
    dates.add_argument("--last-night", type=date.fromisoformat)
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
    for section in (Dirt, Trade, Faults):
        group = parser.add_argument_group(section.__name__.lower(), section.__doc__)
        for rate in fields(section):
            group.add_argument(_option(rate.name), type=type(rate.default), default=rate.default)
    return parser


def _plan(asked: dict[str, Any]) -> Plan:
    first = asked["first_night"]
    if asked["last_night"]:
        first = asked["last_night"] - timedelta(days=asked["nights"] - 1)
    size = {name: asked[name] for name in ("customers", "nights", "seed", "days")}
    rates = {section: {rate.name: asked[rate.name] for rate in fields(section)} for section in (Dirt, Trade, Faults)}
    return Plan(
        first_night=first,
        dirt=Dirt(**rates[Dirt]),
        trade=Trade(**rates[Trade]),
        faults=Faults(**rates[Faults]),
        **size,
    )


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


if __name__ == "__main__":
    sys.exit(main())
