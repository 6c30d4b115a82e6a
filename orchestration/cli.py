"""The command line: `habitue --help`."""

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from lakehouse.errors import HabitueError
from lakehouse.settings import settings

DONE, STOPPED, WRONG = 0, 1, 2
Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Units: exit status 0 done, 1 the night was stopped by a gate or a delivery failed, 2 the call or the retailer
           file is wrong.
    """
    parser = _parser()
    asked = parser.parse_args(arguments)
    for need in asked.needs:
        if getattr(asked, need) is None:
            parser.error(f"pass --{need}, or set HABITUE_{need.upper()}")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        status: int = asked.command(asked)
    except HabitueError as error:
        return _report(error, as_json=asked.json)
    return status


def _report(error: HabitueError, *, as_json: bool) -> int:
    if as_json:
        facts = {"what": error.what, "where": error.where, "still_true": error.still_true, "next": error.next_step}
        print(json.dumps({"error": facts}))
    print(f"habitue: {error}", file=sys.stderr)
    return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="habitue",
        description="From raw exports to scores in the CRM. --retailer, --landing and --lake default to the "
        "environment variables HABITUE_RETAILER, HABITUE_LANDING and HABITUE_LAKE.",
    )
    _add_commands(parser)
    return parser


def command_names() -> tuple[str, ...]:
    """Every command, in the order in which the help lists them."""
    return tuple(_add_commands(argparse.ArgumentParser()).choices)


def _add_commands(parser: argparse.ArgumentParser) -> Any:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    first = (_doctor, _check, _night, _accept, _rebuild, _reprocess, _resolve, _train)
    then = (_models, _rollback, _plan, _deliver, _customer, _lift)
    for add in (*first, *then, _why, _review, _lineage, _catalogue, _report_page, _ui):
        add(commands)
    return commands


def _command(commands: Any, name: str, run: Command, summary: str, *needs: str) -> argparse.ArgumentParser:
    """A sub-command with --json and those of --retailer, --landing and --lake that it needs."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, formatter_class=_fixed_width
    )
    parser.set_defaults(command=run, needs=needs)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    here = settings()
    kept = {"retailer": here.retailer_file, "landing": here.landing, "lake": here.lake}
    meaning = {
        "retailer": ("FILE", "retailer file"),
        "landing": ("DIR", "folder that the exports arrive in"),
        "lake": ("DIR", "folder (or URI) of the lake"),
    }
    for need in needs:
        metavar, help_text = meaning[need]
        parser.add_argument(
            f"--{need}",
            metavar=metavar,
            type=str if need == "lake" else Path,
            default=kept[need],
            help=help_text,
        )
    return parser


def _fixed_width(prog: str) -> argparse.HelpFormatter:
    """Help that reads the same in every terminal, as the reference page shows it."""
    return argparse.HelpFormatter(prog, width=100)


