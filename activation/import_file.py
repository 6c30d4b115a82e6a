"""The content of a file that a CRM imports: one row per contact of that CRM, with what to do and the asked fields."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from activation.destination import Answer, Batch, Record

# Source: OWASP, "CSV Injection"; a cell that starts so is run as a formula by spreadsheet programs.
FORMULA_STARTS = ("=", "+", "-", "@")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
KEY_COLUMNS = ("contact_id", "operation")
ACCEPTED = Answer("acknowledged")


def file_name(batch: Batch) -> str:
    """One file per sync or audience and night."""
    return f"{batch.name}_{batch.night.isoformat()}.csv"


def draft_name(batch: Batch) -> str:
    """The name while it is written: hidden, and of no type that an import looks for."""
    return f".{file_name(batch)}.part"


def judged(batch: Batch) -> Mapping[str, Answer]:
    """The answer to each record; a contact id that a spreadsheet would run is rejected."""
    return {record.record_key: _answer(record) for record in batch.records}


def added(before: str, batch: Batch, answers: Mapping[str, Answer]) -> str:
    """The file's text after a further send: the newest row of a contact wins, what was added stays added."""
    rows = [_row(record, batch.fields) for record in batch.records if answers[record.record_key] == ACCEPTED]
    held = [dict(row) for row in csv.DictReader(io.StringIO(before, newline=""))]
    text = io.StringIO(newline="")
    header = (*KEY_COLUMNS, *batch.fields)
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_merged(held, rows))
    return text.getvalue()


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
