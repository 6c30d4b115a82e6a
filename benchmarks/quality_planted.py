"""Broken rows that the fictional retailer planted, against the rows that its nights set aside, by row and kind."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.conformed_nights import ConformedNight, conformed_night
from benchmarks.contract import Check, higher, lower
from lakehouse.delta import Lakehouse
from lakehouse.settings import PROJECT, settings
from lakehouse.spark import spark_session
from orchestration.night import Place
from orchestration.retailer import load_retailer
from pipelines.canonical import ENTITIES
from pipelines.raw import FILES
from pipelines.reconciliation import RECONCILIATION
from synthetic.__main__ import main as generate

RETAILER = PROJECT / "retailers/demo.yaml"
SET_ASIDE = ("rejected", "unparsed")
ROW = ["file", "row_number"]
RULE_OF: dict[str, str] = {
    "cut_row": r"^wrong number of columns$",
    "future_date": r"^dated in the future$",
    "missing_id": r"^\w+_id is missing$",
    "negative_quantity": r"^negative quantity on a sale$",
    "rating_out_of_range": r"rating",
    "unknown_currency": r"^currency without a rate$",
    "unparsed_birth_date": r"^born_on could not be parsed$",
    "unparsed_date": r"^(ordered_at|moved_at) could not be parsed$",
}
"""What one of the broken rules of a row of each kind must read like."""


def planted(customers: int, nights: int) -> Iterator[Check]:
    """Recall and precision of each planted kind over the nights of a fictional retailer."""
    with tempfile.TemporaryDirectory() as folder:
        generate(["--customers", str(customers), "--nights", str(nights), "--out", folder])
        place = Place(RETAILER, Path(folder) / "landing", f"{folder}/lake")
        yield lower("planted: nights stopped", sum(bool(night.stopped) for night in _nights(place, nights)), 0)
        lake = Lakehouse(place.lake, spark_session(settings()))
        truth = pd.read_parquet(Path(folder) / "truth/planted.parquet")
        delivered = lake.read(RECONCILIATION).agg(F.sum("delivered")).collect()[0][0]
        yield higher("planted: rows delivered to mappings", delivered)
        yield from of_rows(truth, _aside(lake))
        yield from of_repeats(truth, _repeats(lake), _repeated_files(lake))


def of_rows(truth: pd.DataFrame, aside: pd.DataFrame) -> Iterator[Check]:
    """Of each kind the share of its rows that were set aside by its own rule; and of all rows set aside the planted.

    Reads: truth: file, row_number, kind, expected; aside: file, row_number, rules (a list).
    """
    broken = truth[truth["expected"].isin(SET_ASIDE)]
    rules = aside.groupby(ROW)["rules"].agg(lambda lists: [rule for rules in lists for rule in rules])
    found = broken.join(rules, on=ROW)
    caught = [
        isinstance(rules, list) and any(pd.Series(rules).str.contains(RULE_OF[kind], regex=True))
        for kind, rules in zip(found["kind"], found["rules"], strict=True)
    ]
    for kind, of_kind in found.assign(caught=caught).groupby("kind"):
        yield higher(f"planted: {kind}: rows", len(of_kind))
        yield higher(f"planted: {kind}: recall", of_kind["caught"].mean(), 1.0)
    yield higher("planted: recall", sum(caught) / max(len(caught), 1), 1.0)
    known = pd.MultiIndex.from_frame(broken[ROW])
    yield higher("planted: rows set aside", len(rules))
    yield higher("planted: precision", float(rules.index.isin(known).mean()), 1.0)


def of_repeats(truth: pd.DataFrame, repeats: pd.Series, files: pd.Series) -> Iterator[Check]:
    """Repeated rows by file, and files that came again, as the truth counts them and as the nights did.

    Reads: repeats: rows by file; files: names of files that were recognised as repeated.
    """
    rows = truth[truth["expected"] == "repeat"].groupby("file").size()
    both = pd.DataFrame({"planted": rows, "found": repeats}).fillna(0)
    yield higher("planted: exact_repeat: rows", int(rows.sum()))
    yield lower("planted: exact_repeat: files counted otherwise", int((both["planted"] != both["found"]).sum()), 0)
    again = set(truth[truth["expected"] == "repeated_file"]["file"])
    yield higher("planted: repeated_file: files", len(again))
    yield lower("planted: repeated_file: files told otherwise", len(again ^ set(files)), 0)


def _nights(place: Place, nights: int) -> Iterator[ConformedNight]:
    first = load_retailer(place.retailer_file).first_night
    return (conformed_night(place, first + timedelta(days=number)) for number in range(nights))


def _aside(lake: Lakehouse) -> pd.DataFrame:
    frames = [_rows_aside(lake.read(entity.rejected)) for entity in ENTITIES.values() if lake.exists(entity.rejected)]
    return pd.concat(frames, ignore_index=True)


def _rows_aside(frame: DataFrame) -> pd.DataFrame:
    """A row under two mappings stands twice."""
    return frame.select(F.col("file_name").alias("file"), "row_number", "rules").toPandas()


def _repeats(lake: Lakehouse) -> pd.Series:
    counted = lake.read(RECONCILIATION).where("repeats > 0").select("file_name", "repeats").distinct().toPandas()
    return counted.groupby("file_name")["repeats"].max()


def _repeated_files(lake: Lakehouse) -> pd.Series:
    return lake.read(FILES).where("status = 'repeated'").select("file_name").toPandas()["file_name"]
