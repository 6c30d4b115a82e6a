"""Delivered files: their formats, their names, and the count of rows that each holds so far."""

import gzip
import io
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


@dataclass(frozen=True)
class Csv:
    """A delimited file; `gzipped` files end in .csv.gz."""

    delimiter: str = ","
    encoding: Literal["utf-8", "utf-8-sig", "latin-1"] = "utf-8"
    gzipped: bool = False

    @property
    def ending(self) -> str:
        """The end of the file's name."""
        return "csv.gz" if self.gzipped else "csv"

    def content(self, rows: pd.DataFrame, *, starts: bool) -> bytes:
        """The rows as bytes, with a header where the file starts."""
        sink = io.BytesIO()
        options = pyarrow.csv.WriteOptions(include_header=starts, delimiter=self.delimiter, quoting_style="needed")
        header_plain = pa.Table.from_pandas(rows, preserve_index=False)
        pyarrow.csv.write_csv(header_plain, sink, options)
        text = sink.getvalue()
        if self.encoding == "latin-1":
            text = text.decode().encode("latin-1", "replace")
        if self.encoding == "utf-8-sig" and starts:
            text = b"\xef\xbb\xbf" + text
        return gzip.compress(text, compresslevel=4, mtime=0) if self.gzipped else text


@dataclass(frozen=True)
class JsonLines:
    """One JSON object per line."""

    ending: str = "jsonl"

    def content(self, rows: pd.DataFrame, *, starts: bool) -> bytes:
        """The rows as bytes."""
        del starts
        text = rows.to_json(orient="records", lines=True, force_ascii=False, double_precision=2)
        return text.encode() if len(rows) else b""


@dataclass(frozen=True)
class Parquet:
    """A Parquet file, with times in nanoseconds."""

    schema: pa.Schema
    ending: str = "parquet"


@dataclass(frozen=True)
class Xlsx:
    """A workbook with one sheet, written at once."""

    sheet: str
    ending: str = "xlsx"

    def content(self, rows: pd.DataFrame, *, starts: bool) -> bytes:
        """The rows as bytes; a workbook cannot be continued."""
        if not starts:
            raise ValueError("a workbook is written at once: a second part would be lost")
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = self.sheet
        for row in (list(rows), *rows.itertuples(index=False)):
            sheet.append(list(row))
        sink = io.BytesIO()
        book.save(sink)
        return _undated(sink.getvalue())


def _undated(workbook: bytes) -> bytes:
    """The workbook without the time at which it was saved: the same rows give the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as read, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z", b"2000-01-01T00:00:00Z", read.read(name))
            written.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content)
    return sink.getvalue()


@dataclass(frozen=True)
class Delivery:
    """Files of one kind from one source; several a night where `parts` names them."""

    source: str
    name: str
    format: Csv | JsonLines | Parquet | Xlsx

    def file(self, night: date, part: str = "") -> str:
        """The file's path below the landing folder."""
        return f"{self.source}/{self.name}{part and '_'}{part}_{night.isoformat()}.{self.format.ending}"


@dataclass
class Landing:
    """The landing folder: files that grow chunk by chunk; knows how many data rows each holds."""

    folder: Path
    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _open: dict[str, pyarrow.parquet.ParquetWriter] = field(default_factory=dict)

    def append(self, delivery: Delivery, night: date, rows: pd.DataFrame, part: str = "") -> tuple[str, int]:
        """The file's path below the folder and the number of rows it held before these."""
        name = delivery.file(night, part)
        before = self.rows[name]
        path = self.folder / name
        if name not in self.rows or before == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(delivery.format, Parquet):
            self._append_parquet(name, path, rows, delivery.format.schema)
        else:
            with path.open("ab" if path.exists() else "wb") as file:
                file.write(delivery.format.content(rows, starts=file.tell() == 0))
        self.rows[name] = before + len(rows)
        return name, before

    def append_text(self, name: str, text: str) -> int:
        """Add a row of raw text to a file that was begun; its row number."""
        with (self.folder / name).open("ab") as file:
            file.write(text.encode())
        self.rows[name] += 1
        return self.rows[name]

    def _append_parquet(self, name: str, path: Path, rows: pd.DataFrame, schema: pa.Schema) -> None:
        if name not in self._open:
            self._open[name] = pyarrow.parquet.ParquetWriter(path, schema, version="2.6")
        self._open[name].write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False))

    def close(self) -> None:
        """Finish the files that are still open."""
        for writer in self._open.values():
            writer.close()
        self._open.clear()
