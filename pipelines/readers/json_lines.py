"""JSON lines: one object per line; scalars as the text that was delivered, nested values as JSON text."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.mapping import Format
from pipelines.readers.refusal import refused
from pipelines.readers.text import LINES_AT_ONCE, Rows, opened


def batches(path: Path, layout: Format) -> Iterator[pa.RecordBatch]:
    """The file's rows in order; a batch has the columns that its own rows have, as first spelled in the file.

    Raises: DeliveryRefused if the file is empty, undecodable, or one JSON array.
    """
    spelling = {name.lower(): name for name in layout.columns}
    first = 1
    with opened(path, encoding=layout.encoding) as text:
        lines = (line for line in text if line.strip())
        while chunk := list(islice(lines, LINES_AT_ONCE)):
            if first == 1 and chunk[0].lstrip().startswith("["):
                fix = "Deliver one object per line (JSON lines)."
                raise refused("the file is one JSON array", file_name=path.name, fix=fix)
            yield _batch(chunk, spelling, first=first)
            first += len(chunk)
    if first == 1:
        raise refused("the file is empty", file_name=path.name, fix="Deliver it again.")


def _batch(lines: list[str], spelling: dict[str, str], *, first: int) -> pa.RecordBatch:
    parsed = [_fields(line) for line in lines]
    present = {name.lower(): spelling.setdefault(name.lower(), name) for fields in parsed for name in fields or ()}
    rows = Rows(first=first)
    for line, fields in zip(lines, parsed, strict=True):
        if fields is None:
            rows.set_aside(line.rstrip("\r\n"))
        else:
            lowered = {name.lower(): value for name, value in fields.items()}
            rows.add([lowered.get(name) for name in present])
    return rows.batch(list(present.values()))


def _fields(line: str) -> dict[str, str | None] | None:
    """The object's fields as text; None if the line is no object, or names a field twice."""
    try:
        found = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or len({name.lower() for name in found}) < len(found):
        return None
    # parse_int=str would turn nested numbers into strings: nested values are read again, with their own types.
    nested = any(isinstance(value, dict | list) for value in found.values())
    typed = json.loads(line) if nested else found
    return {name: _text(value, typed[name]) for name, value in found.items()}


def _text(value: Any, typed: Any) -> str | None:
    if isinstance(value, dict | list):
        return json.dumps(typed, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return value  # type: ignore[no-any-return] # a string or None: numbers are parsed as strings
