"""A CSV file that a CRM imports: one row per contact of that CRM, with what to do and the asked fields."""

import csv
import json
import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from activation.destination import Answer, Batch, Capabilities, DestinationKeys, DestinationSettings, Record
from lakehouse.errors import DestinationUnavailable

# Source: OWASP, "CSV Injection"; a cell that starts so is run as a formula by spreadsheet programs.
FORMULA_STARTS = ("=", "+", "-", "@")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
KEY_COLUMNS = ("contact_id", "operation")


class CsvKeys(DestinationKeys):
    """Keys of a `csv` entry: the folder of the files."""

    path: str


class CsvFile:
    """One file per night and sync or audience in a folder, UTF-8, put in place by one rename.

    A second send of the same night adds to the file what is new, so that the same batch leaves the same file.
    """

    capabilities = Capabilities(
        summary="a CSV file per night that a CRM imports",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=None,
    )
    keys: type[DestinationKeys] = CsvKeys

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "CsvFile":  # noqa: ARG003
        """The folder of the entry's `path`; a relative path starts at `folder`."""
        return cls(folder / CsvKeys.model_validate(settings.keys).path)

    def check(self) -> None:
        """Make the folder and see whether it can be written.

        Raises: DestinationUnavailable if not.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, str(error.strerror)) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise _unwritable(self.folder, "no permission to write")

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Write the batch into the night's file; a contact id that a spreadsheet would run is rejected."""
        answers = {record.record_key: _answer(record) for record in batch.records}
        rows = [_row(record, batch.fields) for record in batch.records if answers[record.record_key] == ACCEPTED]
        if rows:
            path = self.folder / f"{batch.name}_{batch.night.isoformat()}.csv"
            _put_in_place(path, (*KEY_COLUMNS, *batch.fields), _merged(_rows(path), rows))
        return answers


ACCEPTED = Answer("acknowledged")


def cell(value: object) -> str:
    """The value as text of one cell, on one line; a formula is defused by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    joined = "; ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    text = CONTROL.sub(" ", joined).strip()
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program would run the text; a signed number, as a telephone number, is harmless."""
    return text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text)


def _answer(record: Record) -> Answer:
    if cell(record.contact_id) != record.contact_id:
        return Answer(
            "rejected", "the contact id would be run as a formula, or holds a control character or outer space"
        )
    return ACCEPTED


def _row(record: Record, fields: Iterable[str]) -> dict[str, str]:
    said = json.loads(record.payload, parse_float=Decimal) if record.payload else {}
    values = {name: cell(said.get(name)) for name in fields}
    return {"contact_id": record.contact_id, "operation": record.operation, **values}


def _merged(before: list[dict[str, str]], rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of the file after a further send: the newest row of a contact wins, what was added stays added."""
    merged = {row["contact_id"]: row for row in before}
    for row in rows:
        earlier = merged.get(row["contact_id"], row)
        still_new = earlier["operation"] == "add" and row["operation"] == "update"
        merged[row["contact_id"]] = row | ({"operation": "add"} if still_new else {})
    return [merged[contact_id] for contact_id in sorted(merged)]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def _put_in_place(path: Path, header: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unwritable(folder: Path, why: str) -> DestinationUnavailable:
    return DestinationUnavailable(
        f"the folder cannot be written: {why}",
        where=str(folder),
        still_true="Nothing was written there.",
        next_step="Make the folder writable or change `path` in the retailer file, then run the same night again.",
    )
