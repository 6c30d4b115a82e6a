"""Excel workbooks: one sheet, its first row the header, every value as text."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError

import pyarrow as pa

from lakehouse.names import nearest
from pipelines.mapping import Format
from pipelines.readers.refusal import refused
from pipelines.readers.text import LINES_AT_ONCE, Rows, column_names


def batches(path: Path, layout: Format) -> Iterator[pa.RecordBatch]:
    """The sheet's rows in order; rows without any value are no rows.

    Raises: DeliveryRefused if the file is no workbook, or lacks the sheet or a header.
    """
    from openpyxl import load_workbook  # half a second, and most retailers deliver no workbook

    try:
        with path.open("rb") as stream:
            book = load_workbook(stream, read_only=True, data_only=True)
            yield from _batches(_cells(book, layout, file_name=path.name), layout, file_name=path.name)
    except (BadZipFile, KeyError, OSError, ZlibError, SyntaxError) as failure:
        what = f"the file is no whole Excel workbook ({type(failure).__name__})"
        raise refused(what, file_name=path.name, fix="Deliver the whole file again, as .xlsx.") from None


def _cells(book: Any, layout: Format, *, file_name: str) -> Iterator[list[str | None]]:
    if layout.sheet is not None and layout.sheet not in book.sheetnames:
        what = f"the workbook has no sheet {layout.sheet}{nearest(layout.sheet, book.sheetnames)}"
        raise refused(what, file_name=file_name, fix="Correct `format.sheet`.")
    sheet = book[layout.sheet or book.sheetnames[0]]
    for row in sheet.iter_rows(values_only=True):
        values = [_text(value) for value in row]
        if any(value is not None for value in values):
            yield values


def _batches(cells: Iterator[list[str | None]], layout: Format, *, file_name: str) -> Iterator[pa.RecordBatch]:
    header = [name or "" for name in next(cells, [])] if layout.header else list(layout.columns)
    if not header:
        raise refused("the sheet is empty", file_name=file_name, fix="Deliver it again, with its header.")
    names = column_names(_trimmed(header), file_name=file_name)
    rows = Rows(first=1)
    yield rows.batch(names)
    while chunk := list(islice(cells, LINES_AT_ONCE)):
        for values in chunk:
            if any(value is not None for value in values[len(names) :]):
                rows.set_aside("\t".join(value or "" for value in values))
            else:
                rows.add((values + [None] * len(names))[: len(names)])
        yield rows.batch(names)
        rows = Rows(first=rows.next_number)


def _trimmed(header: Sequence[str]) -> Sequence[str]:
    """The header without the empty cells at its end, which Excel keeps where something once stood."""
    last = max(position for position, name in enumerate(header, start=1) if name) if any(header) else len(header)
    return header[:last]


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
