"""The commands that run something: night, rebuild, train, report."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lakehouse.errors import HabitueError, NightOutOfOrder, WrongCall
from lakehouse.nights import last_started
from orchestration.night import Place, check_landing, check_writable, open_lake
from orchestration.nightly import run_night, run_training
from orchestration.record import NightRecord
from orchestration.retailer import Retailer, load_retailer
from orchestration.summary import failure
from report.night import CARDS
from report.terminal import terminal_summary, training_lines


def nights(asked: argparse.Namespace) -> int:
    """`habitue night`: one night, or several one after the other; only the newest sends.

    Raises: WrongCall, and whatever stopped a night.
    """
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    check_landing(place.landing)
    check_writable(place.lake)
    wanted = _wanted(asked, retailer)
    for night in wanted:
        record = NightRecord(say=_progress())
        record.say(f"night {night} of {retailer.retailer}")
        _run(
            asked,
            record,
            retailer,
            lambda n=night, r=record: run_night(  # type: ignore[misc]
                place, n, send=n == wanted[-1] and not asked.no_send, record=r
            ),
        )
        _print(asked, record)
    return 0


def rebuild(asked: argparse.Namespace) -> int:
    """`habitue rebuild`: the last night anew; every delivery conformed with today's mapping, or who is who alone."""
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    check_landing(place.landing)
    with open_lake(place, purpose="rebuild") as lake:
        last = last_started(lake)
    if last is None:
        raise WrongCall(
            "there is no night to rebuild",
            where=place.lake,
            still_true="Nothing was changed.",
            next_step="Run a first night: `habitue night --date D`.",
        )
    record = NightRecord(say=_progress())
    _run(asked, record, retailer, lambda: run_night(place, last, send=False, rebuild_from=asked.layer, record=record))
    _print(asked, record)
    return 0


def train(asked: argparse.Namespace) -> int:
    """`habitue train`: train on the lake as the last night left it, and promote only what is better."""
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    record = NightRecord(say=_progress())
    _run(asked, record, retailer, lambda: run_training(place, record))
    if asked.json:
        print(json.dumps({"models": record.models, "seconds": record.seconds}))
    else:
        for name, facts in record.models.items():
            print("\n".join(training_lines(name, facts)))
    return 0


def report(asked: argparse.Namespace) -> int:
    """`habitue report`: where the page of the last night lies, copied to --out where one is given."""
    place = place_of(asked)
    pages = sorted((place.state / "reports").glob("*.html"))
    if not pages:
        raise WrongCall(
            "no night has ended on this lake",
            where=place.lake,
            still_true="Nothing was written.",
            next_step="Run a night: `habitue night --date D`.",
        )
    page = pages[-1]
    if asked.out:
        _copy(page, asked.out)
        page = asked.out
    print(json.dumps({"report": str(page)}) if asked.json else page)
    return 0


def _copy(page: Path, out: Path) -> None:
    """The page, its quality page and the model cards that it names, the latter two beside it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    told = page.read_bytes()
    out.write_bytes(told)
    cards = [card for card in (page.parent / CARDS).glob("*.html") if f"{CARDS}/{card.name}".encode() in told]
    for one in (page.parent / "quality" / page.name, *cards):
        beside = out.parent / one.relative_to(page.parent)
        beside.parent.mkdir(exist_ok=True)
        beside.write_bytes(one.read_bytes())


def place_of(asked: argparse.Namespace) -> Place:
    """The place that a command names."""
    lake = str(asked.lake) if "://" in str(asked.lake) else str(Path(asked.lake).resolve())
    retailer_file = getattr(asked, "retailer", None) or Path("retailer.yaml")
    return Place(Path(retailer_file), Path(getattr(asked, "landing", None) or "."), lake)


def _wanted(asked: argparse.Namespace, retailer: Retailer) -> list[date]:
    if asked.date and (asked.first or asked.last):
        raise _wrong("--date goes alone; --from and --to go together")
    if bool(asked.first) != bool(asked.last):
        raise _wrong("--from and --to go together")
    if asked.first and asked.last < asked.first:
        raise _wrong(f"--to {asked.last} lies before --from {asked.first}")
    today = datetime.now(ZoneInfo(retailer.timezone)).date()
    first, last = asked.first or asked.date or today, asked.last or asked.date or today
    _check_span(first, last, today=today, first_night=retailer.first_night)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _check_span(first: date, last: date, *, today: date, first_night: date) -> None:
    if last > today:
        raise _out_of_order(last, f"this night lies in the future; it is {today} at the retailer's", today)
    if first < first_night:
        raise _out_of_order(first, f"the first night of this retailer is {first_night}", first_night)


def _out_of_order(night: date, what: str, allowed: date) -> NightOutOfOrder:
    return NightOutOfOrder(
        what,
        where=f"night {night}",
        still_true="No table was changed.",
        next_step=f"Run `habitue night --date {allowed}`.",
    )


def _run(asked: argparse.Namespace, record: NightRecord, retailer: Retailer, work: Callable[[], None]) -> None:
    try:
        work()
    except HabitueError:
        if asked.json:
            print(json.dumps(failure(record, retailer)), file=sys.stderr)
        raise


def _print(asked: argparse.Namespace, record: NightRecord) -> None:
    if asked.json:
        print(json.dumps(record.summary))
    else:
        print(terminal_summary(record.summary))


def _progress() -> Callable[[str], None]:
    return lambda line: print(line, file=sys.stderr, flush=True)


def _wrong(what: str) -> WrongCall:
    return WrongCall(
        what,
        where="habitue night",
        still_true="Nothing was started.",
        next_step="Type `habitue night --help`.",
    )
