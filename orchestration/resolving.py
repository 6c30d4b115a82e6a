"""`habitue resolve`: who is who in any table of people."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lakehouse.errors import WrongCall
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from pipelines.identity.any_table import CANONICAL, Call, Told, checked, resolve_table
from pipelines.identity.blocking import KeyYield
from pipelines.identity.people_file import column_names, write_people
from report.wording import counted

KEYS_SHOWN = 3


def resolve(asked: argparse.Namespace) -> int:
    """`habitue resolve`: the table of people with customer_id and match_probability.

    Raises: WrongCall.
    """
    out: Path = asked.out
    if out.suffix.lower() not in (".csv", ".parquet") or out.resolve() == asked.records.resolve():
        raise WrongCall(
            "the result goes to another file, of CSV or Parquet",
            where=str(out),
            still_true="Nothing was written.",
            next_step=f"Pass --out {asked.records.with_suffix('')}_customers.csv",
        )
    call = Call(
        file=asked.records,
        columns=_columns(asked),
        as_of=datetime.now(UTC).date(),
        extras=tuple(_names(asked.extra)),
        unique_sources=tuple(_names(asked.unique_source)),
        country=asked.country,
        seed=asked.seed,
        thorough=asked.thorough,
    )
    checked(call)
    with TemporaryDirectory() as work:
        told = resolve_table(spark_session(settings()), call, work=work)
    write_people(told.table, out, like=asked.records)
    print(in_words(told, out))
    if asked.json:
        print(json.dumps({name: value for name, value in asdict(told).items() if name != "table"}))
    return 0


def _columns(asked: argparse.Namespace) -> dict[str, str]:
    """The meanings of columns that the call states; those whose name says it where it states none."""
    stated = [part.partition("=") for part in _names(asked.map)]
    wrong = [name for name, sign, column in stated if not sign or not column]
    names = [name for name, _, _ in stated]
    twice = sorted({name for name in names if names.count(name) > 1})
    if wrong or twice:
        fault = f"--map gives {', '.join(twice)} two columns" if twice else f"--map {', '.join(wrong)} names no column"
        raise WrongCall(
            fault,
            where="--map",
            still_true="Nothing was written.",
            next_step="Write meaning=column with commas between: --map email=EMail,last_name=Surname",
        )
    if stated:
        return {name: column for name, _, column in stated}
    return {name: name for name in CANONICAL if name in column_names(asked.records)}


def _names(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def in_words(told: Told, out: Path) -> str:
    """What is said of a table: counts, the largest customers, pairs, the cut and what is expected of it, seconds."""
    largest = ", ".join(f"{name} with {size:,}" for name, size in told.largest.items())
    lines = [
        f"{counted(told.records, 'record')}, {counted(told.customers, 'customer')}; the largest: {largest or 'none'}",
        f"{told.pairs_looked_at:,} pairs were looked at{_left_out(told.keys)}",
    ]
    if told.cut is None:
        lines.append("too few records to learn from: equal cards, e-mails, phones, names with birth dates link alone")
    else:
        lines.append(
            f"cut at a mean probability of {told.cut:.2f}: expected precision {told.expected_precision:.3f},"
            f" expected recall {told.expected_recall:.3f} (by the model, without labels)"
        )
    lines.append("seconds: " + ", ".join(f"{name} {seconds:g}" for name, seconds in told.seconds.items()))
    return "\n".join([*lines, str(out)])


def _left_out(keys: Sequence[KeyYield]) -> str:
    """Which values were too frequent to compare everybody who has them: the keys that left out most pairs."""
    most = sorted((key for key in keys if key.blocks_left_out), key=lambda key: (-key.pairs_left_out, key.key))
    if not most:
        return ""
    told = ", ".join(f"{key.key} {key.blocks_left_out:,} ({key.pairs_left_out:,} pairs)" for key in most[:KEYS_SHOWN])
    more = f" and {counted(len(most) - KEYS_SHOWN, 'other key')}" if len(most) > KEYS_SHOWN else ""
    return f"; values left out as too frequent, by key: {told}{more}"
