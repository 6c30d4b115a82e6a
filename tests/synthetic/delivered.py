"""Reads delivered files and truth as plain rows, without the pipelines."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from synthetic.settings import Plan

Row = dict[str, str | None]
DELIMITERS = {"pos/tickets": ";", "pos/lines": ";", "crm/contacts": ";", "loyalty/movements": "|", "erp/products": "\t"}
ENCODINGS = {"crm/contacts": "latin-1", "crm/consents": "utf-8-sig"}


@dataclass(frozen=True)
class Retail:
    """A written retailer."""

    folder: Path
    plan: Plan

    def truth(self, table: str) -> pd.DataFrame:
        """A table of the truth."""
        return pd.read_parquet(self.folder / "truth" / f"{table}.parquet")

    def rows(self, file: str) -> list[Row]:
        """The data rows of a delivered file, missing values as None; `file` is its path below the landing folder."""
        if file not in self._read:
            self._read[file] = read_rows(self.folder / "landing", file)
        return self._read[file]

    def files(self, delivery: str) -> list[str]:
        """The files of a delivery such as `pos/tickets`, repeated ones left out."""
        landing = self.folder / "landing"
        found = sorted(path.relative_to(landing).as_posix() for path in landing.glob(f"{delivery}_*"))
        return [file for file in found if "_again" not in file]

    def all_rows(self, delivery: str) -> list[Row]:
        """The rows of all files of a delivery."""
        return [row for file in self.files(delivery) for row in self.rows(file)]

    @cached_property
    def _read(self) -> dict[str, list[Row]]:
        return {}


def read_rows(landing: Path, file: str) -> list[Row]:
    """The data rows of one file."""
    if file.endswith(".parquet"):
        return [{k: v for k, v in row.items()} for row in pyarrow.parquet.read_table(landing / file).to_pylist()]  # noqa: C416
    content = (landing / file).read_bytes()
    if file.endswith(".gz"):
        content = gzip.decompress(content)
    delivery = file.rsplit("/", 1)[0] + "/" + file.rsplit("/", 1)[1].split("_")[0]
    text = content.decode(ENCODINGS.get(delivery, "utf-8"))
    if ".jsonl" in file:
        return [_fields(line) for line in text.splitlines()]
    read = csv.DictReader(io.StringIO(text, newline=""), delimiter=DELIMITERS.get(delivery, ","))
    return [{name: value or None for name, value in row.items()} for row in read]


def _fields(line: str) -> Row:
    """The fields of a JSON line; none where it is cut off."""
    try:
        found: Row = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return found