def _doctor(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.doctor import as_json, diagnose, is_healthy, render

        checks = diagnose(deep=asked.deep)
        print(as_json(checks) if asked.json else render(checks))
        return DONE if is_healthy(checks) else STOPPED

    parser = _command(commands, "doctor", run, "what is installed, what is missing, how to fix it")
    parser.add_argument("--deep", action="store_true", help="start Spark and write a Delta table as well")


def _check(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.checking import check

        return check(asked)

    parser = _command(commands, "check", run, "preview a retailer file on its exports, before any night", "landing")
    parser.add_argument("file", metavar="FILE", type=Path, help="retailer file")


def _night(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.running import nights

        return nights(asked)

    parser = _command(commands, "night", run, "run one whole night", "retailer", "landing", "lake")
    parser.add_argument("--date", type=date.fromisoformat, metavar="D", help="the night; today's where none is given")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="D", help="first night to catch up")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="D", help="last night to catch up")
    parser.add_argument("--no-send", action="store_true", help="deliver nothing")


def _rebuild(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.running import rebuild

        return rebuild(asked)

    summary = "run the last night anew, from the layer up: its deliveries, or who is who; sends nothing"
    parser = _command(commands, "rebuild", run, summary, "retailer", "landing", "lake")
    layers = "raw: conform every delivery again, after a changed mapping; conformed: learn who is who again"
    parser.add_argument("--from", dest="layer", choices=["raw", "conformed"], default="raw", help=layers)


def _accept(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.accepting import let_through

        return let_through(asked)

    summary = "let one night through although a table's deliveries, or what is sent, are far from usual"
    parser = _command(commands, "accept", run, summary, "retailer", "lake")
    parser.add_argument(
        "--table", required=True, metavar="TABLE", help="such as conformed.orders; or a sync or audience"
    )
    parser.add_argument("--night", required=True, type=date.fromisoformat, metavar="D", help="the night it is for")
    parser.add_argument("--because", required=True, metavar="REASON", help="why; kept with the decision")
    parser.add_argument("--who", metavar="NAME", help="who decides; the user of this machine where none is given")


def _reprocess(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.reprocessing import reprocess

        return reprocess(asked)

    summary = "bring rows set aside back, after a repaired rule or mapping; sends nothing"
    parser = _command(commands, "reprocess", run, summary, "retailer", "lake")
    parser.add_argument("--table", required=True, metavar="T", help="whose rows were set aside: conformed.orders, ...")
    parser.add_argument(
        "--since", type=date.fromisoformat, required=True, metavar="D", help="the first night that set them aside"
    )


def _resolve(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.resolving import resolve

        return resolve(asked)

    parser = _command(commands, "resolve", run, "who is who in any table of people: CSV or Parquet in and out")
    parser.add_argument("--records", type=Path, required=True, metavar="FILE", help="the table of people")
    parser.add_argument("--map", metavar="MEANING=COLUMN,...", help="what columns mean; by their names if not given")
    parser.add_argument("--extra", metavar="COLUMN,...", help="further columns to compare, such as an occupation")
    parser.add_argument("--unique-source", metavar="SOURCE,...", help="sources of which no two records are one person")
    parser.add_argument("--country", metavar="CODE", help="ISO code of phones and addresses that carry no country")
    parser.add_argument("--seed", type=int, default=1, help="of the pairs that are sampled to learn from")
    parser.add_argument("--thorough", action="store_true", help="learn from the groups found as well: minutes")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the same rows with customer_id")


def _train(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.running import train

        return train(asked)

    _command(
        commands, "train", run, "train, compare with the baseline, promote only what is better", "retailer", "lake"
    )


def _models(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.listing_models import show

        return show(asked)

    summary = "the versions of every model: which one scores since when, how each was tested, what came of it"
    parser = _command(commands, "models", run, summary, "retailer", "lake")
    parser.add_argument("--all", action="store_true", help="every version, not the newest alone")
    parser.add_argument("--cards", action="store_true", help="write the model card of every tested version anew")


def _rollback(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.rolling_back import roll_back

        return roll_back(asked)

    parser = _command(commands, "rollback", run, "put an earlier version of a model back in use", "lake")
    parser.add_argument("model", metavar="MODEL", help="churn or lifetime_value")
    parser.add_argument("--version", metavar="V", help="which one; the one before where none is given")
    parser.add_argument("--because", required=True, metavar="REASON", help="why; kept with the decision")
    parser.add_argument("--who", metavar="NAME", help="who decides; the user of this machine where none is given")


def _plan(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.sending import plan

        return plan(asked)

    parser = _command(commands, "plan", run, "what a delivery would add, update and remove", "retailer", "lake")
    parser.add_argument("name", metavar="AUDIENCE|SYNC")


def _deliver(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.sending import deliver

        return deliver(asked)

    _command(commands, "deliver", run, "send the last night's records that have no outcome yet", "retailer", "lake")


def _lift(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.lifting import lift

        return lift(asked)

    summary = "what contact changed: conversion and spend of those sent beside those held out"
    parser = _command(commands, "lift", run, summary, "retailer", "lake")
    parser.add_argument("name", metavar="AUDIENCE")
    parser.add_argument("--days", type=int, metavar="N", help="after each start; `lift_days` of the audience if none")


def _customer(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.customer import show

        return show(asked)

    parser = _command(commands, "customer", run, "everything known about one person, with sources", "retailer", "lake")
    parser.add_argument("who", metavar="ID|EMAIL")


def _why(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.explaining import explain

        return explain(asked)

    parser = _command(commands, "why", run, "why two records or customers are one person, or two", "lake")
    for name in ("a", "b"):
        parser.add_argument(name, metavar=name.upper(), help="record (<source>:<contact id>) or customer id")
    parser.add_argument(
        "--retailer", type=Path, default=settings().retailer_file, metavar="FILE", help="for decisions and limits"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="the answer as a page as well")


def _review(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.reviewing import review

        return review(asked)

    summary = "the pairs of records nearest to the cut, for a person to decide"
    parser = _command(commands, "review", run, summary, "retailer", "lake")
    parser.add_argument("--count", type=int, default=20, metavar="N", help="how many pairs; 20 where none is given")
    parser.add_argument("--html", type=Path, metavar="FILE", help="the pairs as a page as well")
    parser.add_argument("--who", metavar="NAME", help="who answers; asks at a terminal")
    parser.add_argument("--why", metavar="REASON", help="why; kept with each answer")
    parser.add_argument(
        "--answer",
        action="append",
        metavar="RECORD,RECORD=DECISION",
        help="decide a pair (always or never one person) without being asked; may be repeated",
    )


def _lineage(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.tracing import trace

        return trace(asked)

    parser = _command(commands, "lineage", run, "what a column is made of, back to the delivered columns")
    parser.add_argument("column", metavar="TABLE.COLUMN", help="such as scores.customer_scores.churn_probability")
    kept = settings().retailer_file
    parser.add_argument("--retailer", type=Path, default=kept, metavar="FILE", help="for the mappings of its sources")
    parser.add_argument("--forward", action="store_true", help="who reads it, up to the destinations")
    parser.add_argument("--rows", action="store_true", help="follow what decides which rows there are as well")


def _catalogue(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.cataloguing import write

        return write(asked)

    summary = "every table and column: meaning, origin, readers, rules; as pages and JSON"
    parser = _command(commands, "catalogue", run, summary, "retailer")
    parser.add_argument(
        "--lake", default=settings().lake, metavar="DIR", help="for rows and measurements of its last night"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that the pages go into")


def _report_page(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.running import report

        return report(asked)

    parser = _command(commands, "report", run, "the last night as one HTML page", "lake")
    parser.add_argument("--out", type=Path, help="where to; the lake's state folder where nothing is given")


def _ui(commands: Any) -> None:
    def run(asked: argparse.Namespace) -> int:
        from orchestration.ui import serve

        return serve(asked)

    parser = _command(commands, "ui", run, "Dagster at the lake", "retailer", "landing", "lake")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument(
        "--automatic", action="store_true", help="make each night at 02:00 and train on Sundays and where in doubt"
    )


if __name__ == "__main__":
    sys.exit(main())
