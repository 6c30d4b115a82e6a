"""CSV files: every value as the string that was delivered, every data row numbered, broken rows kept as text."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO, TypedDict

import pyarrow as pa

from pipelines.mapping import Format
from pipelines.readers.refusal import refused
from pipelines.readers.text import LINES_AT_ONCE, Rows, column_names, opened

DELIMITERS = {";": "';'", ",": "','", "\t": "a tab", "|": "'|'"}
Record = tuple[str, list[str] | None]
"""The text of a record and its values; None where its quotes are broken."""


class Dialect(TypedDict):
    """What Python's csv module is told; strict, so that broken quotes are an error and not a guess."""

    delimiter: str
    quotechar: str
    escapechar: str | None
    strict: bool


def batches(path: Path, layout: Format) -> Iterator[pa.RecordBatch]:
    """The file's rows in order; the first batch stands for the header, also where there is no row.

    Raises: DeliveryRefused if the file is empty, undecodable, or its delimiter is another one.
    """
    dialect = Dialect(delimiter=layout.delimiter, quotechar=layout.quote, escapechar=layout.escape, strict=True)
    with opened(path, encoding=layout.encoding) as text:
        names = _names(text, layout, dialect, file_name=path.name)
        records = _records_over_lines(text, dialect) if layout.multiline else _records_by_line(text, dialect)
        yield from _batches(records, names)


def _batches(records: Iterator[Record], names: list[str]) -> Iterator[pa.RecordBatch]:
    rows = Rows(first=1)
    yield rows.batch(names)
    while chunk := list(islice(records, LINES_AT_ONCE)):
        for text, values in chunk:
            if values is not None and len(values) == len(names):
                rows.add(values)
            elif values != []:  # a blank line is no row
                rows.set_aside(text.rstrip("\r\n"))
        yield rows.batch(names)
        rows = Rows(first=rows.next_number)


def _records_by_line(text: TextIO, dialect: Dialect) -> Iterator[Record]:
    """One record per line; an open quote breaks its own line only.

    A chunk is parsed at once; only where a quote swallowed a line is it parsed again, line by line.
    """
    while lines := list(islice(text, LINES_AT_ONCE)):
        try:
            parsed: list[list[str] | None] = [*csv.reader(lines, **dialect)]
        except csv.Error:
            parsed = []
        if len(parsed) != len(lines):
            parsed = [_one_line(line, dialect) for line in lines]
        yield from zip(lines, parsed, strict=True)


def _one_line(line: str, dialect: Dialect) -> list[str] | None:
    try:
        return next(csv.reader([line], **dialect), [])
    except csv.Error:
        return None


def _records_over_lines(text: TextIO, dialect: Dialect) -> Iterator[Record]:
    """Records that may span lines within quotes."""
    read: list[str] = []

    def watched(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            read.append(line)
            yield line

    reader = csv.reader(watched(text), **dialect)
    while True:
        try:
            values: list[str] | None = next(reader, None)
            if values is None:
                return
        except csv.Error:
            values = None
        yield "".join(read), values
        read.clear()


def _names(text: TextIO, layout: Format, dialect: Dialect, *, file_name: str) -> list[str]:
    if not layout.header:
        return list(layout.columns)
    line = next((line for line in text if line.strip()), None)
    if line is None:
        raise refused("the file is empty", file_name=file_name, fix="Deliver it again, with its header.")
    if "\0" in line:
        raise refused("its bytes look like UTF-16", file_name=file_name, fix="Set `format.encoding: utf-16`.")
    header = _one_line(line, dialect)
    if header is None:
        raise refused("the quotes of the header are broken", file_name=file_name, fix="Check `format.quote`.")
    if len(header) == 1:
        _check_delimiter(line, layout, file_name=file_name)
    return column_names(header, file_name=file_name)


def _check_delimiter(line: str, layout: Format, *, file_name: str) -> None:
    found = max(DELIMITERS, key=line.count)
    if line.count(found):
        what = f"with the delimiter {layout.delimiter!r} the header is one column; it looks like {DELIMITERS[found]}"
        raise refused(what, file_name=file_name, fix=f"Set `format.delimiter: {found!r}`.")
